package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"portaria/scripts/image/boot"
)

// runEmulate plays a board with a card in it, until it is switched off.
func runEmulate(ctx context.Context, args []string) error {
	f := flags("emulate")
	image := f.String("image", "portaria-arm64.img", "start this `file`, as build makes it")
	kept := f.String("card", "", "write the image to this card, a `file`, unless there is one, and keep what becomes of it; without it the card is gone at the end")
	address := f.String("address", "127.0.0.1:8080", "reach the terminal's port 80 at this `host:port`")
	if err := parse(f, args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "portaria-board-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := *kept
	if path == "" {
		path = filepath.Join(dir, "card")
	}
	inserted := &boot.Card{Path: path}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if inserted, err = boot.Copy(*image, path); err != nil {
			return fmt.Errorf("%w; build an image with: go run . build", err)
		}
	}
	fmt.Fprintf(os.Stderr, "The terminal will be at http://%s; Ctrl-C pulls the plug.\n", *address)
	for {
		machine, err := boot.Start(ctx, inserted, boot.Board{Address: *address, Console: os.Stdout}, dir)
		if err != nil {
			return fmt.Errorf("%w; %s is in Debian's package qemu-system-arm", err, boot.Emulator)
		}
		end, err := machine.WaitEnd(ctx)
		if ctx.Err() != nil {
			machine.Kill()
			return nil
		}
		if err != nil || end == boot.PowerOff {
			return err
		}
		fmt.Fprintf(os.Stderr, "The board starts again (%s).\n", end)
	}
}
