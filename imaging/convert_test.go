package imaging_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"portaria/imaging"
)

func TestPNG(t *testing.T) {
	t.Parallel()
	for name, img := range map[string]image.Image{
		"colour": image.NewRGBA(image.Rect(0, 0, 33, 21)),
		"grey":   image.NewGray(image.Rect(0, 0, 33, 21)),
	} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, nil); err != nil {
			t.Fatal(err)
		}
		data, err := imaging.PNG(b.Bytes())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		config, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width != 33 || config.Height != 21 {
			t.Errorf("%s: %dx%d, %v; want a PNG of 33x21", name, config.Width, config.Height, err)
		}
	}
	if _, err := imaging.PNG([]byte("no photo")); !errors.Is(err, imaging.ErrFormat) {
		t.Errorf("no photo: %v, want ErrFormat", err)
	}
}

func TestStill(t *testing.T) {
	t.Parallel()
	frame := func(c color.Color) *image.Paletted {
		return image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{c})
	}
	var b bytes.Buffer
	red, blue := color.RGBA{R: 255, A: 255}, color.RGBA{B: 255, A: 255}
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(red), frame(blue)}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	data, err := imaging.Still(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	photo, err := imaging.Normalize(context.Background(), data, imaging.Spec{MaxBytes: 1_000_000})
	if err != nil || photo.Width != 40 || photo.Height != 30 {
		t.Errorf("%dx%d, %v; want a photo of 40x30", photo.Width, photo.Height, err)
	}
	img, err := jpeg.Decode(bytes.NewReader(photo.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, bl, _ := img.At(5, 5).RGBA(); r < 0xe000 || bl > 0x2000 {
		t.Errorf("the first picture is red, the still is %v", img.At(5, 5))
	}
	huge := bytes.Clone(b.Bytes())
	binary.LittleEndian.PutUint16(huge[6:], 60_000)
	if _, err := imaging.Still(huge); !errors.Is(err, imaging.ErrTooCostly) {
		t.Errorf("60,000 pixels wide: %v, want ErrTooCostly", err)
	}
	for _, bad := range [][]byte{nil, []byte("GIF89a"), b.Bytes()[:20], []byte("\xff\xd8\xff")} {
		if _, err := imaging.Still(bad); !errors.Is(err, imaging.ErrFormat) {
			t.Errorf("%.8q: %v, want ErrFormat", bad, err)
		}
	}
}
