package fcgi

import (
	"strings"

	"portaria/store/query"
	"portaria/terminal/dialect/jsondoc"
)

// connector is what stands between a condition and the next one. The device
// pastes it into one pair of parentheses around the whole, so one that closes
// a parenthesis and opens another makes groups (access-api §3.7).
type connector struct {
	or     bool
	closes bool // the group ends here, and another begins
}

func readConnector(v jsondoc.Value) (connector, error) {
	if v.Kind() == jsondoc.Undefined || v.Kind() == jsondoc.Null {
		return connector{}, nil
	}
	text, ok := v.Str()
	if !ok {
		return connector{}, &memberError{"connector", jsondoc.String.String(), v.Kind().String()}
	}
	var c connector
	word := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(word, ")"); ok {
		if inner, ok = strings.CutSuffix(inner, "("); !ok {
			return c, nearError(text)
		}
		c.closes, word = true, strings.TrimSpace(inner)
	}
	switch strings.ToUpper(word) {
	case "AND":
	case "OR":
		c.or = true
	case "":
		if c.closes {
			return c, nearError(text)
		}
	default:
		return c, nearError(text)
	}
	return c, nil
}

// chain is conditions in a row, with AND or OR between them. AND binds
// tighter.
type chain struct {
	runs query.Or // joined by OR, each a run of ANDs
	open bool     // the next condition belongs to the last run
}

// add adds a condition and what joins it with the next.
func (c *chain) add(part query.Expr, or bool) {
	if c.open {
		last := len(c.runs) - 1
		c.runs[last] = append(c.runs[last].(query.And), part)
	} else {
		c.runs = append(c.runs, query.And{part})
	}
	c.open = !or
}

func (c *chain) expr() query.Expr { return query.Normal(c.runs) }
