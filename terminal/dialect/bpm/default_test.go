package bpm

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write default.png anew")

// silhouette draws head and shoulders, grey on lighter grey.
func silhouette() image.Image {
	const side, fine = 128, 4 // fine samples each way smooth the edges
	shades := make(color.Palette, fine*fine+1)
	for i := range shades {
		shades[i] = color.Gray{Y: uint8(0xe0 - i*(0xe0-0x90)/(fine*fine))}
	}
	inside := func(x, y float64) bool {
		circle := func(cx, cy, rx, ry float64) bool {
			dx, dy := (x-cx)/rx, (y-cy)/ry
			return dx*dx+dy*dy <= 1
		}
		return circle(64, 48, 25, 28) || circle(64, 132, 50, 46)
	}
	img := image.NewPaletted(image.Rect(0, 0, side, side), shades)
	for i := range img.Pix {
		n := 0
		for s := range fine * fine {
			x := float64(i%side) + (float64(s%fine)+0.5)/fine
			y := float64(i/side) + (float64(s/fine)+0.5)/fine
			if inside(x, y) {
				n++
			}
		}
		img.Pix[i] = uint8(n)
	}
	return img
}

func TestDefaultAvatar(t *testing.T) {
	t.Parallel()
	want := silhouette()
	if *update {
		var b bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&b, want); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("default.png", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		defaultAvatar = b.Bytes()
	}
	got, err := png.Decode(bytes.NewReader(defaultAvatar))
	if err != nil {
		t.Fatal(err)
	}
	if got.Bounds() != want.Bounds() {
		t.Fatalf("%v, want %v", got.Bounds(), want.Bounds())
	}
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			r, g, b, a := got.At(x, y).RGBA()
			wr, wg, wb, wa := want.At(x, y).RGBA()
			if r != wr || g != wg || b != wb || a != wa {
				t.Fatalf("%d,%d: %v, want %v; run with -update if the drawing was changed", x, y, got.At(x, y), want.At(x, y))
			}
		}
	}
}
