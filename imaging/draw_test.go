package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// drawn returns a picture without any symmetry: another colour in each corner, a dark bar near the top left.
func drawn(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			s, t := 255*x/max(1, w-1), 255*y/max(1, h-1)
			c := color.RGBA{uint8(s), uint8(t), uint8(255 - (s+t)/2), 255}
			if x > w/8 && x < w/2 && y > h/8 && y < h/4 {
				c = color.RGBA{20, 20, 40, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// greyOf returns m without its colour.
func greyOf(m image.Image) *image.Gray {
	g := image.NewGray(m.Bounds())
	each(m, func(x, y int) { g.Set(x, y, m.At(x, y)) })
	return g
}

// speckled returns random black and white, which a PNG stores in a bit a pixel and a JPEG in many.
func speckled(w, h int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(random.IntN(2))
	}
	return m
}

func each(m image.Image, f func(x, y int)) {
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			f(x, y)
		}
	}
}

// coded returns upright the way a camera held by orientation o stores it: row and column zero of the stored picture are
// the sides that the EXIF standard names.
func coded(upright image.Image, o orientation) *image.RGBA {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	out := image.NewRGBA(image.Rectangle{Max: o.swap(image.Pt(w, h))})
	each(out, func(x, y int) {
		at := map[orientation]image.Point{
			1: {X: x, Y: y},                 // top, left
			2: {X: w - 1 - x, Y: y},         // top, right
			3: {X: w - 1 - x, Y: h - 1 - y}, // bottom, right
			4: {X: x, Y: h - 1 - y},         // bottom, left
			5: {X: y, Y: x},                 // left, top
			6: {X: w - 1 - y, Y: x},         // right, top
			7: {X: w - 1 - y, Y: h - 1 - x}, // right, bottom
			8: {X: y, Y: h - 1 - x},         // left, bottom
		}[o]
		out.Set(x, y, upright.At(at.X, at.Y))
	})
	return out
}

func asJPEG(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decoded(t testing.TB, data []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return m
}

// testPhoto returns a file of testdata/photo.
func testPhoto(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "photo", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// segment returns one segment of a JPEG.
func segment(mark byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(body)+2)), body...)
}

// with puts more behind the start marker of a JPEG, in the order given.
func with(data []byte, more ...[]byte) []byte {
	return bytes.Join([][]byte{data[:2], bytes.Join(more, nil), data[2:]}, nil)
}

// chunk returns one chunk of a PNG.
func chunk(kind, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// afterIHDR puts chunks behind the IHDR of a PNG.
func afterIHDR(data []byte, more ...[]byte) []byte {
	const end = 8 + 25
	return bytes.Join([][]byte{data[:end], bytes.Join(more, nil), data[end:]}, nil)
}

// tiffOf returns a TIFF structure with an orientation of the given type, in the given byte order.
func tiffOf(order binary.ByteOrder, kind uint16, value uint32) string {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x02")
	if order == binary.LittleEndian {
		b = []byte("II*\x00\x08\x00\x00\x00\x02\x00")
	}
	field := func(tag, kind uint16, value [4]byte) {
		entry := make([]byte, 12)
		order.PutUint16(entry, tag)
		order.PutUint16(entry[2:], kind)
		order.PutUint32(entry[4:], 1)
		copy(entry[8:], value[:])
		b = append(b, entry...)
	}
	var v [4]byte
	switch kind {
	case typeByte:
		v[0] = byte(value)
	case typeShort:
		order.PutUint16(v[:], uint16(value))
	default:
		order.PutUint32(v[:], value)
	}
	field(0x0100, typeLong, [4]byte{})
	field(tagOrientation, kind, v)
	return string(append(b, 0, 0, 0, 0))
}

// exifSegment returns an APP1 with an orientation.
func exifSegment(o orientation) []byte {
	return segment(markAPP1, "Exif\x00\x00"+tiffOf(binary.BigEndian, typeShort, uint32(o)))
}

// meanError returns the mean difference of a sample of two pictures, out of 255.
func meanError(t testing.TB, got, want image.Image) float64 {
	t.Helper()
	if got.Bounds().Size() != want.Bounds().Size() {
		t.Fatalf("sizes %v and %v", got.Bounds().Size(), want.Bounds().Size())
	}
	sum := 0.0
	each(got, func(x, y int) {
		r, g, b, _ := got.At(x, y).RGBA()
		r2, g2, b2, _ := want.At(x, y).RGBA()
		for _, d := range [...]int{int(r>>8) - int(r2>>8), int(g>>8) - int(g2>>8), int(b>>8) - int(b2>>8)} {
			sum += float64(max(d, -d))
		}
	})
	return sum / float64(3*got.Bounds().Dx()*got.Bounds().Dy())
}
