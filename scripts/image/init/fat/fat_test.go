package fat_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
	"portaria/scripts/image/init/fat"
)

// partition is a boot partition in memory.
type partition []byte

func (p partition) ReadAt(b []byte, at int64) (int, error) { return bytes.NewReader(p).ReadAt(b, at) }

func (p partition) WriteAt(b []byte, at int64) (int, error) { return copy(p[at:], b), nil }

func made(t testing.TB, files ...disk.File) partition {
	t.Helper()
	p := make(partition, card.BootSize)
	if err := disk.FAT32(p, card.BootSize, disk.Volume{Label: card.BootLabel}, files); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFind(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("0123456789"), 5000)
	files := []disk.File{{Path: "overlays/portaria.env", Data: []byte("not this one")}}
	for i := range 100 { // the first folder takes several clusters
		files = append(files, disk.File{Path: fmt.Sprintf("a file with a long name %d.dtb", i), Data: []byte{byte(i)}})
	}
	files = append(
		files,
		disk.File{Path: "slot.json", Data: []byte(`{}`)},
		disk.File{Path: "portaria.env", Data: long},
		disk.File{Path: "EMPTY.TXT"},
	)
	p := made(t, files...)
	f, err := fat.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{
		"portaria.env": long, "PORTARIA.ENV": long, "slot.json": []byte(`{}`), "empty.txt": {},
		"a file with a long name 42.dtb": {42},
	} {
		file, err := f.Find(name)
		if err != nil {
			t.Errorf("Find(%s): %v", name, err)
			continue
		}
		if got, err := file.Content(1 << 20); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
		if at, err := file.Offset(); len(want) > 0 && (err != nil || !bytes.HasPrefix(p[at:], want[:min(len(want), 512)])) {
			t.Errorf("%s is not at %d: %v", name, at, err)
		}
	}
	for _, name := range []string{"missing", "overlays", card.BootLabel, ""} {
		if _, err := f.Find(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Find(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
	file, err := f.Find("portaria.env")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Content(100); err == nil {
		t.Error("a file over the limit was read")
	}
}

// A name without an entry for a long one keeps its case in two bits, as
// Windows writes it.
func TestFindShort(t *testing.T) {
	t.Parallel()
	p := made(t, disk.File{Path: "X", Data: []byte("x=1")})
	at := bytes.Index(p, []byte("X          "))
	if at < 0 {
		t.Fatal("no entry")
	}
	copy(p[at:], "PORTARIAENV")
	p[at+12] = 0x18
	f, err := fat.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	if file, err := f.Find("portaria.env"); err != nil || file.Name != "portaria.env" {
		t.Errorf("%q, %v; want the file", file.Name, err)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	if _, err := fat.Open(make(partition, 1<<20)); !errors.Is(err, fat.ErrForm) {
		t.Errorf("zeros: %v, want ErrForm", err)
	}
	t.Run("a folder that runs in a circle", func(t *testing.T) {
		t.Parallel()
		var files []disk.File
		for i := range 100 {
			files = append(files, disk.File{Path: fmt.Sprintf("a file with a long name %d.dtb", i), Data: []byte{1}})
		}
		p := made(t, files...)
		table := int(binary.LittleEndian.Uint16(p[14:])) * 512
		root := binary.LittleEndian.Uint32(p[44:])
		binary.LittleEndian.PutUint32(p[table+int(root)*4:], root)
		f, err := fat.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Find("missing"); !errors.Is(err, fat.ErrForm) {
			t.Errorf("%v, want ErrForm", err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	p := made(f, disk.File{Path: "portaria.env", Data: []byte("A=1")})
	f.Add([]byte(p[:128*1024]))
	f.Fuzz(func(_ *testing.T, b []byte) {
		fsys, err := fat.Open(partition(b))
		if err != nil {
			return
		}
		if file, err := fsys.Find("portaria.env"); err == nil {
			_, _ = file.Content(1 << 16)
		}
	})
}
