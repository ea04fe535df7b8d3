package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	lanczos "github.com/disintegration/imaging"

	"portaria/imaging"
)

// way is one way to make the photo of the terminal from an upload.
type way struct {
	name string
	cpu  func(c class) (float64, error) // ms of CPU a photo
}

// spent returns the milliseconds of CPU that this process has used.
func spent() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are constants
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

// timed returns the CPU that f takes for a photo of c, over at least a tenth of a second.
func timed(c class, f func(upload []byte) error) (float64, error) {
	start, photos := spent(), 0
	for {
		for _, upload := range c.uploads {
			if err := f(upload); err != nil {
				return 0, err
			}
			photos++
		}
		if took := spent() - start; took > 100 {
			return took / float64(photos), nil
		}
	}
}

func spec() imaging.Spec { return imaging.Spec{MaxBytes: 1 << 20, Box: box} }

func normalize(c class) (float64, error) {
	return timed(c, func(upload []byte) error {
		_, err := imaging.Normalize(context.Background(), upload, spec())
		return err
	})
}

func plain(c class) (float64, error) {
	return timed(c, func(upload []byte) error {
		_, err := plainly(upload)
		return err
	})
}

// plainly is what a program without package imaging would do.
func plainly(upload []byte) ([]byte, error) {
	m, err := jpeg.Decode(bytes.NewReader(upload))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, lanczos.Fit(m, box.X, box.Y, lanczos.Lanczos), &jpeg.Options{Quality: imaging.DefaultQuality})
	return b.Bytes(), err
}

//go:embed rival/turbo.c
var turbo []byte

//go:embed rival/vips.c
var vips []byte

// rivals compiles the programs of others; those that do not compile are skipped with a word.
func rivals(temp string) (ways []way) {
	for _, r := range []struct {
		name    string
		source  []byte
		library string
	}{{"libvips", vips, "vips"}, {"libjpeg-turbo", turbo, "libjpeg"}} {
		program := filepath.Join(temp, r.name)
		if err := compile(program, r.source, r.library); err != nil {
			fmt.Printf("skipped %s: %v (scripts/photobench/install)\n", r.name, err)
			continue
		}
		ways = append(ways, way{r.name, func(c class) (float64, error) { return rival(program, c) }})
	}
	return ways
}

func compile(program string, source []byte, library string) error {
	if err := os.WriteFile(program+".c", source, 0o600); err != nil {
		return err
	}
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", library).Output()
	if err != nil {
		return fmt.Errorf("pkg-config %s: %w", library, err)
	}
	args := append([]string{"-O2", "-o", program, program + ".c"}, strings.Fields(string(flags))...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("gcc: %w: %.200s", err, out)
	}
	return nil
}

// rival runs program over the files of c.
func rival(program string, c class) (float64, error) {
	times := max(1, int(12/c.megapixels/float64(len(c.files))))
	args := append([]string{strconv.Itoa(box.X), strconv.Itoa(box.Y), strconv.Itoa(times)}, c.files...)
	run := exec.Command(program, args...)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	sum, n := 0.0, 0
	for line := range strings.Lines(string(out)) {
		ms, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			return 0, err
		}
		sum += ms
		n++
	}
	return sum / float64(n), nil
}
