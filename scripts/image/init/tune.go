//go:build linux

package main

import (
	"log/slog"
	"os"
)

// tuneKernel sets what the kernel has no better moment for.
func tuneKernel(log *slog.Logger) {
	for name, value := range map[string]string{
		"/proc/sys/kernel/panic":         "10", // seconds until a machine whose kernel gave up starts anew
		"/proc/sys/kernel/panic_on_oops": "1",
		// The terminal listens on port 80 without any privilege, and nobody
		// else is here.
		"/proc/sys/net/ipv4/ip_unprivileged_port_start": "0",
	} {
		if err := os.WriteFile(name, []byte(value), 0); err != nil {
			log.Warn("a setting of the kernel", "name", name, "error", err)
		}
	}
}
