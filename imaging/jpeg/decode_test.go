package jpeg

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

func TestQuick(t *testing.T) {
	files, _ := filepath.Glob("../../../../work/shared/corpora/*/*.jp*g")
	files2, _ := filepath.Glob("/work/shared/corpora/*/*.jp*g")
	files = append(files, files2...)
	files3, _ := filepath.Glob("/work/shared/corpora/go-fuzz-jpeg/*")
	files = append(files, files3...)
	files4, _ := filepath.Glob("../../testdata/photo/*.jpg")
	files = append(files, files4...)
	var d Decoder
	d.Limits = Limits{Pixels: 24e6, Scans: 100}
	ok, bad, un := 0, 0, 0
	for _, f := range files {
		data, _ := os.ReadFile(f)
		c, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err == nil && c.Width*c.Height > 24e6 {
			continue
		}
		if len(data) > 800000 || len(data) == 99943 {
			continue
		}
		m, err := jpeg.Decode(bytes.NewReader(append(data[:len(data):len(data)], 0xff, 0xd9)))
		p, err2 := d.Decode(context.Background(), data, image.Point{})
		if err2 != nil && bytes.Contains([]byte(err2.Error()), []byte("left to")) {
			un++
			t.Log(f, err2, err)
			continue
		}
		if (err == nil) != (err2 == nil) {
			t.Errorf("%s: %v; %v", f, err, err2)
			continue
		}
		if err != nil {
			bad++
			continue
		}
		ok++
		diff := func(a []byte, as int, b []byte, bs int, w, h int) (worst int) {
			for y := range h {
				for x := range w {
					e := int(a[y*as+x]) - int(b[y*bs+x])
					worst = max(worst, e, -e)
				}
			}
			return
		}
		switch m := m.(type) {
		case *image.Gray:
			if w := diff(m.Pix, m.Stride, p.Planes[0].Pix, p.Planes[0].Stride, m.Rect.Dx(), m.Rect.Dy()); w > 1 {
				t.Errorf("%s grey %d", f, w)
			}
		case *image.YCbCr:
			cw, ch := p.Planes[1].Width.Samples(), p.Planes[1].Height.Samples()
			w := diff(m.Y, m.YStride, p.Planes[0].Pix, p.Planes[0].Stride, m.Rect.Dx(), m.Rect.Dy())
			w1 := diff(m.Cb, m.CStride, p.Planes[1].Pix, p.Planes[1].Stride, cw, ch)
			w2 := diff(m.Cr, m.CStride, p.Planes[2].Pix, p.Planes[2].Stride, cw, ch)
			if w > 1 || w1 > 1 || w2 > 1 {
				t.Errorf("%s ycc %d %d %d", f, w, w1, w2)
			}
		default:
			t.Logf("%s %T", f, m)
		}
	}
	t.Log(ok, bad, un)
}
