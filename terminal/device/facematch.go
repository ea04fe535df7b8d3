package device

import (
	"errors"
	"slices"
	"sync"

	"portaria/imaging/face"
	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// prints are the prints of the enrolled faces, held in memory for comparison.
// They are read when a photo is first to be matched. Rows that change
// afterwards are read again before the next match.
type prints struct {
	mu     sync.Mutex // guards wanted and stale
	wanted bool       // stale is complete
	stale  []int64    // ids of the rows that changed

	matching sync.Mutex // guards all below; held while rows are read, so never taken inside a transaction
	loaded   bool
	known    []enrolled // by row
	pending  []*pending
}

// enrolled is one row of face_templates.
type enrolled struct {
	row, user int64
	face      face.Print
}

// pending is a face that has passed and is about to be stored.
type pending struct {
	user int64
	face face.Print
}

// maxStale is how many changed rows are remembered; after more, all are read
// again.
const maxStale = 10_000

// changed notes rows of face_templates that were committed.
func (p *prints) changed(rows []int64) {
	if len(rows) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted {
		return
	}
	if p.stale = append(p.stale, rows...); len(p.stale) > maxStale {
		p.wanted, p.stale = false, nil
	}
}

// forget makes the next match read all rows again.
func (p *prints) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted, p.stale = false, nil
}

// takeStale returns, in order, the rows that changed since the last call, or
// all when they are not known. From then on they are.
func (p *prints) takeStale() (rows []int64, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows, all = p.stale, !p.wanted
	p.wanted, p.stale = true, nil
	slices.Sort(rows)
	return slices.Compact(rows), all
}

// reserve looks for another user with the face of user. When nobody has it the
// face is as good as enrolled until release is called with what it returns: of
// two uploads of one face at the same time one has to lose.
func (d *Device) reserve(user int64, seen *face.Print) (owner int64, mine *pending, err error) {
	p := &d.prints
	p.matching.Lock()
	defer p.matching.Unlock()
	if err := d.refreshPrints(); err != nil {
		return 0, nil, err
	}
	best := face.Same + 1
	for i := range p.known {
		if distance := face.Distance(&p.known[i].face, seen); distance < best && p.known[i].user != user {
			best, owner = distance, p.known[i].user
		}
	}
	for _, other := range p.pending {
		if distance := face.Distance(&other.face, seen); distance < best && other.user != user {
			best, owner = distance, other.user
		}
	}
	if owner != 0 {
		return owner, nil, nil
	}
	mine = &pending{user, *seen}
	p.pending = append(p.pending, mine)
	return 0, mine, nil
}

// release ends reservations.
func (p *prints) release(mine []*pending) {
	if len(mine) == 0 {
		return
	}
	p.matching.Lock()
	defer p.matching.Unlock()
	p.pending = slices.DeleteFunc(p.pending, func(other *pending) bool { return slices.Contains(mine, other) })
}

// refreshPrints brings what is known up to what is stored.
func (d *Device) refreshPrints() (err error) {
	p := &d.prints
	rows, all := p.takeStale()
	switch {
	case all || !p.loaded:
		err = d.loadPrints()
	case len(rows) > 0:
		err = d.rereadPrints(rows)
	}
	p.loaded = err == nil
	return err
}

// loadPrints reads the prints of all rows.
func (d *Device) loadPrints() error {
	column := func(name string) query.Column { return query.Column{Table: faceTemplatesTable, Name: name} }
	q := query.Query{
		Filter: query.Filter{Table: faceTemplatesTable},
		Fields: []query.Field{{Column: column("id")}, {Column: column("user_id")}, {Column: column("template")}},
		Limit:  query.NoLimit,
	}
	known := d.prints.known[:0]
	err := d.Load(q, func(v []schema.Value) error {
		if seen, ok := readTemplate(v[2].Str()); ok {
			known = append(known, enrolled{v[0].Int(), v[1].Int(), seen})
		}
		return nil
	})
	d.prints.known = known
	return err
}

// rereadPrints reads the prints of some rows, given in order, again.
func (d *Device) rereadPrints(rows []int64) error {
	known := slices.DeleteFunc(d.prints.known, func(e enrolled) bool {
		_, changed := slices.BinarySearch(rows, e.row)
		return changed
	})
	err := d.store.View(func(tx *store.Tx) error {
		t := d.view(tx).Table(faceTemplatesTable)
		user, blob := t.Columns[t.Column("user_id")].Slot, t.Columns[t.Column("template")].Slot
		for _, row := range rows {
			cells, err := tx.Row(faceTemplatesTable, row)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if seen, ok := readTemplate(cells[blob].Str()); ok {
				known = append(known, enrolled{row, cells[user].Int(), seen})
			}
		}
		return nil
	})
	d.prints.known = known
	return err
}

// The versions of a template: its first byte. A client may write rows of its
// own, which are not understood here and match nobody.
const (
	faceUnseen  = 0 // nothing but this byte: the face was not looked at
	facePrinted = 1 // the print follows
)

// template is what is kept of a face.
func template(seen *face.Print) string {
	if seen == nil {
		return string([]byte{faceUnseen})
	}
	return string(face.AppendPrint([]byte{facePrinted}, seen))
}

func readTemplate(template string) (face.Print, bool) {
	if template == "" || template[0] != facePrinted {
		return face.Print{}, false
	}
	return face.ReadPrint([]byte(template[1:]))
}

// enrol keeps the template of a user's face, in the place of an older one.
func (d *Device) enrol(tx *store.Tx, user int64, template string) error {
	t := d.view(tx).Table(faceTemplatesTable)
	if t == nil || !tx.Has(usersTable, user) {
		return nil
	}
	ids, err := d.templatesOf(tx, user)
	if err != nil {
		return err
	}
	row := schema.Row{
		{Column: t.Column("template"), Value: schema.Blob(template)},
		{Column: t.Column("length"), Value: schema.Int(int64(len(template)))},
	}
	if len(ids) == 0 {
		_, err := tx.Insert(t, append(row, schema.Assignment{Column: t.Column("user_id"), Value: schema.Int(user)}))
		return err
	}
	for _, id := range ids[1:] {
		if err := tx.Remove(t, id); err != nil {
			return err
		}
	}
	cells, err := tx.Row(faceTemplatesTable, ids[0])
	if err != nil || t.Cell(cells, "template").Str() == template {
		return err // the same photo again is not worth the pages
	}
	return tx.Change(t, ids[0], row)
}

// forgetFace removes the templates of a user.
func (d *Device) forgetFace(tx *store.Tx, user int64) error {
	t := d.view(tx).Table(faceTemplatesTable)
	if t == nil {
		return nil
	}
	ids, err := d.templatesOf(tx, user)
	for _, id := range ids {
		if err := tx.Remove(t, id); err != nil {
			return err
		}
	}
	return err
}

func (d *Device) templatesOf(tx *store.Tx, user int64) ([]int64, error) {
	is := query.Compare{Column: query.Column{Table: faceTemplatesTable, Name: "user_id"}, Value: schema.Int(user)}
	_, ids, err := d.matching(tx, query.Filter{Table: faceTemplatesTable, Where: query.Normal(is)})
	return ids, err
}
