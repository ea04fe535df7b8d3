package securid

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// question is what findUsers is asked.
type question struct {
	columns  []column
	filters  []filter
	sort     []column
	down     bool
	distinct bool
	max      int // rows of the answer at most
}

// filter keeps the people who have one of values in a column.
type filter struct {
	column column
	values []string
	fold   bool // whatever the case of the letters
}

func (f filter) keeps(p device.Person) bool {
	value := f.column.of(p)
	return slices.ContainsFunc(f.values, func(want string) bool {
		return value == want || f.fold && strings.EqualFold(value, want)
	})
}

// row is one person as the answer tells of them, and what sorts them.
type row struct {
	cells, sort []string
}

// findUsers lists people (identity-apis §1.6).
func (a *API) findUsers(r *request) error {
	q, err := readQuestion(r.args)
	if err != nil {
		return err
	}
	form := formOf(r.args)
	a.finding.Lock()
	defer a.finding.Unlock()
	rows, err := a.rows(q)
	if err != nil {
		return err
	}
	return r.Compose(a.room, http.StatusOK, form.contentType, func(answer *dialect.Answer) error {
		return form.write(answer, r.name, q.columns, rows)
	})
}

func readQuestion(a args) (question, error) {
	q := question{max: math.MaxInt, distinct: a.is("distinct"), columns: columns}
	var err error
	if names := commaList(a["returncolumns"]); len(names) > 0 {
		if q.columns, err = columnsNamed("returncolumns", names); err != nil {
			return q, err
		}
	}
	if q.sort, err = columnsNamed("sortbycolumns", commaList(a["sortbycolumns"])); err != nil {
		return q, err
	}
	// Without a direction rows keep their natural order (the vendor), which
	// for columns that are to be sorted by is upwards [guess].
	direction := a.one("sortDirection")
	q.down = direction != "" && !strings.EqualFold(direction, "asc")
	if text := a.one("returnMaxRows"); text != "" {
		if q.max, err = strconv.Atoi(text); err != nil || q.max < 0 {
			return q, invalid("returnmaxrows")
		}
	}
	for _, c := range columns {
		if values := a[c.name]; len(values) > 0 {
			q.filters = append(q.filters, filter{c, values, a.is("ignoreCase")})
		}
	}
	return q, nil
}

// commaList is every name in lists of names.
func commaList(lists []string) []string {
	var names []string
	for _, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// rows answers q from the people as they are now.
func (a *API) rows(q question) ([]row, error) {
	var rows []row
	seen := make(map[string]bool)
	err := a.device.People(func(p device.Person) bool {
		for _, f := range q.filters {
			if !f.keeps(p) {
				return true
			}
		}
		r := row{cells: cellsOf(p, q.columns), sort: cellsOf(p, q.sort)}
		if q.distinct {
			key := strings.Join(r.cells, "\x00")
			if seen[key] {
				return true
			}
			seen[key] = true
		}
		rows = append(rows, r)
		return len(q.sort) > 0 || len(rows) < q.max
	})
	if len(q.sort) > 0 {
		slices.SortStableFunc(rows, q.compare)
	}
	return rows[:min(len(rows), q.max)], err
}

func (q question) compare(a, b row) int {
	for i, c := range q.sort {
		order := cmp.Compare(a.sort[i], b.sort[i])
		if c.number {
			order = cmp.Compare(number(a.sort[i]), number(b.sort[i]))
		}
		if order != 0 {
			if q.down {
				return -order
			}
			return order
		}
	}
	return 0
}
