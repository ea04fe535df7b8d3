package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"portaria/scripts/image/build"
	"portaria/scripts/image/bundle"
)

func runBundle(ctx context.Context, args []string) error {
	f := flags("bundle")
	var s system
	s.register(f, "portaria-arm64.update")
	key := f.String("key", "", "`file` with the private key that signs the update")
	if err := parse(f, args); err != nil {
		return err
	}
	private, err := readKey(*key)
	if err != nil {
		return err
	}
	o, err := s.options(ctx)
	if err != nil {
		return err
	}
	if s.pub == "" {
		// A system that does not trust its own maker could not be updated again.
		o.UpdateKeys = []byte(bundle.PublicLine(private.Public().(ed25519.PublicKey)))
	}
	started := time.Now()
	if err := write(s.out, func(w *os.File) error { return writeBundle(ctx, o, private, w) }); err != nil {
		return err
	}
	o.Log.Info("done", "file", s.out, "version", o.Info.Version, "took", time.Since(started).Round(time.Millisecond))
	return nil
}

func writeBundle(ctx context.Context, o build.Options, key ed25519.PrivateKey, w io.Writer) error {
	slot, err := os.CreateTemp("", "portaria-slot-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(slot.Name()) }()
	defer slot.Close()
	if err := build.Slot(ctx, o, slot); err != nil {
		return err
	}
	if _, err := slot.Seek(0, io.SeekStart); err != nil {
		return err
	}
	o.Log.Info("packing the update")
	out := bufio.NewWriter(w)
	if err := bundle.Write(out, key, o.Info, slot); err != nil {
		return err
	}
	return out.Flush()
}

func readKey(name string) (ed25519.PrivateKey, error) {
	if name == "" {
		return nil, errors.New("an update has to be signed: say -key FILE; make one with: go run . key")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w; make a key with: go run . key", err)
	}
	key, err := bundle.ParsePrivate(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

func runKey(_ context.Context, args []string) error {
	f := flags("key")
	dir := f.String("dir", ".", "write update.key and update.pub into this `directory`")
	if err := parse(f, args); err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	secret, open := filepath.Join(*dir, "update.key"), filepath.Join(*dir, "update.pub")
	if err := create(secret, 0o600, bundle.PrivateLine(private)); err != nil {
		return err
	}
	if err := create(open, 0o644, bundle.PublicLine(public)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s signs updates: keep it secret, and safe, for cards built with %s take no others\n", secret, open)
	return nil
}

// create writes a new file and leaves an old one alone: a key that is lost
// leaves its cards without updates.
func create(name string, mode os.FileMode, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
