//go:build portaria_nosync

package store

// synced false makes the store acknowledge what no sync has forced to the disk.
// Tests that cut the power are run against such a program first: one that finds
// nothing missing would find nothing at all. What is left is the sync of the
// four empty pages a file begins with, which bbolt offers no way to leave out.
const synced = false
