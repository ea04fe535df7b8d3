//go:build linux

// Program init is PID 1 of the SD image: it readies the machine, keeps the
// terminal running, and answers the terminal on the board's socket. It never
// judges what the terminal does, and never formats or repairs the data.
package main

import (
	"fmt"
	"os"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init is the first program of portaria's SD image and does nothing else; build an image with `make image` and boot it")
		os.Exit(2)
	}
	newMachine().live()
}
