// Command image builds what is flashed onto a Raspberry Pi: the SD card's image
// and signed updates of it. It needs Go and nothing else: the kernel and the
// firmware come as pinned Go modules, which users of the library never see.
package main

import (
	// The kernel and the firmware are files of these modules.
	_ "github.com/gokrazy/firmware"
	_ "github.com/gokrazy/kernel.rpi"
)

func main() {}
