package fcgi

import (
	"slices"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// Rules of the notices that object commands give.
const (
	ruleMember   = "member"   // a member that the command does not know
	ruleNoWhere  = "no-where" // every row of a table changed or destroyed
	ruleWhere    = "where"    // a condition in a shape that does nothing
	ruleOp       = "op"       // an operator under a name that does nothing
	ruleOrder    = "order"    // an order in a shape that does nothing
	ruleReply    = "reply"    // an answer that terminals give differently
	ruleInvented = "invented" // a command that no terminal has
)

// strays are members that the vendor's own clients send with every object
// command, whatever it does (access-api §1.4).
var strays = []string{"object", "session", "fields", "join", "where", "order", "limit", "offset", "group", "finish"}

// ask is what an object command was asked.
type ask struct {
	body   jsondoc.Value
	tables *schema.Schema
	table  *schema.Table
	notes  notes
}

// notes gives notices about one request.
type notes struct {
	device  *device.Device
	command string
	client  string
}

func (a *API) notes(c *dialect.Call, command string) notes {
	return notes{a.device, command, c.Client()}
}

func (n notes) say(rule, detail string) {
	n.device.Notice(device.Notice{Command: n.command, Rule: rule, Detail: echo(detail), Client: n.client})
}

// ask reads the body of an object command, which knows some members beyond the
// strays. A member that it does not know is ignored, as on the device, which
// has cost many a client its table: it is noted.
func (a *API) ask(c *dialect.Call, command string, knows ...string) (*ask, error) {
	body, err := object(c)
	if err != nil {
		return nil, err
	}
	q := &ask{body: body, tables: a.device.Schema(), notes: a.notes(c, command)}
	for name := range body.Members() {
		if !slices.Contains(strays, name) && !slices.Contains(knows, name) {
			q.notes.say(ruleMember, name+" does nothing here")
		}
	}
	name, err := textMember(body, "object")
	if err != nil {
		return nil, err
	}
	if q.table, err = q.tableOf(name); err == nil && q.table.Pseudo {
		err = &query.NoTableError{Table: name}
	}
	return q, err
}

// tableOf finds a table that a client names.
func (q *ask) tableOf(name string) (*schema.Table, error) {
	if t := q.tables.Table(name); t != nil {
		return t, nil
	}
	return nil, &query.NoTableError{Table: echo(name)}
}
