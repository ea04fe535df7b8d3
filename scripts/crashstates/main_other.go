//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "crashstates needs Linux and strace")
	os.Exit(2)
}
