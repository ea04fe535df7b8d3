package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/disintegration/imaging"
)

// class is some photos of one size and coding.
type class struct {
	name       string
	megapixels float64
	baseline   bool
	uploads    [][]byte
	files      []string
}

// inputs makes every class from sources, the files of real photos, or draws photos if there are none.
func inputs(sources []string, photos int, only, temp string) ([]class, error) {
	if len(sources) == 0 {
		fmt.Println("no photos to make inputs from: drawn ones have other figures")
	}
	var classes []class
	for _, mp := range []float64{0.3, 1, 2, 5, 12} {
		base := class{name: fmt.Sprintf("%g MP", mp), megapixels: mp, baseline: true}
		full := class{name: fmt.Sprintf("%g MP 4:4:4", mp), megapixels: mp}
		progressive := class{name: fmt.Sprintf("%g MP progressive", mp), megapixels: mp}
		if only != "" && !strings.HasPrefix(base.name, only) && !strings.HasPrefix(only, base.name) {
			continue
		}
		for i := 0; len(base.uploads) < photos && (i < len(sources) || len(sources) == 0); i++ {
			m, err := source(sources, i, mp)
			if err != nil {
				return nil, err
			}
			if m == nil {
				continue // too small
			}
			upload, quality, err := coded(m, 88)
			if err != nil {
				return nil, err
			}
			base.uploads = append(base.uploads, upload)
			if mp == 2 || mp == 12 {
				if err := others(&full, &progressive, m, upload, quality); err != nil {
					fmt.Println("skipped 4:4:4 and progressive:", err)
				}
			}
		}
		for _, c := range []class{base, full, progressive} {
			if len(c.uploads) > 0 && strings.HasPrefix(c.name, only) {
				classes = append(classes, c)
			}
		}
	}
	for i := range classes {
		c := &classes[i]
		for k, upload := range c.uploads {
			file := filepath.Join(temp, fmt.Sprintf("%d-%d.jpg", i, k))
			if err := os.WriteFile(file, upload, 0o600); err != nil {
				return nil, err
			}
			c.files = append(c.files, file)
		}
	}
	return classes, nil
}

// source returns photo i in the given size, or nil if it is too small for it.
func source(sources []string, i int, mp float64) (image.Image, error) {
	if len(sources) == 0 {
		h := int(math.Sqrt(mp * 1e6 * 3 / 4))
		return drawn(h*4/3, h, float64(i)), nil
	}
	data, err := os.ReadFile(sources[i])
	if err != nil {
		return nil, err
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sources[i], err)
	}
	scale := math.Sqrt(mp * 1e6 / float64(config.Width*config.Height))
	if scale > 1 {
		return nil, nil
	}
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sources[i], err)
	}
	return imaging.Resize(m, int(scale*float64(config.Width)), 0, imaging.Lanczos), nil
}

// maxUpload is what a terminal accepts.
const maxUpload = 1_000_000

// coded returns m below maxUpload, and at what quality.
func coded(m image.Image, quality int) ([]byte, int, error) {
	for ; ; quality -= 4 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			return nil, 0, err
		}
		if b.Len() < maxUpload || quality < 30 {
			return b.Bytes(), quality, nil
		}
	}
}

// others adds the codings that image/jpeg does not write.
func others(full, progressive *class, m image.Image, upload []byte, quality int) error {
	var ppm bytes.Buffer
	rgba := imaging.Clone(m)
	fmt.Fprintf(&ppm, "P6\n%d %d\n255\n", rgba.Rect.Dx(), rgba.Rect.Dy())
	for i := 0; i < len(rgba.Pix); i += 4 {
		ppm.Write(rgba.Pix[i : i+3])
	}
	var a []byte
	for ; len(a) == 0 || len(a) >= maxUpload; quality -= 4 {
		var err error
		if a, err = piped(ppm.Bytes(), "cjpeg", "-sample", "1x1", "-quality", fmt.Sprint(quality)); err != nil {
			return err
		}
	}
	b, err := piped(upload, "jpegtran", "-progressive")
	if err != nil {
		return err
	}
	full.uploads = append(full.uploads, a)
	progressive.uploads = append(progressive.uploads, b)
	return nil
}

func piped(in []byte, name string, args ...string) ([]byte, error) {
	c := exec.Command(name, args...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// drawn returns a picture with what makes a photo costly: noise in octaves, edges, and gradients.
func drawn(w, h int, seed float64) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	hash := func(x, y, o int) float64 {
		v := uint32(x)*374761393 + uint32(y)*668265263 + uint32(o)*2246822519 + uint32(seed*97)
		v = (v ^ v>>13) * 1274126177
		return float64(v^v>>16) / (1 << 32)
	}
	for y := range h {
		for x := range w {
			v := 0.0
			for o := range 7 {
				cell := 1 << (8 - o)
				i, j := x/cell, y/cell
				fx, fy := float64(x%cell)/float64(cell), float64(y%cell)/float64(cell)
				top := hash(i, j, o)*(1-fx) + hash(i+1, j, o)*fx
				bottom := hash(i, j+1, o)*(1-fx) + hash(i+1, j+1, o)*fx
				v += (top*(1-fy) + bottom*fy - 0.5) * math.Pow(0.6, float64(o))
			}
			light := 128 + 110*v + 40*float64(x)/float64(w)
			if (x-w/2)*(x-w/2)+(y-h/2)*(y-h/2) < h*h/16 {
				light += 50
			}
			c := func(f float64) uint8 { return uint8(min(max(light*f, 0), 255)) }
			m.SetRGBA(x, y, color.RGBA{c(1.05), c(0.95), c(0.8 + v*0.2), 255})
		}
	}
	return m
}
