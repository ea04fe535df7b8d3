//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "powercut needs Linux: it mounts file systems of its own")
	os.Exit(2)
}
