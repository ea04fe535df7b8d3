package transfer

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFile bounds what is read of one file, packed or not.
const maxFile = 32 << 20

// folder is a source of files that are named after people: 10.jpg.
type folder struct {
	files  map[string]file // by path
	closer io.Closer
}

type file struct {
	open func() (io.ReadCloser, error)
	time time.Time
}

func newFolder(dir string) (*folder, error) {
	f := &folder{files: map[string]file{}}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isPicture(name) {
			return err
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))) // through symbolic links
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		f.files[name] = file{func() (io.ReadCloser, error) { return root.Open(name) }, info.ModTime()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: folder %s: %w", ErrSetting, dir, err)
	}
	return f, nil
}

func newZip(name string) (*folder, error) {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return nil, fmt.Errorf("%w: zip %s: %w", ErrSetting, name, err)
	}
	f := &folder{files: map[string]file{}, closer: archive}
	for _, entry := range archive.File {
		inside := strings.ReplaceAll(entry.Name, `\`, "/")
		if entry.Mode().IsRegular() && isPicture(inside) {
			f.files[inside] = file{entry.Open, entry.Modified}
		}
	}
	return f, nil
}

// isPicture tells by the name alone. Kinds of pictures that nobody takes are
// among them: they are refused aloud, not passed over.
func isPicture(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") {
		return false
	}
	return slices.Contains([]string{".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".heic", ".tif", ".tiff"},
		strings.ToLower(path.Ext(base)))
}

func (f *folder) people(context.Context) ([]person, error) {
	var people []person
	for name := range f.files {
		stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
		p := person{who: name, key: name, registration: stem}
		// 0010 is a registration and no number.
		if id, err := strconv.ParseInt(stem, 10, 64); err == nil && strconv.FormatInt(id, 10) == stem {
			p.id = id
		}
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b person) int {
		return cmp.Or(cmp.Compare(a.id, b.id), strings.Compare(a.key, b.key))
	})
	return people, nil
}

func (f *folder) photos(_ context.Context, people []person) []picture {
	pictures := make([]picture, len(people))
	for i, p := range people {
		entry := f.files[p.key]
		data, err := entry.read()
		pictures[i] = picture{data: data, err: err}
		if t := entry.time.Unix(); t > 0 {
			pictures[i].time = t
		}
	}
	return pictures
}

func (f file) read() ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = &refusal{errors.New("the file is too large")}
	}
	return data, err
}

func (f *folder) close(context.Context) {
	if f.closer != nil {
		_ = f.closer.Close()
	}
}
