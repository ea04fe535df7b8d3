//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "init is the first program of portaria's SD image, which runs Linux; build an image with `make image` and boot it")
	os.Exit(2)
}
