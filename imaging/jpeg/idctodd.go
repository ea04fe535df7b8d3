package jpeg

// The transforms of 3, 5, 6 and 7 points. The factors are the root of two times cosines of multiples of pi over twice the
// number of points; they are written in place, because no two of these transforms share more than one.

func inverse3(b *block, dst []byte, stride int) {
	var t [9]int32
	for x := range 3 {
		s0, s1, s2 := b[x], b[3+x], b[6+x]
		dc := s0<<fraction + halfUp
		e0, e1 := dc+s2*5793, dc-s2*11585
		o0 := s1 * 10033
		t[x], t[6+x] = (e0+o0)>>first, (e0-o0)>>first
		t[3+x] = e1 >> first
	}
	for y := range 3 {
		s := t[3*y : 3*y+3 : 3*y+3]
		dc := s[0]<<fraction + bias
		e0, e1 := dc+s[2]*5793, dc-s[2]*11585
		o0 := s[1] * 10033
		d := dst[y*stride : y*stride+3 : y*stride+3]
		d[0], d[2] = clamp((e0+o0)>>down), clamp((e0-o0)>>down)
		d[1] = clamp(e1 >> down)
	}
}

func inverse5(b *block, dst []byte, stride int) {
	var t [25]int32
	for x := range 5 {
		s0, s1, s2, s3, s4 := b[x], b[5+x], b[10+x], b[15+x], b[20+x]
		dc := s0<<fraction + halfUp
		e0, e1, e2 := dc+s2*9373+s4*3580, dc-s2*3580-s4*9373, dc-s2*11585+s4*11585
		o0, o1 := s1*11018+s3*6810, s1*6810-s3*11018
		t[x], t[20+x] = (e0+o0)>>first, (e0-o0)>>first
		t[5+x], t[15+x] = (e1+o1)>>first, (e1-o1)>>first
		t[10+x] = e2 >> first
	}
	for y := range 5 {
		s := t[5*y : 5*y+5 : 5*y+5]
		dc := s[0]<<fraction + bias
		e0, e1, e2 := dc+s[2]*9373+s[4]*3580, dc-s[2]*3580-s[4]*9373, dc-s[2]*11585+s[4]*11585
		o0, o1 := s[1]*11018+s[3]*6810, s[1]*6810-s[3]*11018
		d := dst[y*stride : y*stride+5 : y*stride+5]
		d[0], d[4] = clamp((e0+o0)>>down), clamp((e0-o0)>>down)
		d[1], d[3] = clamp((e1+o1)>>down), clamp((e1-o1)>>down)
		d[2] = clamp(e2 >> down)
	}
}

func inverse6(b *block, dst []byte, stride int) {
	var t [36]int32
	for x := range 6 {
		s0, s1, s2, s3, s4, s5 := b[x], b[6+x], b[12+x], b[18+x], b[24+x], b[30+x]
		dc := s0<<fraction + halfUp
		e0, e1, e2 := dc+s2*10033+s4*5793, dc-s4*11585, dc-s2*10033+s4*5793
		o0, o1, o2 := s1*11190+s3<<fraction+s5*2998, s1<<fraction-s3<<fraction-s5<<fraction, s1*2998-s3<<fraction+s5*11190
		t[x], t[30+x] = (e0+o0)>>first, (e0-o0)>>first
		t[6+x], t[24+x] = (e1+o1)>>first, (e1-o1)>>first
		t[12+x], t[18+x] = (e2+o2)>>first, (e2-o2)>>first
	}
	for y := range 6 {
		s := t[6*y : 6*y+6 : 6*y+6]
		dc := s[0]<<fraction + bias
		e0, e1, e2 := dc+s[2]*10033+s[4]*5793, dc-s[4]*11585, dc-s[2]*10033+s[4]*5793
		o0, o1, o2 := s[1]*11190+s[3]<<fraction+s[5]*2998, s[1]<<fraction-s[3]<<fraction-s[5]<<fraction, s[1]*2998-s[3]<<fraction+s[5]*11190
		d := dst[y*stride : y*stride+6 : y*stride+6]
		d[0], d[5] = clamp((e0+o0)>>down), clamp((e0-o0)>>down)
		d[1], d[4] = clamp((e1+o1)>>down), clamp((e1-o1)>>down)
		d[2], d[3] = clamp((e2+o2)>>down), clamp((e2-o2)>>down)
	}
}

func inverse7(b *block, dst []byte, stride int) {
	var t [49]int32
	for x := range 7 {
		s0, s1, s2, s3, s4, s5, s6 := b[x], b[7+x], b[14+x], b[21+x], b[28+x], b[35+x], b[42+x]
		dc := s0<<fraction + halfUp
		e0, e1, e2, e3 := dc+s2*10438+s4*7223+s6*2578, dc+s2*2578-s4*10438-s6*7223, dc-s2*7223-s4*2578+s6*10438, dc-s2*11585+s4*11585-s6*11585
		o0, o1, o2 := s1*11295+s3*9058+s5*5027, s1*9058-s3*5027-s5*11295, s1*5027-s3*11295+s5*9058
		t[x], t[42+x] = (e0+o0)>>first, (e0-o0)>>first
		t[7+x], t[35+x] = (e1+o1)>>first, (e1-o1)>>first
		t[14+x], t[28+x] = (e2+o2)>>first, (e2-o2)>>first
		t[21+x] = e3 >> first
	}
	for y := range 7 {
		s := t[7*y : 7*y+7 : 7*y+7]
		dc := s[0]<<fraction + bias
		e0, e1, e2, e3 := dc+s[2]*10438+s[4]*7223+s[6]*2578, dc+s[2]*2578-s[4]*10438-s[6]*7223, dc-s[2]*7223-s[4]*2578+s[6]*10438, dc-s[2]*11585+s[4]*11585-s[6]*11585
		o0, o1, o2 := s[1]*11295+s[3]*9058+s[5]*5027, s[1]*9058-s[3]*5027-s[5]*11295, s[1]*5027-s[3]*11295+s[5]*9058
		d := dst[y*stride : y*stride+7 : y*stride+7]
		d[0], d[6] = clamp((e0+o0)>>down), clamp((e0-o0)>>down)
		d[1], d[5] = clamp((e1+o1)>>down), clamp((e1-o1)>>down)
		d[2], d[4] = clamp((e2+o2)>>down), clamp((e2-o2)>>down)
		d[3] = clamp(e3 >> down)
	}
}
