package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// A terminal's heap is a few megabytes, of which the collector would otherwise
// make a round for every few hundred photos served. Four times the garbage is
// still little, until a large photo is decoded: from memoryEnough on, and on a
// small board from its share of the machine on, the collector minds every byte.
const (
	garbagePercent = 400
	memoryEnough   = 128 << 20
	memoryShare    = 0.6 // of the machine's memory
)

// tuneMemory sets the collector up, unless the environment already does.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(memoryEnough)
	if total := totalMemory(); total > 0 {
		limit = min(limit, int64(memoryShare*float64(total)))
	}
	debug.SetMemoryLimit(limit)
}

// totalMemory is the machine's memory in bytes, 0 where it cannot be read.
func totalMemory() int64 {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kilobytes int64
		if text, ok := strings.CutPrefix(lines.Text(), "MemTotal:"); ok {
			if _, err := fmt.Sscan(text, &kilobytes); err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}
