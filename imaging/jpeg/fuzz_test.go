package jpeg

import (
	"errors"
	"image"
	"runtime"
	"testing"
)

// FuzzDecode asks this package and image/jpeg about any bytes: both accept them, or both refuse. Nothing panics, and
// nothing is allocated beyond what Limits say.
func FuzzDecode(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, uint8(4))
	}
	f.Fuzz(func(t *testing.T, data []byte, part uint8) {
		if !affordable(data) {
			return
		}
		const memory = 64 << 20
		d := Decoder{Limits: Limits{Pixels: 2_000_000, Memory: memory, Scans: 100}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		full, err := d.Decode(t.Context(), data, image.Point{})
		runtime.ReadMemStats(&after)
		if after.TotalAlloc-before.TotalAlloc > memory+8<<20 {
			t.Errorf("%d bytes allocated", after.TotalAlloc-before.TotalAlloc)
		}
		if errors.Is(err, ErrLimit) {
			return
		}
		agree(t, &d, "fuzz", data)
		_, checked := d.Check(t.Context(), data)
		if d.process != markSOF2 && errors.Is(checked, ErrFormat) != errors.Is(err, ErrFormat) {
			t.Errorf("Check: %v, Decode: %v", checked, err)
		}
		if err != nil {
			return
		}
		size := image.Pt(max(1, full.Size.X*int(part%9)/8), max(1, full.Size.Y*int(part%9)/8))
		p, err := d.Decode(t.Context(), data, size)
		if err != nil {
			t.Fatalf("%v at full size only", err)
		}
		var r Resampler
		for _, plane := range p.Planes {
			turn := Turn{MirrorX: part&16 != 0, MirrorY: part&32 != 0, Transpose: part&64 != 0}
			r.Resample(nil, plane, Half(turn.Swap(size)), turn)
		}
	})
}
