package securid

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"portaria/terminal/device"
)

// column is a column of the users that findUsers lists.
type column struct {
	name   string
	number bool // sorts as a number
	// value is the cell of a person. Nil: the terminal knows nothing of the kind.
	value func(device.Person) string
}

func (c column) of(p device.Person) string {
	if c.value == nil {
		return ""
	}
	return c.value(p)
}

// columns are the documented ones, in the vendor's order. What another system
// has told of a person is used under its own names too.
var columns = []column{
	{name: "id", number: true, value: func(p device.Person) string { return strconv.FormatInt(p.ID, 10) }},
	{name: "idc_id"},
	{name: "add_state", value: none},
	{name: "remove_state", value: none},
	{name: "backup_supervisor_name"},
	{name: "supervisor_id_name"},
	{name: "supervisor_id"},
	{name: "availability_status"},
	{name: "backup_supervisor"},
	{name: "business_unit_id"},
	{name: "creation_date"},
	{name: "deletion_date"},
	{name: "user_id", value: func(p device.Person) string { return p.Login }},
	{name: "unique_id", value: func(p device.Person) string { return p.Registration }},
	{name: "first_name", value: firstName},
	{name: "last_name", value: lastName},
	{name: "title", value: detail("title", "jobTitle")},
	{name: "department", value: detail("department")},
	{name: "email_address", value: detail("email_address", "emailAddress", "email")},
	{name: "job_status", value: detail("job_status")},
	{name: "is_terminated", value: isTerminated},
	{name: "termination_date"},
	{name: "jml_status"},
	{name: "exception_count", value: none},
	{name: "violation_count", value: none},
	{name: "cau1"},
	{name: "cad1"},
	{name: "cas1", value: detail("cas1")},
}

// none counts what the terminal does not have.
func none(device.Person) string { return "0" }

// detail is the first of names that somebody has told of a person as text.
func detail(names ...string) func(device.Person) string {
	return func(p device.Person) string {
		for _, name := range names {
			var text string
			if raw, ok := p.Details[name]; ok && json.Unmarshal(raw, &text) == nil && text != "" {
				return text
			}
		}
		return ""
	}
}

var (
	givenName = detail("first_name")
	surname   = detail("last_name", "surname")
)

// firstName is what stands before the surname in the full name, or before the
// first blank where no surname is known [guess].
func firstName(p device.Person) string {
	if given := givenName(p); given != "" {
		return given
	}
	if last := surname(p); last != "" {
		return strings.TrimSpace(strings.TrimSuffix(p.Name, last))
	}
	first, _, _ := strings.Cut(p.Name, " ")
	return first
}

func lastName(p device.Person) string {
	if last := surname(p); last != "" {
		return last
	}
	_, last, _ := strings.Cut(p.Name, " ")
	return strings.TrimSpace(last)
}

// isTerminated is whether somebody has switched the person off.
func isTerminated(p device.Person) string {
	enabled := true
	if raw, ok := p.Details["enabled"]; ok && json.Unmarshal(raw, &enabled) == nil && !enabled {
		return "True"
	}
	return "False"
}

// columnsNamed finds columns, each once: a list of the same one a thousand times
// would take a thousand times the memory. The refusal names the parameter and the
// column in lower case, as the product does.
func columnsNamed(parameter string, names []string) ([]column, error) {
	var found []column
	for _, name := range names {
		c, ok := columnNamed(name)
		if !ok {
			return nil, &refusal{http.StatusPreconditionFailed, fmt.Sprintf(textColumn, parameter, name), true}
		}
		if !slices.ContainsFunc(found, func(f column) bool { return f.name == c.name }) {
			found = append(found, c)
		}
	}
	return found, nil
}

func columnNamed(name string) (column, bool) {
	for _, c := range columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

func cellsOf(p device.Person, columns []column) []string {
	if len(columns) == 0 {
		return nil
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.of(p)
	}
	return cells
}
