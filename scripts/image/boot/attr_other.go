//go:build !linux

package boot

import "syscall"

// tied can only be had on Linux; elsewhere the tests end the emulator.
func tied() *syscall.SysProcAttr { return nil }
