package imaging

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// corpusException is a file whose outcome is known to differ from the corpus' expectation, and why.
type corpusException struct{ file, outcome, reason string }

var corpusExceptions = []corpusException{}

// picturesOnly are the folders of the corpora that hold pictures; the others are for parsers.
var picturesOnly = regexp.MustCompile(`^(bmpsuite|bombs|exif-|go-fuzz-|go-std|golang-image|heic-avif|image-rs|jpeg-decoder|pngsuite)`)

// corporaFolder is where the public corpora are, if they are.
func corporaFolder() string {
	return cmp.Or(os.Getenv("PORTARIA_CORPORA"), filepath.Join("..", "..", "shared", "corpora"))
}

// corpora returns the folder of the public corpora, or skips the test.
func corpora(t *testing.T) string {
	t.Helper()
	folder := corporaFolder()
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no corpora in %s; set PORTARIA_CORPORA", folder)
	}
	return folder
}

// TestCorpus normalizes every picture of the public corpora and compares with what their manifest expects.
func TestCorpus(t *testing.T) {
	t.Parallel()
	folder := corpora(t)
	manifest, err := os.Open(filepath.Join(folder, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()

	seen := map[string]int{}
	lines := bufio.NewScanner(manifest)
	for lines.Scan() {
		field := strings.Split(lines.Text(), "\t")
		if len(field) < 5 || !picturesOnly.MatchString(field[0]) {
			continue
		}
		upload, err := os.ReadFile(filepath.Join(folder, field[0]))
		if err != nil {
			t.Errorf("%s is in the manifest and not in the folder: %v", field[0], err)
			continue
		}
		seen[corpusCase(t, field[0], upload, field[4])]++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("corpus: %v", seen)
	if seen["accepted as expected"] == 0 || seen["rejected as expected"] == 0 {
		t.Errorf("the corpora hold no case of one kind: %v", seen)
	}
}

// corpusCase normalizes one file and returns the heading it is counted under.
func corpusCase(t *testing.T, name string, upload []byte, expected string) string {
	t.Helper()
	// A test reads no clock, but a file that hangs has to fail by name and not as a timeout of the whole run.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	photo, err := Normalize(ctx, upload, Spec{})
	outcome := "accepted"
	if err != nil {
		outcome = "rejected"
		if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooCostly) {
			t.Errorf("%s: %v, want ErrFormat or ErrTooCostly", name, err)
		}
	} else {
		checkPhoto(t, name, photo, Spec{})
	}
	for _, x := range corpusExceptions {
		if x.file == name {
			if x.outcome != outcome {
				t.Errorf("%s: %s (%v); take it off the exceptions (%s)", name, outcome, err, x.reason)
			}
			return "known exception"
		}
	}
	if !bytes.HasPrefix(upload, []byte(magicJPEG)) && !bytes.HasPrefix(upload, []byte(magicPNG)) {
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat for another format", name, err)
		}
		return "other format"
	}
	want, rest, _ := strings.Cut(expected, " ")
	switch want = strings.TrimRight(want, ",;:"); want {
	case "must-accept", "should-accept":
		var size image.Point
		_, err2 := fmt.Sscanf(rest, "%dx%d", &size.X, &size.Y)
		if err != nil {
			t.Errorf("%s: %v, want it accepted (%s)", name, err, expected)
		} else if got := image.Pt(photo.Width, photo.Height); err2 == nil && got != size {
			t.Errorf("%s: %v, want %v", name, got, size)
		}
		return "accepted as expected"
	case "must-reject":
		if err == nil {
			t.Errorf("%s: accepted, want it rejected (%s)", name, expected)
		}
		return "rejected as expected"
	}
	return "either, " + outcome
}

// TestCorpusOrientation checks that the sixteen turned photos of a public set become their upright ones. The set was encoded
// after turning, so the files differ by the noise of that; in a small box it averages out.
func TestCorpusOrientation(t *testing.T) {
	t.Parallel()
	folder := corpora(t)
	for _, motif := range []string{"Landscape", "Portrait"} {
		var want image.Image
		for o := 1; o <= 8; o++ {
			name := fmt.Sprintf("%s_%d.jpg", motif, o)
			upload, err := os.ReadFile(filepath.Join(folder, "exif-orientation", name))
			if err != nil {
				t.Fatal(err)
			}
			got := decoded(t, mustNormalize(t, name, upload, Spec{Box: image.Pt(320, 320)}).JPEG)
			if want == nil {
				want = got
			} else if e := meanError(t, got, want); e > 2 {
				t.Errorf("%s: mean error %.2f of the upright photo, want at most 2", name, e)
			}
		}
	}
}
