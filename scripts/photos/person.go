package main

import (
	"image"
	"image/color"
	"math"
)

// tone is a colour, or what light makes of it.
type tone [3]float64

func (t tone) times(f float64) tone { return tone{t[0] * f, t[1] * f, t[2] * f} }

// over lays o on t, as dense as share says.
func (t tone) over(o tone, share float64) tone {
	for i := range t {
		t[i] += (o[i] - t[i]) * share
	}
	return t
}

// person is somebody who was never born. Lengths are in halves of the head's
// height, from its middle.
type person struct {
	skin, hair, iris, shirt tone
	width                   float64 // of half the head
	eyes                    float64 // from the middle
	eye                     float64 // half its width
	brow                    float64 // its thickness
	nose, mouth             float64 // half widths
	lips                    float64 // thickness
	fringe                  float64 // how far the hair comes down; negative: none
	long                    bool    // hair to the shoulders
	beard                   float64
	glasses                 bool
	turn                    float64 // of the head, to the right of the picture: 1 is far
}

var (
	ana = person{
		skin: tone{222, 172, 142}, hair: tone{58, 38, 28}, iris: tone{60, 40, 30}, shirt: tone{60, 90, 150},
		width: 0.74, eyes: 0.31, eye: 0.14, brow: 0.035, nose: 0.13, mouth: 0.25, lips: 0.075, fringe: 0.42, long: true,
	}
	bruno = person{
		skin: tone{156, 108, 82}, hair: tone{24, 20, 20}, iris: tone{30, 22, 20}, shirt: tone{190, 190, 180},
		width: 0.82, eyes: 0.34, eye: 0.12, brow: 0.065, nose: 0.20, mouth: 0.30, lips: 0.06, fringe: 0.14, beard: 0.8,
	}
	clara = person{
		skin: tone{236, 196, 172}, hair: tone{176, 130, 74}, iris: tone{70, 100, 120}, shirt: tone{150, 60, 80},
		width: 0.70, eyes: 0.29, eye: 0.15, brow: 0.025, nose: 0.11, mouth: 0.20, lips: 0.10, fringe: 0.20, glasses: true,
	}
)

// spot is 1 inside an ellipse around (x, y), 0 outside; soft is how wide its edge is, in parts of its radius.
func spot(u, v, x, y, a, b, soft float64) float64 {
	r := math.Hypot((u-x)/a, (v-y)/b)
	return smooth((1 + soft/2 - r) / soft)
}

// glow is 1 at (x, y) and fades.
func glow(u, v, x, y, a, b float64) float64 {
	return math.Exp(-((u-x)*(u-x)/(a*a) + (v-y)*(v-y)/(b*b)))
}

func smooth(t float64) float64 {
	t = min(max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// at is p's colour at (u, v) on what is behind.
func (p person) at(u, v float64, behind tone) tone {
	c := behind
	if p.long {
		c = c.over(p.hair.times(0.8), spot(u, v, 0, 0.25, p.width*1.35, 1.35, 0.06))
	}
	c = c.over(p.shirt.times(1-0.15*math.Abs(u)), spot(u, v, 0, 2.35, 1.75, 1.15, 0.04))
	c = c.over(p.skin.times(0.72), spot(u, v, 0, 1.05, 0.38, 0.55, 0.06))
	c = c.over(p.hair, spot(u, v, 0, -0.12, p.width*1.12, 1.08, 0.05))
	if !p.long {
		c = c.over(p.skin.times(0.8), max(spot(u, v, -p.width, 0.02, 0.10, 0.22, 0.2), spot(u, v, p.width, 0.02, 0.10, 0.22, 0.2)))
	}
	head := spot(u, v, 0, 0, p.width, 1, 0.04)
	if head == 0 {
		return c
	}
	return c.over(p.face(u, v), head)
}

// face is the colour of the head itself.
func (p person) face(u, v float64) tone {
	turned := p.turn * 0.42
	eye, nose := turned, turned*1.5
	near, far := 1-0.45*math.Max(p.turn, 0), 1-0.45*math.Max(-p.turn, 0) // the right side, the left side
	light := 1.06 - 0.30*math.Pow(math.Abs(u)/p.width, 2.5) - 0.10*v - 0.25*p.turn*u
	c := p.skin.times(light)
	shade := func(amount, strength float64) { c = c.times(1 - amount*strength) }
	paint := func(t tone, amount float64) { c = c.over(t, amount) }

	left, right := eye-p.eyes*far, eye+p.eyes*near
	shade(glow(u, v, left, -0.13, 0.22*far, 0.14), 0.30)
	shade(glow(u, v, right, -0.13, 0.22*near, 0.14), 0.30)
	shade(glow(u, v, nose-p.nose*1.1, 0.10, 0.05, 0.28), 0.16)
	shade(glow(u, v, nose+p.nose*1.1, 0.10, 0.05, 0.28), 0.16)
	c = c.over(tone{255, 245, 235}, 0.22*glow(u, v, nose, 0.10, 0.07, 0.30))
	c = c.over(tone{255, 235, 225}, 0.14*(glow(u, v, eye-0.42, 0.22, 0.2, 0.16)+glow(u, v, eye+0.42, 0.22, 0.2, 0.16)))
	shade(glow(u, v, nose, 0.36, p.nose*1.3, 0.05), 0.40)
	shade(spot(u, v, nose-p.nose*0.55, 0.335, 0.05, 0.03, 0.5), 0.5)
	shade(spot(u, v, nose+p.nose*0.55, 0.335, 0.05, 0.03, 0.5), 0.5)
	shade(glow(u, v, eye, 0.74, 0.22, 0.06), 0.20)

	if p.beard > 0 {
		paint(p.hair, p.beard*smooth((v-0.36+0.30*math.Abs(u))/0.25)*(1-spot(u, v, eye, 0.52, p.mouth*0.9, 0.09, 0.3)))
	}
	paint(tone{150, 62, 66}, spot(u, v, eye, 0.52, p.mouth, p.lips, 0.25))
	paint(tone{70, 26, 30}, spot(u, v, eye, 0.52, p.mouth*0.95, 0.016, 0.6))
	for _, side := range [][2]float64{{left, far}, {right, near}} {
		x, w := side[0], p.eye*side[1]
		paint(p.hair.times(0.8), spot(u, v, x, -0.33+0.25*(u-x)*(u-x)/w*0.8, w*1.45, p.brow, 0.5))
		paint(tone{238, 234, 230}, spot(u, v, x, -0.12, w, 0.062, 0.25))
		paint(p.iris, spot(u, v, x, -0.12, 0.065*side[1], 0.066, 0.25))
		paint(tone{12, 10, 10}, spot(u, v, x, -0.12, 0.03*side[1], 0.03, 0.4))
		paint(tone{34, 22, 20}, spot(u, v, x, -0.175, w*1.05, 0.022, 0.6))
		if p.glasses {
			paint(tone{26, 24, 28}, spot(u, v, x, -0.10, w*1.75, 0.20, 0.1)-spot(u, v, x, -0.10, w*1.5, 0.165, 0.1))
		}
	}
	if p.glasses {
		paint(tone{26, 24, 28}, spot(u, v, eye, -0.14, p.eyes*0.35, 0.022, 0.4))
	}
	if p.fringe >= 0 {
		paint(p.hair, smooth((-0.98+p.fringe+0.25*u*u-v)/0.05+0.5))
	}
	return c
}

// placed is a person in a picture: where the middle of the head is, and half its height, in pixels.
type placed struct {
	person
	x, y, size float64
}

// portrait draws people in front of a wall.
func portrait(w, h int, people ...placed) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	const fine = 3 // samples a side of each pixel
	each(m, func(x, y int) {
		var sum tone
		for k := range fine * fine {
			px, py := float64(x)+(float64(k%fine)+0.5)/fine, float64(y)+(float64(k/fine)+0.5)/fine
			c := tone{206, 210, 206}.times(1.08 - 0.22*py/float64(h) - 0.10*px/float64(w))
			for _, p := range people {
				c = p.at((px-p.x)/p.size, (py-p.y)/p.size, c)
			}
			sum = sum.over(c, 1/float64(k+1))
		}
		m.SetNRGBA(x, y, color.NRGBA{level(sum[0]), level(sum[1]), level(sum[2]), 255})
	})
	return m
}

func level(v float64) uint8 { return uint8(min(max(math.Round(v), 0), 255)) }

// blurred is m seen through a bad lens: each pixel is the mean of a square around it, twice.
func blurred(m *image.NRGBA, reach int) *image.NRGBA {
	for range 2 {
		out := image.NewNRGBA(m.Bounds())
		each(m, func(x, y int) {
			var sum [3]int
			n := 0
			for sy := max(y-reach, 0); sy <= min(y+reach, m.Rect.Dy()-1); sy++ {
				for sx := max(x-reach, 0); sx <= min(x+reach, m.Rect.Dx()-1); sx++ {
					c := m.NRGBAAt(sx, sy)
					sum[0], sum[1], sum[2], n = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B), n+1
				}
			}
			out.SetNRGBA(x, y, color.NRGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		})
		m = out
	}
	return m
}

// portraits are the pictures of people, one verdict each.
func portraits() []picture {
	alone := func(p person, w, h int, x, y, size float64) *image.NRGBA {
		return portrait(w, h, placed{p, x, y, size})
	}
	turned := ana
	turned.turn = 0.48
	face := alone(ana, 320, 240, 160, 112, 72)
	return []picture{
		{"face-ana-320x240.jpg", asJPEG(face)},
		{"face-ana-240x320.jpg", asJPEG(alone(ana, 240, 320, 124, 150, 84))},
		{"face-bruno-320x240.jpg", asJPEG(alone(bruno, 320, 240, 160, 112, 72))},
		{"face-clara-320x240.jpg", asJPEG(alone(clara, 320, 240, 156, 116, 76))},
		{"face-turned-320x240.jpg", asJPEG(alone(turned, 320, 240, 160, 112, 72))},
		{"face-two-320x240.jpg", asJPEG(portrait(320, 240, placed{bruno, 90, 118, 60}, placed{clara, 232, 112, 58}))},
		{"face-distant-480x360.jpg", asJPEG(alone(ana, 480, 360, 240, 176, 14.5))},
		{"face-close-240x240.jpg", asJPEG(alone(ana, 240, 240, 120, 118, 176))},
		{"face-aside-320x240.jpg", asJPEG(alone(ana, 320, 240, 70, 84, 46))},
		{"face-border-240x240.jpg", asJPEG(alone(ana, 240, 240, 120, 54, 66))},
		{"face-blurred-320x240.jpg", asJPEG(blurred(face, 3))},
		{"face-grey-320x240.jpg", asJPEG(grey(face))},
		{"face-none-320x240.jpg", asJPEG(portrait(320, 240))},
	}
}
