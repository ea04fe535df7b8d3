//go:build linux && (arm64 || amd64 || riscv64)

package main

import "golang.org/x/sys/unix"

func setOffset(t *unix.Timex, microseconds int64) { t.Offset = microseconds }
