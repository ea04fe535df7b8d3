package face

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	_ "image/png"
	"math"
	"os"
	"slices"
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
				g.Pix[y*g.Stride+x] = uint8(at(p, (x*one+one/2)/k-one/2, (y*one+one/2)/k-one/2))
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
	m, _ := Describe(g, f)
	return fmt.Sprintf("%+v", m)
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

func printOf(g *image.Gray) (Print, bool) {
	f := Find(g)
	if len(f) == 0 {
		return Print{}, false
	}
	_, p := Describe(g, f[0])
	return p, true
}

// warp scales by num/1000, shifts and recodes.
func warp(g *image.Gray, num, shift, gain, lift, q int) *image.Gray {
	m := mipsOf(planeOf(g))
	w, h := g.Rect.Dx()*num/1000, g.Rect.Dy()*num/1000
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := at(m[0], (x+shift)*one*1000/num, (y-shift)*one*1000/num)
			out.Pix[y*out.Stride+x] = uint8(min(255, max(0, v*gain/100+lift)))
		}
	}
	var b bytes.Buffer
	jpeg.Encode(&b, out, &jpeg.Options{Quality: q})
	d, _ := jpeg.Decode(&b)
	return d.(*image.Gray)
}

func TestPrint(t *testing.T) {
	var prints []Print
	for _, g := range lfw(4)[:100] {
		if p, ok := printOf(g); ok {
			prints = append(prints, p)
		}
	}
	var ds []int
	for i := range prints {
		for k := range i {
			ds = append(ds, Distance(&prints[i], &prints[k]))
		}
	}
	slices.Sort(ds)
	fmt.Println("different: n", len(ds), "min", ds[:5], "1%", ds[len(ds)/100], "median", ds[len(ds)/2])
	var same []int
	for _, g := range lfw(4)[:100] {
		a, ok := printOf(g)
		if !ok {
			continue
		}
		for _, v := range [][5]int{{1000, 0, 100, 0, 60}, {1500, 3, 100, 0, 85}, {900, -2, 80, 20, 80}, {2300, 7, 110, -10, 75}} {
			if b, ok := printOf(warp(g, v[0], v[1], v[2], v[3], v[4])); ok {
				same = append(same, Distance(&a, &b))
			}
		}
	}
	slices.Sort(same)
	fmt.Println("same: n", len(same), "median", same[len(same)/2], "90%", same[len(same)*9/10], "95%", same[len(same)*95/100], "max", same[len(same)-1])
	for _, p := range strings.Fields(os.Getenv("TRY")) {
		g, err := load(p)
		if err != nil {
			continue
		}
		a, ok := printOf(g)
		if !ok {
			continue
		}
		for _, v := range [][5]int{{1000, 0, 100, 0, 60}, {1500, 3, 100, 0, 85}, {900, -2, 80, 20, 80}, {700, -5, 80, 20, 80}, {2300, 7, 110, -10, 75}} {
			b, ok := printOf(warp(g, v[0], v[1], v[2], v[3], v[4]))
			fmt.Println(p, v, Distance(&a, &b), ok)
		}
	}
}

func TestBox(t *testing.T) {
	for _, p := range strings.Fields(os.Getenv("TRY")) {
		g, err := load(p)
		if err != nil {
			continue
		}
		for _, v := range [][5]int{{1000, 0, 100, 0, 60}, {1500, 3, 100, 0, 85}, {900, -2, 80, 20, 80}, {700, -5, 80, 20, 80}, {2300, 7, 110, -10, 75}} {
			f := Find(warp(g, v[0], v[1], v[2], v[3], v[4]))
			for _, f := range f[:1] {
				b := f.Bounds
				fmt.Println(v, b.Min.X*1000/v[0]+v[1], b.Min.Y*1000/v[0]-v[1], b.Dx()*1000/v[0], f.Votes)
			}
		}
	}
}

func at(p plane, x, y int) int {
	t := []tap{tapAt(x, p.w)}
	d := []uint8{0}
	p.line(d, t, y)
	return int(d[0])
}
