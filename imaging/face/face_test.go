package face_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/imaging/face"
	"portaria/testdata"
)

var update = flag.Bool("update", false, "write the golden file anew")

// lumaOf is the grey picture in a JPEG, as terminals look at it.
func lumaOf(t testing.TB, data []byte) *image.Gray {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	switch m := img.(type) {
	case *image.Gray:
		return m
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}
	}
	t.Fatalf("a JPEG is decoded as %T", img)
	return nil
}

func photo(t testing.TB, name string) *image.Gray {
	t.Helper()
	return lumaOf(t, testdata.Photo(name))
}

// mustFind is the first of the faces of a picture, which must have n.
func mustFind(t testing.TB, img *image.Gray, n int) face.Face {
	t.Helper()
	faces := face.Find(img)
	if len(faces) != n {
		t.Fatalf("faces %v, want %d of them", faces, n)
	}
	return faces[0]
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]image.Rectangle{
		"face-ana-320x240.jpg":     image.Rect(99, 55, 221, 181),
		"face-bruno-320x240.jpg":   image.Rect(96, 48, 224, 176),
		"face-clara-320x240.jpg":   image.Rect(90, 54, 224, 188),
		"face-turned-320x240.jpg":  image.Rect(112, 56, 232, 176),
		"face-close-240x240.jpg":   image.Rect(-20, -14, 262, 268),
		"face-border-240x240.jpg":  image.Rect(62, 2, 178, 118),
		"face-aside-320x240.jpg":   image.Rect(29, 46, 111, 128),
		"face-blurred-320x240.jpg": image.Rect(96, 55, 224, 183),
		"face-distant-480x360.jpg": image.Rect(227, 164, 253, 190),
		"face-grey-320x240.jpg":    image.Rect(97, 55, 223, 181),
		"plain-320x240.jpg":        image.Rect(90, 48, 234, 192),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mustFind(t, photo(t, name), 1).Bounds
			common := got.Intersect(want)
			if 10*common.Dx()*common.Dy() < 8*max(got.Dx()*got.Dy(), want.Dx()*want.Dy()) {
				t.Errorf("the face of %s is at %v, want it near %v", name, got, want)
			}
		})
	}
	t.Run("two people are two faces", func(t *testing.T) {
		t.Parallel()
		if first := mustFind(t, photo(t, "face-two-320x240.jpg"), 2); first.Votes < 24 {
			t.Errorf("the first of two faces has %d votes", first.Votes)
		}
	})
	t.Run("a small face far behind a large one is not looked for", func(t *testing.T) {
		t.Parallel()
		img := photo(t, "face-ana-320x240.jpg")
		behind := altered(t, img, 1, 5, 0, 0, 100, 0, 95)
		street := image.NewGray(image.Rect(0, 0, 480, 360))
		for i := range street.Pix {
			street.Pix[i] = 190
		}
		for y := range 240 {
			copy(street.Pix[(y+110)*480+150:], img.Pix[y*img.Stride:][:320])
		}
		for y := range 48 {
			copy(street.Pix[(y+10)*480+20:], behind.Pix[y*behind.Stride:][:64])
		}
		if got := mustFind(t, street, 1); got.Bounds.Dx() < 100 {
			t.Errorf("the face at %v is found, not the large one", got.Bounds)
		}
	})
	t.Run("a wall has no face", func(t *testing.T) {
		t.Parallel()
		if faces := face.Find(photo(t, "face-none-320x240.jpg")); len(faces) != 0 {
			t.Errorf("a wall has the faces %v", faces)
		}
	})
	t.Run("what is too faint to be more than noise is none", func(t *testing.T) {
		t.Parallel()
		faint := altered(t, photo(t, "face-ana-320x240.jpg"), 1, 1, 0, 0, 5, 120, 100)
		if faces := face.Find(faint); len(faces) != 0 {
			t.Errorf("a face of a twentieth of the contrast is found at %v", faces)
		}
	})
	t.Run("a face upside down is none", func(t *testing.T) {
		t.Parallel()
		img := photo(t, "face-ana-320x240.jpg")
		turned := image.NewGray(img.Rect)
		for y := range 240 {
			for x := range 320 {
				turned.Pix[y*turned.Stride+x] = img.Pix[(239-y)*img.Stride+319-x]
			}
		}
		if faces := face.Find(turned); len(faces) != 0 {
			t.Errorf("a face upside down is found at %v", faces)
		}
	})
	t.Run("rows with gaps between them and a corner elsewhere change nothing", func(t *testing.T) {
		t.Parallel()
		img := photo(t, "face-ana-320x240.jpg")
		wide := image.NewGray(image.Rect(0, 0, 400, 300))
		for y := range 240 {
			copy(wide.Pix[(y+20)*wide.Stride+30:], img.Pix[y*img.Stride:][:320])
		}
		part := wide.SubImage(image.Rect(30, 20, 350, 260)).(*image.Gray)
		got, want := mustFind(t, part, 1), mustFind(t, img, 1)
		if got != want {
			t.Errorf("the part of a larger picture has %v, the picture itself %v", got, want)
		}
		gotMeasures, gotPrint := face.Describe(part, got)
		if wantMeasures, wantPrint := face.Describe(img, want); gotMeasures != wantMeasures || gotPrint != wantPrint {
			t.Errorf("the part of a larger picture measures %+v, the picture itself %+v", gotMeasures, wantMeasures)
		}
	})
	t.Run("pictures of odd sizes are looked at without harm", func(t *testing.T) {
		t.Parallel()
		for _, size := range []image.Point{{}, {1, 1}, {1, 9000}, {9000, 1}, {23, 23}, {24, 24}, {25, 481}, {481, 19}, {959, 960}} {
			img := image.NewGray(image.Rectangle{Max: size})
			for i := range img.Pix {
				img.Pix[i] = uint8(i * i >> 3)
			}
			for _, f := range face.Find(img) {
				face.Describe(img, f)
			}
			face.Describe(img, face.Face{Bounds: image.Rect(-9, -9, 9, 9)})
			face.Describe(img, face.Face{})
		}
	})
}

// TestCorpora looks for faces where there are none.
func TestCorpora(t *testing.T) {
	t.Parallel()
	root := os.Getenv("PORTARIA_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	seen := 0
	for _, folder := range []string{"golang-image", "jpeg-decoder", "exif-orientation"} {
		filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasPrefix(filepath.Ext(path), ".jp") {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			// What claims to be vast is for the limits of package imaging; on 32 bits image/jpeg panics on it.
			if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || int64(c.Width)*int64(c.Height) > 50_000_000 {
				return nil
			}
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				return nil
			}
			if m, ok := img.(*image.YCbCr); ok {
				seen++
				if faces := face.Find(&image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}); len(faces) != 0 {
					t.Errorf("%s has the faces %v", path, faces)
				}
			}
			return nil
		})
	}
	if seen == 0 {
		t.Skip("no pictures without faces at " + root)
	}
}

const golden = "testdata/golden.txt"

// TestGolden holds every number of every drawn picture: they are the same on
// each processor.
func TestGolden(t *testing.T) {
	var got strings.Builder
	entries, err := fs.ReadDir(testdata.Photos(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "face-") {
			continue
		}
		img := photo(t, entry.Name())
		fmt.Fprintf(&got, "%s\n", entry.Name())
		for _, f := range face.Find(img) {
			measures, own := face.Describe(img, f)
			fmt.Fprintf(&got, "\t%v votes %d %+v\n\t%x\n", f.Bounds, f.Votes, measures, face.AppendPrint(nil, &own))
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(wanted) || line != wanted[i] {
			t.Fatalf("line %d of %s is now\n%s", i+1, golden, line)
		}
	}
}

// FuzzFind looks at any picture: nothing panics, nothing is endless, and
// what is found is of this world.
func FuzzFind(f *testing.F) {
	// A fuzzer gets nowhere with large seeds: a face as small as it is found.
	small := altered(f, photo(f, "face-ana-320x240.jpg"), 1, 5, 0, 0, 100, 0, 90)
	mustFind(f, small, 1)
	f.Add(uint16(small.Stride), small.Pix)
	f.Add(uint16(7), []byte("a picture of next to nothing"))
	f.Fuzz(func(t *testing.T, width uint16, pix []byte) {
		w := max(int(width), 1)
		img := &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, len(pix)/w)}
		faces := face.Find(img)
		for i, found := range faces {
			b := found.Bounds
			if b.Empty() || b.Dx() != b.Dy() || !b.Overlaps(img.Rect) {
				t.Errorf("a face at %v in %v", b, img.Rect)
			}
			if i > 0 && b.Dx() > faces[i-1].Bounds.Dx() {
				t.Errorf("face %d is larger than the one before", i)
			}
			m, _ := face.Describe(img, found)
			if m.Pose < 0 || m.Pose > 1000 || m.Sharpness < 0 || m.Sharpness > 1000 || m.Width <= 0 {
				t.Errorf("measures %+v", m)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	// Enlarged, so that each size is that of an ordinary photo.
	twice := func(name string) *image.Gray {
		img := photo(b, name)
		out := image.NewGray(image.Rect(0, 0, 2*img.Rect.Dx(), 2*img.Rect.Dy()))
		for y := range out.Rect.Dy() {
			for x := range out.Rect.Dx() {
				out.Pix[y*out.Stride+x] = img.Pix[y/2*img.Stride+x/2]
			}
		}
		return out
	}
	noise := image.NewGray(image.Rect(0, 0, 640, 480))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(state >> 24)
	}
	for name, img := range map[string]*image.Gray{
		"face": twice("face-ana-320x240.jpg"), "wall": twice("face-none-320x240.jpg"), "noise": noise,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				face.Find(img)
			}
		})
	}
	b.Run("describe", func(b *testing.B) {
		img := twice("face-ana-320x240.jpg")
		f := mustFind(b, img, 1)
		b.ReportAllocs()
		for b.Loop() {
			face.Describe(img, f)
		}
	})
}
