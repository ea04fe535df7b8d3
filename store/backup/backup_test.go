package backup_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"portaria/store/backup"
)

func sealed(t *testing.T, data []byte) (backup.Header, []byte) {
	t.Helper()
	h := backup.Header{Version: "1.2", Schema: 2, Model: "idface", Serial: "0M0100/000001", Created: 1_700_000_000, Size: int64(len(data))}
	page, _, err := backup.Seal(h, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return h, page
}

func TestBackup(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("a photo of Ana "), 1000)
	h, page := sealed(t, data)

	t.Run("is read as it was written", func(t *testing.T) {
		got, err := backup.Verify(page, bytes.NewReader(data))
		if err != nil || got != h || len(page) != backup.HeaderSize {
			t.Errorf("got %+v, %v; %d bytes before the data", got, err, len(page))
		}
	})
	t.Run("no bit of the header may change", func(t *testing.T) {
		for i := range page {
			for bit := range 8 {
				page[i] ^= 1 << bit
				if _, err := backup.Verify(page, bytes.NewReader(data)); err == nil {
					t.Errorf("bit %d of byte %d is not noticed", bit, i)
				}
				page[i] ^= 1 << bit
			}
		}
	})
	t.Run("no bit of the data may change, be missing or be added", func(t *testing.T) {
		for _, i := range []int{0, len(data) / 2, len(data) - 1} {
			changed := bytes.Clone(data)
			changed[i] ^= 1
			for name, bad := range map[string][]byte{"changed": changed, "cut": data[:i], "longer": append(bytes.Clone(data), 0)} {
				if _, err := backup.Verify(page, bytes.NewReader(bad)); !errors.Is(err, backup.ErrDamaged) {
					t.Errorf("%s at %d: %v, want ErrDamaged", name, i, err)
				}
			}
		}
	})
	t.Run("what is none, or newer, is told apart from what is damaged", func(t *testing.T) {
		newer := bytes.Clone(page)
		newer[len("portaria backup ")] = '2'
		for name, test := range map[string]struct {
			page []byte
			want error
		}{
			"zeros": {make([]byte, backup.HeaderSize), backup.ErrNotBackup},
			"short": {page[:100], backup.ErrNotBackup},
			"newer": {newer, backup.ErrNewer},
		} {
			if _, _, err := backup.Read(test.page); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
	})
	t.Run("a reader that fails is not a damaged backup", func(t *testing.T) {
		failed := errors.New("the card is gone")
		_, err := backup.Verify(page, io.MultiReader(bytes.NewReader(data[:10]), broken{failed}))
		if !errors.Is(err, failed) || errors.Is(err, backup.ErrDamaged) {
			t.Errorf("got %v", err)
		}
	})
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
