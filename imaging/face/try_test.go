package face

import (
	"encoding/binary"
	"math"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"strings"
	"testing"
	"time"
)

func load(path string) (*image.Gray, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	g := image.NewGray(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(g, g.Rect, m, m.Bounds().Min, draw.Src)
	return g, nil
}

func TestTry(t *testing.T) {
	for _, p := range strings.Fields(os.Getenv("TRY")) {
		g, err := load(p)
		if err != nil {
			fmt.Println(p, err)
			continue
		}
		s := time.Now()
		f := Find(g)
		fmt.Println(p, g.Rect.Max, time.Since(s), f)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, p := range strings.Fields(os.Getenv("TRY")) {
		g, err := load(p)
		if err != nil {
			continue
		}
		b.Run(p[strings.LastIndex(p, "/")+1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Find(g)
			}
		})
	}
}

// lfw returns the 25x25 pictures, enlarged k times.
func lfw(k int) []*image.Gray {
	data, _ := os.ReadFile("/tmp/face-val/sk/usr/lib/python3/dist-packages/skimage/data/lfw_subset.npy")
	head := 10 + int(data[8]) + int(data[9])<<8
	data = data[head:]
	var out []*image.Gray
	for n := range 200 {
		p := plane{make([]uint8, 625), 25, 25}
		for i := range p.pix {
			v := math.Float64frombits(binary.LittleEndian.Uint64(data[8*(n*625+i):]))
			p.pix[i] = uint8(v * 255)
		}
		g := image.NewGray(image.Rect(0, 0, 25*k, 25*k))
		for y := range 25 * k {
			for x := range 25 * k {
				g.Pix[y*g.Stride+x] = uint8(p.at((x*one+one/2)/k-one/2, (y*one+one/2)/k-one/2))
			}
		}
		out = append(out, g)
	}
	return out
}

func TestLFW(t *testing.T) {
	for _, k := range []int{4, 8} {
		var faces, others, many int
		var size, votes int
		for i, g := range lfw(k) {
			f := Find(g)
			if i < 100 {
				faces += min(len(f), 1)
				if len(f) > 1 {
					many++
				}
				if len(f) > 0 {
					size += f[0].Bounds.Dx()
					votes += f[0].Votes
				}
			} else {
				others += min(len(f), 1)
			}
		}
		fmt.Println(k, "faces", faces, "many", many, "others", others, "mean side", size/max(faces, 1), votes/max(faces, 1))
	}
}

func measures(g *image.Gray, f Face) string {
	b := f.Bounds
	m := mipsOf(planeOf(g))
	p := m.draw(b.Min.X<<16, b.Min.Y<<16, b.Dx()<<16, 0)
	s := p.integral()
	e := findEyes(s)
	sym, axis := symmetry(p.details(s))
	return fmt.Sprint(b.Dx(), e, " sym ", sym, " axis ", axis, " edges ", p.edges())
}

func TestMeasures(t *testing.T) {
	for _, p := range strings.Fields(os.Getenv("TRY")) {
		g, err := load(p)
		if err != nil {
			continue
		}
		for _, f := range Find(g) {
			fmt.Println(p, measures(g, f))
			for _, k := range []int{2, 4, 8, 12} {
				pl := planeOf(g)
				// blur by a box twice
				for range 2 {
					pl = boxBlur(pl, f.Bounds.Dx()*k/400)
				}
				g2 := &image.Gray{Pix: pl.pix, Stride: pl.w, Rect: image.Rect(0, 0, pl.w, pl.h)}
				fmt.Println("  blur", k, "/200", measures(g2, f))
			}
		}
	}
	for i, g := range lfw(4)[:100] {
		f := Find(g)
		if len(f) > 0 && i < 40 {
			fmt.Println("lfw", i, measures(g, f[0]))
		}
	}
}

func boxBlur(p plane, r int) plane {
	out := plane{make([]uint8, p.w*p.h), p.w, p.h}
	for y := range p.h {
		for x := range p.w {
			n, s := 0, 0
			for yy := max(0, y-r); yy <= min(p.h-1, y+r); yy++ {
				for xx := max(0, x-r); xx <= min(p.w-1, x+r); xx++ {
					n++
					s += int(p.pix[yy*p.w+xx])
				}
			}
			out.pix[y*p.w+x] = uint8(s / n)
		}
	}
	return out
}
