package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// state remembers which version of whose photo went where: a file of JSON
// lines, of which the last about a user counts. A line is written as soon as
// the target has the photo, so that an interruption costs nothing.
type state struct {
	from, to string
	all      map[entryKey]string // versions
	file     *os.File            // nil: remembers nothing, or is not to
}

type entryKey struct{ from, to, user string }

// entry is one line.
type entry struct {
	From    string `json:"from"`
	To      string `json:"to"`
	User    string `json:"user"`
	Version string `json:"version"`
}

// openState reads the file, which may not be there yet.
func openState(name, from, to string, readOnly bool) (*state, error) {
	s := &state{from: from, to: to, all: map[entryKey]string{}}
	if name == "" {
		return s, nil
	}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("state: %w", err)
	}
	lines, err := s.read(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no state of this program (%w); name another file", ErrSetting, name, err)
	}
	if readOnly {
		return s, nil
	}
	torn := len(text) > 0 && text[len(text)-1] != '\n'
	if torn || lines > 2*len(s.all)+100 {
		if err := s.rewrite(name); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	s.file, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return s, nil
}

// read takes the lines; the last may be torn by whatever ended the program.
func (s *state) read(text []byte) (lines int, err error) {
	for line := range bytes.Lines(text) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			if lines > 0 && line[len(line)-1] != '\n' {
				return lines, nil
			}
			return lines, fmt.Errorf("line %d: %w", lines+1, err)
		}
		lines++
		s.all[entryKey{e.From, e.To, e.User}] = e.Version
	}
	return lines, nil
}

// rewrite puts a shorter file in the place of the old one, whole or not at all.
func (s *state) rewrite(name string) error {
	draft, err := os.CreateTemp(filepath.Dir(name), ".photos-state-*")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(draft)
	keys := slices.SortedFunc(maps.Keys(s.all), func(a, b entryKey) int {
		return strings.Compare(a.from+"\x00"+a.to+"\x00"+a.user, b.from+"\x00"+b.to+"\x00"+b.user)
	})
	for _, k := range keys {
		err = errors.Join(err, writeLine(w, entry{k.from, k.to, k.user, s.all[k]}))
	}
	err = errors.Join(err, w.Flush(), draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), name)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
	}
	return err
}

func writeLine(w io.Writer, e entry) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return err
	}
	_, err := w.Write(line.Bytes())
	return err
}

// version is what the user had stored last; "" for nothing.
func (s *state) version(user string) string { return s.all[entryKey{s.from, s.to, user}] }

// remember keeps that the target has this version now.
func (s *state) remember(user, version string) error {
	if s.file == nil {
		return nil
	}
	if err := writeLine(s.file, entry{s.from, s.to, user, version}); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (s *state) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Sync(), s.file.Close())
}
