//go:build linux && (arm || 386)

package main

import (
	"math"

	"golang.org/x/sys/unix"
)

func setOffset(t *unix.Timex, microseconds int64) {
	t.Offset = int32(max(math.MinInt32, min(math.MaxInt32, microseconds)))
}
