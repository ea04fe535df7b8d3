//go:build !portaria_nosync

package store

// synced is a constant, so that nothing a program is told while it runs can
// keep it from syncing.
const synced = true
