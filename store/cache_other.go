//go:build !linux

package store

// forgetCached does nothing where the system offers no way to it.
func forgetCached(string) error { return nil }
