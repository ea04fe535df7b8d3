package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"testing"
)

// TestPNG checks that every kind of PNG becomes the picture a viewer would show on white.
func TestPNG(t *testing.T) {
	t.Parallel()
	base := drawn(48, 40)
	onWhite := func(m image.Image) *image.RGBA {
		out := flat(48, 40, color.White)
		each(out, func(x, y int) {
			r, g, b, a := m.At(x, y).RGBA()
			white := 0xffff - a
			out.SetRGBA(x, y, color.RGBA{uint8((r + white) >> 8), uint8((g + white) >> 8), uint8((b + white) >> 8), 255})
		})
		return out
	}
	fill := func(m interface {
		image.Image
		Set(x, y int, c color.Color)
	}, alpha bool,
	) image.Image {
		each(m, func(x, y int) {
			c := color.NRGBAModel.Convert(base.At(x, y)).(color.NRGBA)
			if alpha {
				c.A = uint8(x * 255 / 47)
			}
			m.Set(x, y, c)
		})
		return m
	}
	r := image.Rect(0, 0, 48, 40)
	half := color.Palette{color.NRGBA{255, 0, 0, 0}, color.NRGBA{0, 0, 200, 128}, color.NRGBA{20, 90, 30, 255}}
	for _, tt := range []struct {
		name    string
		picture image.Image
		grey    bool
	}{
		{"RGB", fill(image.NewRGBA(r), false), false},
		{"RGB with alpha", fill(image.NewNRGBA(r), true), false},
		{"RGB of 16 bits", fill(image.NewRGBA64(r), false), false},
		{"RGB of 16 bits with alpha", fill(image.NewNRGBA64(r), true), false},
		{"grey", fill(image.NewGray(r), false), true},
		{"grey of 16 bits", fill(image.NewGray16(r), false), true},
		{"a palette", fill(image.NewPaletted(r, color.Palette{color.Black, color.White, color.RGBA{200, 0, 0, 255}}), false), false},
		{"a palette with alpha", fill(image.NewPaletted(r, half), false), false},
		{"fully transparent", image.NewNRGBA(r), true},
	} {
		for _, box := range []image.Point{{}, {X: 24, Y: 20}} {
			t.Run(tt.name+" in "+box.String(), func(t *testing.T) {
				t.Parallel()
				upload := asPNG(t, tt.picture)
				got := mustNormalize(t, tt.name, upload, Spec{Box: box})
				want := onWhite(tt.picture)
				if box.X > 0 {
					want = upright(resize(want, box), 1, false).(*image.RGBA)
				}
				if e := meanError(t, decoded(t, got.JPEG), want); e > 7 {
					t.Errorf("mean error %.1f to the picture on white, want at most 7", e)
				}
				if got.Grey != tt.grey || got.Treatment != Recoded {
					t.Errorf("grey %t, %v, want %t, recoded", got.Grey, got.Treatment, tt.grey)
				}
				checkAgain(t, tt.name, got, Spec{Box: box})
			})
		}
	}
}

// rawPNG compresses filtered rows into a PNG with the given IHDR fields.
func rawPNG(t testing.TB, w, h uint32, depth, kind, interlace byte, rows []byte) []byte {
	t.Helper()
	var idat bytes.Buffer
	z := zlib.NewWriter(&idat)
	if _, err := z.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	head := pngClaiming(w, h, depth, kind, interlace)
	return afterIHDR(head, chunk("IDAT", idat.String()))
}

func TestRarePNG(t *testing.T) {
	t.Parallel()
	t.Run("grey with alpha is flattened and has one component", func(t *testing.T) {
		t.Parallel()
		var rows []byte
		for range 16 {
			rows = append(append(rows, 0), bytes.Repeat([]byte{0, 128}, 16)...) // black, half transparent
		}
		got := mustNormalize(t, "grey with alpha", rawPNG(t, 16, 16, 8, 4, 0, rows), Spec{})
		m, ok := decoded(t, got.JPEG).(*image.Gray)
		if !ok || !got.Grey {
			t.Fatalf("grey %t and %T, want true and *image.Gray", got.Grey, decoded(t, got.JPEG))
		}
		if c := m.GrayAt(8, 8).Y; c < 124 || c > 130 {
			t.Errorf("half black on white is %d, want 127", c)
		}
	})
	t.Run("interlaced", func(t *testing.T) {
		t.Parallel()
		var rows []byte
		for _, pass := range [][2]int{{1, 1}, {1, 1}, {2, 1}, {2, 2}, {4, 2}, {4, 4}, {8, 4}} { // width, height for 8x8
			for range pass[1] {
				rows = append(append(rows, 0), bytes.Repeat([]byte{200}, pass[0])...)
			}
		}
		got := mustNormalize(t, "interlaced", rawPNG(t, 8, 8, 8, 0, 1, rows), Spec{})
		if e := meanError(t, decoded(t, got.JPEG), flat(8, 8, color.Gray{200})); e > 2 {
			t.Errorf("mean error %.1f, want at most 2", e)
		}
	})
	t.Run("an index beyond the palette is no crash", func(t *testing.T) {
		t.Parallel()
		upload := afterIHDR(rawPNG(t, 2, 1, 8, 3, 0, []byte{0, 0, 255}), chunk("PLTE", "\xff\x00\x00"))
		for _, box := range []image.Point{{}, {X: 1, Y: 1}} {
			mustNormalize(t, "palette", upload, Spec{Box: box})
		}
	})
	t.Run("the first picture of an animation", func(t *testing.T) {
		t.Parallel()
		upload := asPNG(t, drawn(20, 20))
		end := bytes.Index(upload, []byte("IEND")) - 4
		control := string(binary.BigEndian.AppendUint64(nil, 2))
		animated := append(bytes.Clone(upload[:end]), chunk("fdAT", "\x00\x00\x00\x01garbage")...)
		animated = afterIHDR(append(animated, upload[end:]...), chunk("acTL", control))
		got := mustNormalize(t, "animated", animated, Spec{})
		if want := mustNormalize(t, "still", upload, Spec{}); !bytes.Equal(got.JPEG, want.JPEG) {
			t.Error("not the still picture")
		}
	})
	t.Run("a PNG cut anywhere is refused", func(t *testing.T) {
		t.Parallel()
		whole := asPNG(t, drawn(20, 20))
		for n := range len(whole) - 12 { // image/png reads as far as the IEND chunk
			checkError(t, "cut", whole[:n], Spec{}, ErrFormat)
			_, _ = readHeader(whole[:n]) // nothing recovers a panic here
		}
	})
	t.Run("a wrong checksum is refused", func(t *testing.T) {
		t.Parallel()
		upload := asPNG(t, drawn(20, 20))
		upload[len(upload)-20] ^= 1
		checkError(t, "checksum", upload, Spec{}, ErrFormat)
	})
}

// TestUpright compares every turn of every type with the turn drawn by its definition.
func TestUpright(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{5, 3}, {1, 4}, {4, 1}, {1, 1}} {
		want := drawn(size.X, size.Y)
		for o := orientation(1); o <= 8; o++ {
			stored := coded(want, o)
			if e := meanError(t, upright(stored, o, false), want); e != 0 {
				t.Errorf("RGBA %v, orientation %d: mean error %.2f, want none", size, o, e)
			}
			if e := meanError(t, upright(greyOf(stored), o, false), greyOf(want)); e != 0 {
				t.Errorf("grey %v, orientation %d: mean error %.2f, want none", size, o, e)
			}
		}
	}
	t.Run("grey where asked, whatever the type", func(t *testing.T) {
		t.Parallel()
		for _, m := range []image.Image{
			drawn(4, 4), image.NewNRGBA(image.Rect(0, 0, 4, 4)),
			image.NewYCbCr(image.Rect(0, 0, 4, 4), image.YCbCrSubsampleRatio420),
		} {
			if got, ok := upright(m, 1, true).(*image.Gray); !ok {
				t.Errorf("%T: %T, want *image.Gray", m, got)
			}
		}
	})
	t.Run("premultiplied alpha is flattened", func(t *testing.T) {
		t.Parallel()
		m := image.NewRGBA(image.Rect(0, 0, 1, 1))
		m.SetRGBA(0, 0, color.RGBA{100, 0, 0, 128})
		if got, want := upright(m, 1, false).At(0, 0), (color.RGBA{227, 127, 127, 255}); got != want {
			t.Errorf("half red on white is %v, want %v", got, want)
		}
	})
	t.Run("an index beyond the palette panics here, not in a goroutine of the library", func(t *testing.T) {
		t.Parallel()
		defer func() {
			if recover() == nil {
				t.Error("no panic; then the index was given a colour")
			}
		}()
		m := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.White})
		m.Pix[3] = 7
		resize(m, image.Pt(1, 1))
	})
}

func TestNeutral(t *testing.T) {
	t.Parallel()
	planes := func(ratio image.YCbCrSubsampleRatio, inside, padding uint8) *image.YCbCr {
		m := image.NewYCbCr(image.Rect(0, 0, 32, 32), ratio)
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = padding, padding
		}
		m = m.SubImage(image.Rect(0, 0, 9, 7)).(*image.YCbCr)
		each(m, func(x, y int) { m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = 128, inside })
		return m
	}
	for _, tt := range []struct {
		name string
		m    image.Image
		want bool
	}{
		{"grey", image.NewGray(image.Rect(0, 0, 2, 2)), true},
		{"neutral planes", planes(image.YCbCrSubsampleRatio420, 128, 128), true},
		{"a step inside the tolerance", planes(image.YCbCrSubsampleRatio420, 130, 128), true},
		{"a step outside the tolerance", planes(image.YCbCrSubsampleRatio420, 131, 128), false},
		{"a step below the tolerance", planes(image.YCbCrSubsampleRatio444, 125, 128), false},
		{"colour in the padding only, 4:2:0", planes(image.YCbCrSubsampleRatio420, 128, 0), true},
		{"colour in the padding only, 4:4:4", planes(image.YCbCrSubsampleRatio444, 128, 0), true},
		{"colour in the padding only, 4:1:0", planes(image.YCbCrSubsampleRatio410, 128, 0), true},
		{"neutral RGB", flat(3, 3, color.Gray{77}), true},
		{"almost neutral RGB", flat(3, 3, color.RGBA{77, 78, 77, 255}), true},
		{"colour", flat(3, 3, color.RGBA{77, 90, 77, 255}), false},
	} {
		if got := neutral(tt.m); got != tt.want {
			t.Errorf("neutral(%s): %t, want %t", tt.name, got, tt.want)
		}
	}
	m := image.NewYCbCr(image.Rect(0, 0, 17, 17), image.YCbCrSubsampleRatio420)
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 128, 128
	}
	m.Cr[m.COffset(16, 16)] = 200
	if neutral(m) {
		t.Error("neutral: the last pixel of an odd picture was not looked at")
	}
}

func TestGreyPhotos(t *testing.T) {
	t.Parallel()
	grey := greyOf(drawn(40, 30))
	three := image.NewRGBA(grey.Bounds())
	each(grey, func(x, y int) { three.Set(x, y, grey.At(x, y)) })
	for _, tt := range []struct {
		name       string
		upload     []byte
		components int
		grey       bool
	}{
		{"a grey JPEG has one component", asJPEG(t, grey, 85), 1, true},
		{"a turned grey JPEG has one component", with(asJPEG(t, grey, 85), exifSegment(8)), 1, true},
		{"a grey PNG has one component", asPNG(t, grey), 1, true},
		{"a JPEG without colour keeps three", asJPEG(t, three, 85), 3, true},
		{"a PNG without colour has three", asPNG(t, three), 3, true},
		{"a colour JPEG has three", asJPEG(t, drawn(40, 30), 85), 3, false},
	} {
		for _, box := range []image.Point{{}, {X: 20, Y: 20}} {
			got := mustNormalize(t, tt.name, tt.upload, Spec{Box: box})
			frame := only(segmentsOf(t, tt.name, got.JPEG), markSOF0)[0].body
			if int(frame[5]) != tt.components || got.Grey != tt.grey {
				t.Errorf("%s, box %v: %d components, grey %t, want %d, %t", tt.name, box, frame[5], got.Grey, tt.components, tt.grey)
			}
		}
	}
}
