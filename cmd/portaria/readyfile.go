package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// readyFile is what the ready file says.
type readyFile struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
	Pin string `json:"certificate,omitempty"` // its fingerprint
}

// checkReadyFile refuses a place where it cannot be written.
func (c *serveCmd) checkReadyFile() error {
	if c.readyFile == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(c.readyFile)); err != nil || !info.IsDir() {
		return fmt.Errorf("--ready-file %s is in no folder; make the folder, or take another", c.readyFile)
	}
	return replaceable("--ready-file", c.readyFile)
}

// forgetReady removes the file, which says that a terminal answers: when it no
// longer does, and when one that was killed has left it behind.
func (c *serveCmd) forgetReady() {
	if c.readyFile != "" {
		_ = os.Remove(c.readyFile)
	}
}

// writeReadyFile says where the terminal answers; whoever sees the file sees
// all of it.
func (c *serveCmd) writeReadyFile(url, pin string) error {
	if c.readyFile == "" {
		return nil
	}
	text, err := json.Marshal(readyFile{url, os.Getpid(), pin})
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(c.readyFile), ".ready-*")
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	_, err = draft.Write(append(text, '\n'))
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), c.readyFile)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
		return fmt.Errorf("ready file: %w", err)
	}
	return nil
}
