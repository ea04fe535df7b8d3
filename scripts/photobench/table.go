package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"portaria/imaging"
)

// goals of package imaging: what part of the plain way it may cost, by megapixels, and of the others.
var plainGoals = map[float64]float64{0.3: 1 / 3.5, 1: 1.0 / 5, 2: 1.0 / 8, 5: 1.0 / 10, 12: 1.0 / 15}

const (
	vipsGoal  = 0.6
	turboGoal = 1.6
	passGoal  = 1.0 / 15
	allocGoal = 0.2
	rssGoal   = 30.0
)

// verdict says how a ratio compares with its goal.
func verdict(got, goal float64) string {
	if got <= goal {
		return "met"
	}
	return "MISSED"
}

// costs prints the CPU of every way for every class.
func costs(classes []class, ways []way, rounds int) error {
	for _, c := range classes {
		ms, err := medians(c, ways, rounds)
		if err != nil {
			return err
		}
		var line strings.Builder
		for i, w := range ways {
			fmt.Fprintf(&line, "%s %.2f  ", w.name, ms[i])
		}
		for i, w := range ways[1:] {
			ratio := ms[0] / ms[i+1]
			goal, ok := 0.0, false
			switch w.name {
			case "plain":
				goal, ok = plainGoals[c.megapixels]
				ok = ok && c.baseline
				fmt.Fprintf(&line, "| 1/%.1f of plain", 1/ratio)
				if ok {
					fmt.Fprintf(&line, " (goal 1/%.1f %s)", 1/goal, verdict(ratio, goal))
				}
				continue
			case "libvips":
				goal, ok = vipsGoal, true
			case "libjpeg-turbo":
				goal, ok = turboGoal, true
			}
			fmt.Fprintf(&line, " | %.2f of %s", ratio, w.name)
			if ok {
				fmt.Fprintf(&line, " (goal %.1f %s)", goal, verdict(ratio, goal))
			}
		}
		fmt.Printf("%-18s %s\n", c.name, line.String())
	}
	return nil
}

// medians measures all ways in turn.
func medians(c class, ways []way, rounds int) ([]float64, error) {
	seen := make([][]float64, len(ways))
	for range rounds {
		for i, w := range ways {
			ms, err := w.cpu(c)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", c.name, w.name, err)
			}
			seen[i] = append(seen[i], ms)
		}
	}
	out := make([]float64, len(ways))
	for i := range seen {
		slices.Sort(seen[i])
		out[i] = seen[i][len(seen[i])/2]
	}
	return out, nil
}

// passing measures uploads that are already what the terminal keeps: proven and stripped, not coded again.
func passing(classes []class, ways []way, rounds int) error {
	for _, c := range classes {
		if !c.baseline || c.megapixels != 0.3 {
			continue
		}
		kept := class{name: "kept as it is", megapixels: 0.3}
		for i, upload := range c.uploads {
			photo, err := imaging.Normalize(context.Background(), upload, spec())
			if err != nil {
				return err
			}
			comment := []byte("\xff\xfe\x00\x06GPS!")
			kept.uploads = append(kept.uploads, slices.Concat(photo.JPEG[:2], comment, photo.JPEG[2:]))
			kept.files = append(kept.files, c.files[i])
		}
		ways = ways[:min(2, len(ways))]
		ms, err := medians(kept, ways, rounds)
		if err != nil {
			return err
		}
		fmt.Printf("%-18s imaging %.3f", kept.name, ms[0])
		if len(ms) > 1 {
			fmt.Printf("  plain %.2f | 1/%.1f of plain (goal 1/%.0f %s)", ms[1], ms[1]/ms[0], 1/passGoal, verdict(ms[0]/ms[1], passGoal))
		}
		fmt.Println()
	}
	return nil
}

// memory measures what a photo allocates once the buffers exist, and the peak of a process that makes one photo.
func memory(classes []class) error {
	for _, c := range classes {
		if c.megapixels < 2 {
			continue
		}
		var before, after runtime.MemStats
		const times = 5
		for i := range times + 1 {
			if i == 1 {
				runtime.ReadMemStats(&before)
			}
			for _, upload := range c.uploads {
				if _, err := imaging.Normalize(context.Background(), upload, spec()); err != nil {
					return err
				}
			}
		}
		runtime.ReadMemStats(&after)
		mb := float64(after.TotalAlloc-before.TotalAlloc) / float64(times*len(c.uploads)) / 1e6
		fmt.Printf("%-18s allocates %.3f MB a photo (goal %.1f %s)", c.name, mb, allocGoal, verdict(mb, allocGoal))
		peak, err := peak(c.files[0])
		if err != nil {
			return err
		}
		fmt.Printf(", peak of a process %.1f MB (goal %.0f %s)\n", peak, rssGoal, verdict(peak, rssGoal))
	}
	return nil
}

// peak runs this program again to make one photo and returns the megabytes it was resident with at most.
func peak(file string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	one := exec.Command(self)
	one.Env = append(os.Environ(), onePhoto+"="+file)
	out, err := one.Output()
	if err != nil {
		return 0, fmt.Errorf("one photo: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// printPeak prints the peak of this process in megabytes. It asks for the memory of this program alone: what getrusage tells
// includes that of the parent, up to the moment the program was loaded.
func printPeak() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kB float64
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		return fmt.Errorf("peak of memory: %w", err)
	}
	fmt.Println(kB / 1024)
	return nil
}

// onePhoto is the variable that names the file of which peak wants a photo.
const onePhoto = "PHOTOBENCH_ONE"
