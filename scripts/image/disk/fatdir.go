package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// An entry of a directory is a file with its data or a directory of its own.
type entry struct {
	name  string
	short string // eight and three characters, padded
	data  []byte
	dir   *directory
	first uint32 // cluster
}

type directory struct {
	entries []*entry
	first   uint32
}

const entrySize = 32

// Attributes of an entry.
const (
	attrLabel     = 0x08
	attrDirectory = 0x10
	attrArchive   = 0x20
	attrLongName  = 0x0f
)

// longPerEntry is how many UTF-16 units of a long name an entry holds.
const longPerEntry = 13

// add puts data under the names, making directories as they are needed.
func (d *directory) add(names []string, data []byte) error {
	name := names[0]
	var known *entry
	for _, e := range d.entries {
		if strings.EqualFold(e.name, name) {
			known = e
		}
	}
	switch last := len(names) == 1; {
	case last && known != nil:
		return errors.New("is there twice")
	case known == nil:
		short, err := d.shortName(name)
		if err != nil {
			return err
		}
		known = &entry{name: name, short: short}
		d.entries = append(d.entries, known)
		if last {
			known.data = data
			return nil
		}
		known.dir = &directory{}
	case known.dir == nil:
		return fmt.Errorf("%s is a file", name)
	}
	return known.dir.add(names[1:], data)
}

// shortName returns the name of eight and three characters under which
// the boot ROM, which knows no other, finds an entry. A long one is cut and numbered.
func (d *directory) shortName(name string) (string, error) {
	upper := strings.ToUpper(name)
	stem, ext, _ := strings.Cut(upper, ".")
	if fits(stem, 8) && fits(ext, 3) && stem != "" {
		return fmt.Sprintf("%-8s%-3s", stem, ext), nil
	}
	if i := strings.LastIndexByte(upper, '.'); i >= 0 {
		stem, ext = upper[:i], upper[i+1:]
	}
	stem, ext = plain(stem), plain(ext)
	for n := 1; n < 1e6; n++ {
		tail := fmt.Sprintf("~%d", n)
		short := fmt.Sprintf("%-8s%-3.3s", stem[:min(len(stem), 8-len(tail))]+tail, ext)
		if !d.has(short) {
			return short, nil
		}
	}
	return "", errors.New("has too many namesakes")
}

func (d *directory) has(short string) bool {
	for _, e := range d.entries {
		if e.short == short {
			return true
		}
	}
	return false
}

// fits tells whether s can be that part of a short name as it is.
func fits(s string, n int) bool { return len(s) <= n && plain(s) == s }

// plain drops what a short name cannot hold.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_~!#$%&'()@^`{}", r) {
			return r
		}
		return -1
	}, s)
}

// isLong tells whether the short name does not say it all.
func (e *entry) isLong() bool {
	stem, ext := strings.TrimRight(e.short[:8], " "), strings.TrimRight(e.short[8:], " ")
	if ext != "" {
		stem += "." + ext
	}
	return stem != e.name
}

// slots is how many entries of 32 bytes e takes.
func (e *entry) slots() int64 {
	if !e.isLong() {
		return 1
	}
	return 1 + int64(len(utf16.Encode([]rune(e.name)))+longPerEntry-1)/longPerEntry
}

// place gives every directory and file its clusters, in the order they come.
func (f *fat) place(d *directory) error {
	slots := int64(2) // "." and "..", or the label and the end
	for _, e := range d.entries {
		slots += e.slots()
	}
	var err error
	if d.first, err = f.take(slots * entrySize); err != nil {
		return err
	}
	for _, e := range d.entries {
		if e.dir == nil {
			if e.first, err = f.take(int64(len(e.data))); err != nil {
				return err
			}
			continue
		}
		if err := f.place(e.dir); err != nil {
			return err
		}
		e.first = e.dir.first
	}
	return nil
}

// writeDirectory writes d and everything under it. The root has no parent.
func (f *fat) writeDirectory(d, parent *directory) error {
	var b []byte
	if parent == nil {
		b = append(b, f.record(fmt.Sprintf("%-11.11s", f.volume.Label), attrLabel, 0, 0)...)
	} else {
		up := parent.first
		if up == rootCluster {
			up = 0 // the root goes by 0 here
		}
		b = append(b, f.record(fmt.Sprintf("%-11s", "."), attrDirectory, d.first, 0)...)
		b = append(b, f.record(fmt.Sprintf("%-11s", ".."), attrDirectory, up, 0)...)
	}
	for _, e := range d.entries {
		if e.isLong() {
			b = append(b, longName(e)...)
		}
		if e.dir == nil {
			b = append(b, f.record(e.short, attrArchive, e.first, len(e.data))...)
			if len(e.data) == 0 {
				continue
			}
			if _, err := f.w.WriteAt(e.data, f.offset(e.first)); err != nil {
				return err
			}
			continue
		}
		b = append(b, f.record(e.short, attrDirectory, e.first, 0)...)
		if err := f.writeDirectory(e.dir, d); err != nil {
			return err
		}
	}
	_, err := f.w.WriteAt(b, f.offset(d.first))
	return err
}

func (f *fat) record(short string, attr byte, first uint32, size int) []byte {
	le := binary.LittleEndian
	r := make([]byte, entrySize)
	copy(r, short)
	r[11] = attr
	date, clock := dosTime(f.volume.Made)
	le.PutUint16(r[14:], clock) // made
	le.PutUint16(r[16:], date)
	le.PutUint16(r[18:], date)  // read
	le.PutUint16(r[22:], clock) // written
	le.PutUint16(r[24:], date)
	if attr != attrLabel {
		le.PutUint16(r[20:], uint16(first>>16))
		le.PutUint16(r[26:], uint16(first))
	}
	le.PutUint32(r[28:], uint32(size))
	return r
}

// longName returns the records that precede a short one, last part first.
func longName(e *entry) []byte {
	units := utf16.Encode([]rune(e.name))
	if len(units)%longPerEntry != 0 {
		units = append(units, 0)
	}
	for len(units)%longPerEntry != 0 {
		units = append(units, 0xffff)
	}
	var sum byte
	for i := range len(e.short) {
		sum = sum>>1 + sum<<7 + e.short[i]
	}
	const last = 0x40
	var b []byte
	n := len(units) / longPerEntry
	for i := n; i > 0; i-- {
		r := make([]byte, entrySize)
		r[0] = byte(i)
		if i == n {
			r[0] |= last
		}
		r[11], r[13] = attrLongName, sum
		part := units[(i-1)*longPerEntry : i*longPerEntry]
		for j, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			binary.LittleEndian.PutUint16(r[at:], part[j])
		}
		b = append(b, r...)
	}
	return b
}

// dosTime is t as FAT counts it: from 1980, in steps of two seconds.
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	date = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return date, clock
}
