// Command photobench measures what a photo costs: package imaging beside the plain way (decode, fit with Lanczos, encode), and
// beside libvips and libjpeg-turbo where a compiler and their headers are installed. The measure is CPU time of user and
// system, all ways in turn in each round and the median of the rounds, because others share the processors. Run it
// with "go run ./scripts/photobench"; its script "install" fetches what it can compare with.
//
// It judges nobody: a missed goal is a word in the table, and the exit status only tells whether everything worked.
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"

	"portaria/imaging"
)

// box is what a terminal keeps a photo in.
var box = image.Pt(640, 480)

func main() {
	rounds := flag.Int("rounds", 3, "how often everything is measured")
	photos := flag.Int("photos", 4, "photos of each size, at most")
	folder := flag.String("from", "/usr/share/backgrounds", "folder of JPEGs to make the inputs from; drawn ones if it has none")
	only := flag.String("only", "", "measure only classes whose name begins like this")
	ours := flag.Bool("ours", false, "measure only package imaging")
	quality := flag.Bool("quality", true, "compare the pictures too")
	flag.Parse()
	if file := os.Getenv(onePhoto); file != "" {
		// A process of its own, for the peak of its memory.
		upload, err := os.ReadFile(file)
		if err == nil {
			_, err = imaging.Normalize(context.Background(), upload, spec())
		}
		if err == nil {
			err = printPeak()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "photobench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*rounds, *photos, *folder, *only, *ours, *quality); err != nil {
		fmt.Fprintln(os.Stderr, "photobench:", err)
		os.Exit(1)
	}
}

func run(rounds, photos int, folder, only string, ours, quality bool) error {
	temp, err := os.MkdirTemp("", "photobench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // the system clears it up sooner or later
	sources, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	if err != nil {
		return err
	}
	classes, err := inputs(sources, photos, only, temp)
	if err != nil {
		return err
	}
	ways := []way{{name: "imaging", cpu: normalize}}
	if !ours {
		ways = append(ways, way{name: "plain", cpu: plain})
		ways = append(ways, rivals(temp)...)
	}
	fmt.Printf("CPU ms a photo into %dx%d, quality 85\n", box.X, box.Y)
	if err := costs(classes, ways, rounds); err != nil {
		return err
	}
	if err := passing(classes, ways, rounds); err != nil {
		return err
	}
	if err := memory(classes); err != nil {
		return err
	}
	if quality {
		return compare(classes)
	}
	return nil
}
