package main

import (
	"strconv"

	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// answer is rows on their way to compact JSON, the same for both sides.
type answer struct {
	keys  []string // what stands before each value, its name included
	bytes []byte
}

func newAnswer(t *schema.Table) *answer {
	a := new(answer)
	for i, c := range t.Columns {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		a.keys = append(a.keys, string(append(jsondoc.AppendString([]byte{before}, c.Name), ':')))
	}
	return a
}

func (a *answer) begin(table string) {
	a.bytes = jsondoc.AppendString(append(a.bytes[:0], '{'), table)
	a.bytes = append(a.bytes, ":["...)
}

func (a *answer) row() {
	if a.bytes[len(a.bytes)-1] == '}' {
		a.bytes = append(a.bytes, ',')
	}
}

func (a *answer) number(i int, n int64) {
	a.bytes = strconv.AppendInt(append(a.bytes, a.keys[i]...), n, 10)
}

func (a *answer) text(i int, s string) {
	a.bytes = jsondoc.AppendString(append(a.bytes, a.keys[i]...), s)
}

func (a *answer) null(i int) {
	a.bytes = append(append(a.bytes, a.keys[i]...), "null"...)
}

func (a *answer) rowEnd() { a.bytes = append(a.bytes, '}') }

func (a *answer) end() []byte {
	a.bytes = append(a.bytes, "]}"...)
	return a.bytes
}
