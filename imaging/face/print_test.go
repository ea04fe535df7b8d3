package face_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"portaria/imaging/face"
)

func printOf(t testing.TB, img *image.Gray) face.Print {
	t.Helper()
	_, taken := face.Describe(img, mustFind(t, img, 1))
	return taken
}

// altered is img at num/den of its size, from (x, y) on, with other light, and
// coded again.
func altered(t testing.TB, img *image.Gray, num, den, x, y, gain, lift, quality int) *image.Gray {
	t.Helper()
	out := image.NewGray(image.Rect(0, 0, (img.Rect.Dx()-x)*num/den, (img.Rect.Dy()-y)*num/den))
	for oy := range out.Rect.Dy() {
		for ox := range out.Rect.Dx() {
			sum := 0
			for k := range 4 {
				sx := min(x+(4*ox+1+k%2*2)*den/(4*num), img.Rect.Dx()-1)
				sy := min(y+(4*oy+1+k/2*2)*den/(4*num), img.Rect.Dy()-1)
				sum += int(img.Pix[sy*img.Stride+sx])
			}
			v := sum*gain/400 + lift
			out.Pix[oy*out.Stride+ox] = uint8(min(max(v, 0), 255))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return lumaOf(t, b.Bytes())
}

func TestPrint(t *testing.T) {
	t.Parallel()
	people := []string{"face-ana-320x240.jpg", "face-bruno-320x240.jpg", "face-clara-320x240.jpg"}
	for _, name := range people {
		t.Run("the same photo, prepared otherwise, is the same face: "+name, func(t *testing.T) {
			t.Parallel()
			img := photo(t, name)
			own := printOf(t, img)
			for what, other := range map[string]*image.Gray{
				"coded anew":         altered(t, img, 1, 1, 0, 0, 100, 0, 50),
				"larger":             altered(t, img, 3, 2, 0, 0, 100, 0, 85),
				"smaller":            altered(t, img, 9, 10, 0, 0, 100, 0, 85),
				"cut":                altered(t, img, 1, 1, 33, 17, 100, 0, 85),
				"darker":             altered(t, img, 1, 1, 0, 0, 70, 0, 85),
				"brighter and paler": altered(t, img, 1, 1, 0, 0, 70, 60, 85),
			} {
				taken := printOf(t, other)
				if d := face.Distance(&own, &taken); d > face.Same {
					t.Errorf("%s %s: distance %d, want at most %d", name, what, d, face.Same)
				}
			}
		})
	}
	t.Run("another photo of the same person is the same face", func(t *testing.T) {
		t.Parallel()
		a, b := printOf(t, photo(t, people[0])), printOf(t, photo(t, "face-ana-240x320.jpg"))
		if d := face.Distance(&a, &b); d > face.Same {
			t.Errorf("distance %d, want at most %d", d, face.Same)
		}
	})
	t.Run("different people are different faces", func(t *testing.T) {
		t.Parallel()
		for i, name := range people {
			for _, other := range people[:i] {
				a, b := printOf(t, photo(t, name)), printOf(t, photo(t, other))
				if d := face.Distance(&a, &b); d < face.Same*5/4 {
					t.Errorf("%s and %s: distance %d, want well above %d", name, other, d, face.Same)
				}
			}
		}
	})
	t.Run("bytes and back", func(t *testing.T) {
		t.Parallel()
		want := printOf(t, photo(t, people[0]))
		data := face.AppendPrint(nil, &want)
		if len(data) != face.PrintSize {
			t.Fatalf("%d bytes, want %d", len(data), face.PrintSize)
		}
		if got, ok := face.ReadPrint(data); !ok || got != want {
			t.Error("a print is not what was written")
		}
		if _, ok := face.ReadPrint(data[1:]); ok {
			t.Error("a print that lacks a byte is read")
		}
	})
}

func BenchmarkDistance(b *testing.B) {
	prints := make([]face.Print, 100_000)
	for i := range prints {
		for k := range prints[i] {
			prints[i][k] = uint64(i+1) * uint64(k+3) * 0x9e3779b97f4a7c15
		}
	}
	own := prints[4711]
	for b.Loop() {
		best := face.Same + 1
		for i := range prints {
			best = min(best, face.Distance(&prints[i], &own))
		}
		if best != 0 {
			b.Fatal(best)
		}
	}
}
