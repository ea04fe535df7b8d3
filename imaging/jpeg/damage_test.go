package jpeg

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestMutations damages every seed in thousands of ways, and asks both decoders.
func TestMutations(t *testing.T) {
	t.Parallel()
	times := 400
	if testing.Short() {
		times = 20
	}
	// More on demand: each seed is then damaged so many times, in new ways.
	if text := os.Getenv("PORTARIA_MUTATIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		times = n
	}
	for name, data := range seeds(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d Decoder
			random := rand.New(rand.NewPCG(uint64(len(data)), 7))
			said := map[string]int{}
			for i := range times {
				damaged := damage(random, data)
				if !affordable(damaged) {
					continue
				}
				said[agree(t, &d, name, damaged)]++
				if t.Failed() {
					t.Fatalf("at mutation %d", i)
				}
			}
		})
	}
}

// damage returns data with a few bytes changed, cut out, doubled or cut off.
func damage(random *rand.Rand, data []byte) []byte {
	out := bytes.Clone(data)
	for range 1 + random.IntN(3) {
		if len(out) < 4 {
			return out
		}
		at := random.IntN(len(out))
		switch random.IntN(8) {
		case 0, 1, 2:
			out[at] ^= 1 << random.IntN(8)
		case 3:
			out[at] = byte(random.Uint32())
		case 4:
			out = slices.Delete(out, at, min(at+1+random.IntN(8), len(out)))
		case 5:
			end := min(at+1+random.IntN(8), len(out))
			out = slices.Insert(out, at, out[at:end]...)
		case 6:
			out = out[:at]
		case 7:
			out = slices.Insert(out, at, 0xff, byte(0xc0+random.IntN(64)))
		}
	}
	return out
}

// TestTolerance is the table of DESIGN.md: what is wrong with a file, and what becomes of it.
func TestTolerance(t *testing.T) {
	t.Parallel()
	whole := seed(t, "baseline-420.jpg")
	restarts := seed(t, "baseline-422-restart.jpg")
	end := len(whole) - 2
	first := bytes.Index(restarts, []byte{0xff, markRST0})
	second := bytes.Index(restarts, []byte{0xff, markRST0 + 1})
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"a whole file", whole, nil},
		{"a table announced at the end of its segment", slices.Insert(bytes.Clone(whole), 2, 0xff, markDQT, 0, 3, 0), nil},
		{"a table cut short", slices.Insert(bytes.Clone(whole), 2, 0xff, markDQT, 0, 4, 0, 1), ErrFormat},
		{"no end marker", whole[:end], nil},
		{"half an end marker", whole[:end+1], nil},
		{"bytes behind the end", append(bytes.Clone(whole), "more"...), nil},
		{"a second picture behind the end", append(bytes.Clone(whole), whole...), nil},
		{"stray bytes behind the scan", slices.Insert(bytes.Clone(whole), end, 1, 2, 3), nil},
		{"a stuffed zero between segments", slices.Insert(bytes.Clone(whole), 2, 0xff, 0), nil},
		{"fill bytes before a marker", slices.Insert(bytes.Clone(whole), 2, 0xff, 0xff), nil},
		{"a restart marker behind the scan", slices.Insert(bytes.Clone(whole), end, 0xff, markRST0), nil},
		{"the last coded byte missing", slices.Delete(bytes.Clone(whole), end-1, end), ErrFormat},
		{"half the scan missing", slices.Delete(bytes.Clone(whole), end-500, end), ErrFormat},
		{"cut off in the scan", whole[:end-500], ErrFormat},
		{"cut off in a table", whole[:100], ErrFormat},
		{"nothing but a start", whole[:2], ErrFormat},
		{"no start", whole[2:], ErrFormat},
		{"a zero behind fill bytes", slices.Insert(bytes.Clone(whole), 2, 0xff, 0xff, 0), ErrFormat},
		{"stray bytes before a restart marker", slices.Insert(bytes.Clone(restarts), first, 1, 2), nil},
		{"a stuffed byte before a restart marker", slices.Insert(bytes.Clone(restarts), first, 0xff, 0), nil},
		{"fill bytes before a restart marker", slices.Insert(bytes.Clone(restarts), first, 0xff, 0xff), nil},
		{"a missing restart marker", slices.Delete(bytes.Clone(restarts), first, first+2), ErrFormat},
		{"another restart marker", slices.Replace(bytes.Clone(restarts), first, first+2, 0xff, markRST0+2), ErrFormat},
		{"a lost interval", slices.Delete(bytes.Clone(restarts), first, second), ErrFormat},
	} {
		var d Decoder
		if _, err := d.Decode(t.Context(), tt.data, image.Point{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if _, err := std(tt.data); (err == nil) != (tt.want == nil) {
			t.Errorf("%s: image/jpeg says %v", tt.name, err)
		}
		if _, err := d.Check(t.Context(), tt.data); !errors.Is(err, tt.want) {
			t.Errorf("%s: Check says %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestCheckAgrees checks that reading without making a picture finds the same faults.
func TestCheckAgrees(t *testing.T) {
	t.Parallel()
	for name, data := range seeds(t) {
		var d, full Decoder
		random := rand.New(rand.NewPCG(3, uint64(len(data))))
		for range 60 {
			damaged := damage(random, data)
			if !affordable(damaged) {
				continue
			}
			_, got := d.Check(t.Context(), damaged)
			if d.process == markSOF2 {
				continue
			}
			_, want := full.Decode(t.Context(), damaged, image.Point{})
			_, luma := full.Luma(t.Context(), damaged, 10)
			for _, class := range []error{ErrFormat, ErrUnsupported} {
				if errors.Is(got, class) != errors.Is(want, class) || errors.Is(luma, class) != errors.Is(want, class) {
					t.Errorf("%s: Check %v, Luma %v, Decode %v", name, got, luma, want)
				}
			}
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits Limits
		file   string
		want   error
	}{
		{"no limits", Limits{}, "progressive-420.jpg", nil},
		{"exactly the pixels", Limits{Pixels: 69 * 53}, "baseline-420.jpg", nil},
		{"a pixel more", Limits{Pixels: 69*53 - 1}, "baseline-420.jpg", ErrLimit},
		{"exactly the scans", Limits{Scans: 10}, "progressive-420.jpg", nil},
		{"a scan more", Limits{Scans: 9}, "progressive-420.jpg", ErrLimit},
		{"planes and file fit", Limits{Memory: 80*64*3/2 + 2327}, "baseline-420.jpg", nil},
		{"planes and file fit but for a byte", Limits{Memory: 80*64*3/2 + 2326}, "baseline-420.jpg", ErrLimit},
		{"coefficients need more", Limits{Memory: 80*64*3/2 + 4000}, "progressive-420.jpg", ErrLimit},
	} {
		d := Decoder{Limits: tt.limits}
		if _, err := d.Decode(t.Context(), seed(t, tt.file), image.Point{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestBeyondAddresses claims more pixels than 32 bits can address: that is an error like any other.
func TestBeyondAddresses(t *testing.T) {
	t.Parallel()
	if math.MaxInt > math.MaxInt32 {
		t.Skip("this program can address them")
	}
	data := bytes.Clone(seed(t, "baseline-420.jpg"))
	frame := bytes.Index(data, []byte{0xff, markSOF0})
	copy(data[frame+5:], []byte{0xff, 0xff, 0xff, 0xff})
	var d Decoder
	if _, err := d.Decode(t.Context(), data, image.Point{}); !errors.Is(err, ErrLimit) {
		t.Errorf("65535x65535: %v, want ErrLimit", err)
	}
}

// counting is a context that ends after it has been asked a number of times.
type counting struct {
	context.Context
	asked, end int
}

func (c *counting) Err() error {
	if c.asked++; c.asked > c.end {
		return context.DeadlineExceeded
	}
	return nil
}

func TestContext(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"baseline-420.jpg", "baseline-grey-restart.jpg", "progressive-420.jpg", "progressive-grey.jpg"} {
		t.Run(name+": the context is asked all along and its error handed on", func(t *testing.T) {
			t.Parallel()
			var d Decoder
			all := &counting{Context: t.Context(), end: 1 << 30}
			if _, err := d.Decode(all, seed(t, name), image.Point{}); err != nil {
				t.Fatal(err)
			}
			if all.asked < 2 {
				t.Errorf("asked %d times", all.asked)
			}
			for end := range all.asked {
				_, err := d.Decode(&counting{Context: t.Context(), end: end}, seed(t, name), image.Point{})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("ended at look %d: %v", end, err)
				}
			}
		})
	}
	t.Run("empty scans over a large picture end with it", func(t *testing.T) {
		t.Parallel()
		// One code of a bit: the end of 2^14 blocks, and none more as the next 14 bits say.
		data := []byte("\xff\xd8\xff\xc4\x00\x14\x10\x01" + string(make([]byte, 15)) + "\xe0" +
			"\xff\xc2\x00\x0b\x08\x07\xd0\x2e\xe0\x01\x01\x11\x00")
		scan := "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10" + string(make([]byte, 60))
		data = append(data, bytes.Repeat([]byte(scan), 50)...)
		var d Decoder
		all := &counting{Context: t.Context(), end: 1 << 30}
		if _, err := d.Decode(all, data, image.Pt(200, 33)); err != nil {
			t.Fatal(err)
		}
		if rows := 50 * 250; all.asked < rows {
			t.Errorf("asked %d times in %d rows of blocks", all.asked, rows)
		}
	})
}

// TestNothingOfThePictureBefore decodes into buffers that hold another picture.
func TestNothingOfThePictureBefore(t *testing.T) {
	t.Parallel()
	for name, data := range seeds(t) {
		var fresh, used Decoder
		want, err := fresh.Decode(t.Context(), data, image.Point{})
		if err != nil {
			continue
		}
		if _, err := used.Decode(t.Context(), seed(t, "progressive-444-restart.jpg"), image.Point{}); err != nil {
			t.Fatal(err)
		}
		got, err := used.Decode(t.Context(), data, image.Point{})
		if err != nil {
			t.Errorf("%s: %v in used buffers", name, err)
			continue
		}
		for i := range want.Planes {
			if !bytes.Equal(samplesOf(want.Planes[i]), samplesOf(got.Planes[i])) {
				t.Errorf("%s: plane %d depends on what was decoded before", name, i)
			}
		}
	}
	t.Run("a plane that has no scan is empty", func(t *testing.T) {
		t.Parallel()
		data := seed(t, "baseline-420-planes.jpg")
		scan := bytes.LastIndex(data, []byte{0xff, markSOS})
		var d Decoder
		if _, err := d.Decode(t.Context(), data, image.Point{}); err != nil {
			t.Fatal(err)
		}
		p, err := d.Decode(t.Context(), data[:scan], image.Point{})
		if err != nil {
			t.Fatal(err)
		}
		if left := bytes.Trim(samplesOf(p.Planes[2]), "\x00"); len(left) > 0 {
			t.Errorf("%d samples of the picture before", len(left))
		}
	})
}
