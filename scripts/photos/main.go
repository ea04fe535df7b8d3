// Command photos draws the pictures of testdata/photo: a face-like figure, one property of a file each. Nobody's face is
// among them. It writes the same bytes at each run of one Go release; run it from the root of the module.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
)

const folder = "testdata/photo"

func main() {
	for _, p := range append(pictures(), portraits()...) {
		if err := os.WriteFile(filepath.Join(folder, p.name), p.data, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "photos:", err)
			os.Exit(1)
		}
	}
}

type picture struct {
	name string
	data []byte
}

// pictures returns every file of the folder. The size in a name is the coded one, before turning.
func pictures() []picture {
	square := draw(200, 200)
	plain := asJPEG(square)
	upright := asJPEG(draw(200, 150))
	return []picture{
		{"plain-320x240.jpg", asJPEG(draw(320, 240))},
		{"plain-200x200.jpg", plain},
		{"small-100x80.jpg", asJPEG(draw(100, 80))},
		{"wide-2400x300.jpg", asJPEG(draw(2400, 300))},
		{"grey-200x200.jpg", asJPEG(grey(square))},
		{"gps-200x150.jpg", withSegment(upright, 0xe1, exif(1, true))},
		{"rotated6-200x150.jpg", withSegment(asJPEG(turnLeft(draw(150, 200))), 0xe1, exif(6, false))},
		{"comment-200x150.jpg", withSegment(upright, 0xfe, []byte("drawn by scripts/photos"))},
		{"script-refused-200x200.jpg", withSegment(plain, 0xfe, []byte("portaria-face: 7,8 scores=104,16,-150,502,105"))},
		{"script-person-200x200.jpg", withSegment(plain, 0xfe, []byte("portaria-face: ok person=ana"))},
		{"trailer-200x150.jpg", append(bytes.Clone(upright), "PK\x03\x04 what some phones append"...)},
		{"progressive-200x200.jpg", progressive(square)},
		{"truncated-200x200.jpg", plain[:len(plain)*2/3]},
		{"noend-200x200.jpg", plain[:len(plain)-2]},
		{"alpha-200x200.png", asPNG(cutOut(square))},
		{"palette-200x200.png", asPNG(paletted(square))},
		{"rgb16-200x200.png", asPNG(sixteen(draw(200, 200)))},
		{"grey-200x200.png", asPNG(grey(square))},
		{"gif-renamed.jpg", asGIF(paletted(draw(64, 64)))},
		{"text-renamed.jpg", []byte("{\"user_id\": 1, \"image\": \"this is not a picture\"}\n")},
		{"heic-renamed.jpg", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x08mdat")},
	}
}

// draw returns a figure with a head, eyes and a mouth in front of a gradient, filling the height.
func draw(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	unit := float64(min(w, h))
	for y := range h {
		for x := range w {
			u := (float64(x) - float64(w)/2) / unit
			v := (float64(y) - float64(h)/2) / unit
			m.SetNRGBA(x, y, figure(u, v, float64(x)/float64(w), float64(y)/float64(h)))
		}
	}
	return m
}

// figure returns the colour at (u, v), measured from the middle in units of the shorter side; s and t run over the whole.
func figure(u, v, s, t float64) color.NRGBA {
	skin := color.NRGBA{uint8(226 - 60*math.Abs(u)), uint8(180 - 60*math.Abs(u)), uint8(150 - 40*v), 255}
	switch {
	case ellipse(u-0.11, v+0.08, 0.035, 0.025), ellipse(u+0.11, v+0.08, 0.035, 0.025):
		return color.NRGBA{40, 50, 70, 255}
	case ellipse(u, v-0.15, 0.10, 0.03):
		return color.NRGBA{170, 60, 70, 255}
	case ellipse(u, v-0.03, 0.02, 0.05):
		return color.NRGBA{196, 146, 120, 255}
	case ellipse(u, v, 0.26, 0.34):
		return skin
	case ellipse(u, v+0.06, 0.29, 0.36):
		return color.NRGBA{70, 48, 36, 255}
	case ellipse(u, v-0.62, 0.42, 0.30):
		return color.NRGBA{50, 90, 140, 255}
	}
	return color.NRGBA{uint8(120 + 90*s), uint8(190 - 60*t), uint8(200 - 80*s), 255}
}

func ellipse(u, v, a, b float64) bool { return u*u/(a*a)+v*v/(b*b) <= 1 }

func grey(m image.Image) *image.Gray {
	g := image.NewGray(m.Bounds())
	each(m, func(x, y int) { g.Set(x, y, m.At(x, y)) })
	return g
}

// turnLeft returns m a quarter turn to the left, which orientation 6 turns back.
func turnLeft(m *image.NRGBA) *image.NRGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	out := image.NewNRGBA(image.Rect(0, 0, h, w))
	each(m, func(x, y int) { out.SetNRGBA(y, w-1-x, m.NRGBAAt(x, y)) })
	return out
}

// cutOut makes everything outside an oval transparent, with a soft edge.
func cutOut(m *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(m.Bounds())
	w, h := float64(m.Bounds().Dx()), float64(m.Bounds().Dy())
	each(m, func(x, y int) {
		c := m.NRGBAAt(x, y)
		far := math.Hypot((float64(x)-w/2)/w, (float64(y)-h/2)/h)
		c.A = uint8(255 * min(1, max(0, (0.48-far)*10)))
		out.SetNRGBA(x, y, c)
	})
	return out
}

// paletted uses 6 steps a colour.
func paletted(m image.Image) *image.Paletted {
	var p color.Palette
	for i := range 216 {
		p = append(p, color.NRGBA{uint8(i / 36 * 51), uint8(i / 6 % 6 * 51), uint8(i % 6 * 51), 255})
	}
	out := image.NewPaletted(m.Bounds(), p)
	each(m, func(x, y int) { out.Set(x, y, m.At(x, y)) })
	return out
}

// sixteen gives each sample eight bits more, all zero, so that the file stays small.
func sixteen(m *image.NRGBA) *image.RGBA64 {
	out := image.NewRGBA64(m.Bounds())
	each(m, func(x, y int) {
		c := m.NRGBAAt(x, y)
		out.SetRGBA64(x, y, color.RGBA64{uint16(c.R) << 8, uint16(c.G) << 8, uint16(c.B) << 8, 0xffff})
	})
	return out
}

func each(m image.Image, f func(x, y int)) {
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			f(x, y)
		}
	}
}

func asJPEG(m image.Image) []byte {
	var b bytes.Buffer
	check(jpeg.Encode(&b, m, &jpeg.Options{Quality: 80}))
	return b.Bytes()
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	check((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m))
	return b.Bytes()
}

func asGIF(m image.Image) []byte {
	var b bytes.Buffer
	check(gif.Encode(&b, m, nil))
	return b.Bytes()
}

// check stops at an error that only a wrong program can cause: encoding into memory does not fail.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// withSegment puts a segment right behind the start of a JPEG.
func withSegment(data []byte, marker byte, body []byte) []byte {
	return append(append(bytes.Clone(data[:2]), segment(marker, body)...), data[2:]...)
}

func segment(marker byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// exif returns the body of an EXIF segment with an orientation and, if gps, a place in the sea.
func exif(orientation uint16, gps bool) []byte {
	be := binary.BigEndian
	entry := func(b []byte, tag, kind uint16, count, value uint32) []byte {
		return be.AppendUint32(be.AppendUint32(be.AppendUint16(be.AppendUint16(b, tag), kind), count), value)
	}
	tiff := []byte("MM\x00*\x00\x00\x00\x08")
	if !gps {
		tiff = entry(append(tiff, 0, 1), 0x0112, 3, 1, uint32(orientation)<<16)
		return append([]byte("Exif\x00\x00"), append(tiff, 0, 0, 0, 0)...)
	}
	tiff = entry(append(tiff, 0, 2), 0x0112, 3, 1, uint32(orientation)<<16)
	tiff = append(entry(tiff, 0x8825, 4, 1, 38), 0, 0, 0, 0) // the GPS directory starts at byte 38
	tiff = entry(append(tiff, 0, 4), 1, 2, 2, uint32('S')<<24)
	tiff = entry(tiff, 2, 5, 3, 92)
	tiff = entry(tiff, 3, 2, 2, uint32('W')<<24)
	tiff = append(entry(tiff, 4, 5, 3, 116), 0, 0, 0, 0)
	for _, rational := range [][2]uint32{{25, 1}, {30, 1}, {0, 1}, {38, 1}, {15, 1}, {0, 1}} {
		tiff = be.AppendUint32(be.AppendUint32(tiff, rational[0]), rational[1])
	}
	return append([]byte("Exif\x00\x00"), tiff...)
}
