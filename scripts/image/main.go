// Command image builds what is flashed onto a Raspberry Pi: the SD card's image
// and signed updates of it. It needs Go and nothing else: the kernel and the
// firmware come as pinned Go modules, which users of the library never see.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	// The kernel and the firmware are files of these modules.
	_ "github.com/gokrazy/firmware"
	_ "github.com/gokrazy/kernel.rpi"
)

const usage = `usage: go run . COMMAND [FLAGS], in scripts/image

  build   build the image of a card
  bundle  build a signed update
  key     make the pair of keys that signs and checks updates
  emulate start an image without a board

"go run . COMMAND -h" says more.
`

// errUsage stands for what has been said on standard error already.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"build": runBuild, "bundle": runBundle, "key": runKey, "emulate": runEmulate,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return errUsage
	}
	return commands[args[0]](ctx, args[1:])
}

// flags returns an empty set that reports its errors instead of exiting.
func flags(name string) *flag.FlagSet {
	return flag.NewFlagSet(name, flag.ContinueOnError)
}

// parse reads the flags. Nothing may follow them.
func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return errUsage
	}
	if err == nil && f.NArg() > 0 {
		return fmt.Errorf("%s: %q: only flags are understood; see %s -h", f.Name(), f.Arg(0), f.Name())
	}
	return err
}

// progress tells what is being done on standard error.
func progress() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}
