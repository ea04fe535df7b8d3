package jpeg

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seeds returns the files of testdata by name, and those of the photos of the whole tree.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, folder := range []string{"testdata", filepath.Join("..", "..", "testdata", "photo")} {
		files, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no JPEG in %s: %v", folder, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(file)] = data
		}
	}
	return out
}

// seed returns one file of testdata.
func seed(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// std decodes with image/jpeg, in the way of package imaging: a missing end marker is made good.
func std(data []byte) (image.Image, error) {
	return jpeg.Decode(bytes.NewReader(append(data[:len(data):len(data)], 0xff, markEOI)))
}

// affordable reports whether data claims no more pixels than a test has patience for.
func affordable(data []byte) bool {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	return err != nil || int64(config.Width)*int64(config.Height) < 2_000_000
}

// planesOf returns the planes of a picture of image/jpeg, or false if it has already been converted.
func planesOf(m image.Image) ([][]byte, []int, bool) {
	switch m := m.(type) {
	case *image.Gray:
		return [][]byte{m.Pix}, []int{m.Stride}, true
	case *image.YCbCr:
		return [][]byte{m.Y, m.Cb, m.Cr}, []int{m.YStride, m.CStride, m.CStride}, true
	}
	return nil, nil, false
}

// worst returns the largest difference of a sample of two decoded pictures, or false if they cannot be compared.
func worst(p Picture, m image.Image) (int, bool) {
	planes, strides, ok := planesOf(m)
	if !ok || len(planes) != len(p.Planes) {
		return 0, false
	}
	most := 0
	for i, plane := range p.Planes {
		for y := range plane.Height.Samples() {
			for x := range plane.Width.Samples() {
				d := int(plane.Pix[y*plane.Stride+x]) - int(planes[i][y*strides[i]+x])
				most = max(most, d, -d)
			}
		}
	}
	return most, true
}

// agree checks that d and image/jpeg both accept or both refuse data. It reports what happened in one word.
func agree(t *testing.T, d *Decoder, name string, data []byte) string {
	t.Helper()
	p, err := d.Decode(context.Background(), data, image.Point{})
	if errors.Is(err, ErrUnsupported) {
		return "declined" // image/jpeg is asked, so there is nothing to differ from
	}
	m, want := std(data)
	switch {
	case err == nil && want != nil && d.process == markSOF2 && d.interval > 0:
		return "better" // restarts in scans of one component, which image/jpeg counts by MCUs of the frame
	case err != nil && want == nil && m.Bounds().Empty():
		return "empty"
	case (err == nil) != (want == nil):
		t.Errorf("%s: %v, image/jpeg says %v", name, err, want)
		return "wrong"
	case err != nil:
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
		return "refused"
	case m.Bounds().Size() != p.Size:
		t.Errorf("%s: %v, image/jpeg says %v", name, p.Size, m.Bounds())
	}
	return "accepted"
}

func TestDecodeIsWhatImageJPEGDecodes(t *testing.T) {
	t.Parallel()
	var d Decoder
	for name, data := range seeds(t) {
		said := agree(t, &d, name, data)
		refused := strings.HasSuffix(name, "renamed.jpg") || strings.HasPrefix(name, "truncated")
		switch {
		case refused != (said == "refused"), said == "better" && name != "progressive-420-restart.jpg", said == "declined":
			t.Errorf("%s: %s", name, said)
		case said != "accepted":
			continue
		}
		p, err := d.Decode(t.Context(), data, image.Point{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := std(data)
		if err != nil {
			t.Fatal(err)
		}
		if most, ok := worst(p, m); ok && most > 1 {
			t.Errorf("%s: a sample differs by %d, want rounding only", name, most)
		} else if !ok != p.RGB {
			t.Errorf("%s: %T, RGB %t", name, m, p.RGB)
		}
	}
}

// TestProgressiveRestart compares what image/jpeg cannot read with the same picture without restarts.
func TestProgressiveRestart(t *testing.T) {
	t.Parallel()
	var a, b Decoder
	with, err := a.Decode(t.Context(), seed(t, "progressive-420-restart.jpg"), image.Point{})
	if err != nil {
		t.Fatal(err)
	}
	without, err := b.Decode(t.Context(), seed(t, "progressive-420.jpg"), image.Point{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range with.Planes {
		if !bytes.Equal(samplesOf(with.Planes[i]), samplesOf(without.Planes[i])) {
			t.Errorf("plane %d differs from the picture without restarts", i)
		}
	}
}

// samplesOf returns the samples of p without padding.
func samplesOf(p Plane) []byte { return p.Copy(nil).Pix }

// TestCorpora asks both decoders about every JPEG of the public corpora.
func TestCorpora(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PORTARIA_CORPORA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no corpora in %s; set PORTARIA_CORPORA", folder)
	}
	var d Decoder
	said := map[string]int{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		// The bombs are for the limits of package imaging; image/jpeg takes minutes for them.
		if err != nil || !bytes.HasPrefix(data, []byte{0xff, markSOI}) || !affordable(data) || bytes.Count(data, []byte{0xff, markSOS}) > 100 {
			return err
		}
		said[agree(t, &d, path, data)]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("corpora: %v", said)
	if said["accepted"] < 100 || said["refused"] < 100 {
		t.Errorf("the corpora hold too little of one kind: %v", said)
	}
}
