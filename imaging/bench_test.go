package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"testing"

	"github.com/disintegration/imaging"
)

// BenchmarkNormalize measures the three treatments beside the naive way: decode, fit, encode.
func BenchmarkNormalize(b *testing.B) {
	box := image.Pt(640, 480)
	small := asJPEG(b, drawn(640, 480), 85)
	large := asJPEG(b, drawn(1920, 1080), 85)
	for _, bb := range []struct {
		name   string
		upload []byte
		want   Treatment
	}{
		{"untouched 0.3 MP", small, Untouched},
		{"stripped 0.3 MP", with(small, exifSegment(1)), Stripped},
		{"turned 0.3 MP", with(small, exifSegment(3)), Recoded},
		{"shrunk 2 MP", large, Recoded},
		{"shrunk and turned 2 MP", with(large, exifSegment(6)), Recoded},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				photo, err := Normalize(b.Context(), bb.upload, Spec{MaxBytes: 1 << 20, Box: box})
				if err != nil || photo.Treatment != bb.want {
					b.Fatalf("%v, %v, want %v", photo.Treatment, err, bb.want)
				}
			}
		})
	}
	for name, upload := range map[string][]byte{"naive 0.3 MP": small, "naive 2 MP": large} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, err := jpeg.Decode(bytes.NewReader(upload))
				if err != nil {
					b.Fatal(err)
				}
				var out bytes.Buffer
				err = jpeg.Encode(&out, imaging.Fit(m, box.X, box.Y, imaging.Lanczos), &jpeg.Options{Quality: DefaultQuality})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLuma measures what looking for faces costs beside the looking.
func BenchmarkLuma(b *testing.B) {
	photo := asJPEG(b, natural(640, 480), 85)
	for _, side := range []int{160, 320, 640} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Luma(photo, side); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
