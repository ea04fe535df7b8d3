//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: only Linux tells what this measures: CPU time and disk writes of another process")
	os.Exit(1)
}
