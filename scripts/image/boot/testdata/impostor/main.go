// Command impostor stands in the terminal's place in images that tests make,
// to be as bad as a terminal can be. How, is fixed when it is compiled.
package main

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// manner is what it does: "silent" answers nothing, "hanging" answers a few
// times that it is healthy and then nothing, "crashing" ends at once, and "telling" says
// on the console what it sees of the machine. The console has standard error.
var manner string

func main() {
	if manner == "crashing" {
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "impostor:", manner)
	if manner == "telling" {
		tell()
	}
	for manner == "silent" {
		time.Sleep(time.Hour) // select {} would end it as a deadlock
	}
	// Answers are counted and not time: on a slow machine nobody might have heard
	// one before the time was over.
	const answers = 3
	var asked atomic.Int64
	err := http.ListenAndServe(":80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := asked.Add(1); manner == "hanging" && n > answers {
			if n == answers+1 {
				fmt.Fprintln(os.Stderr, "impostor: hangs from now on")
			}
			select {}
		}
		fmt.Fprintln(w, `{"status":"ok"}`)
	}))
	fmt.Fprintln(os.Stderr, "impostor:", err)
	os.Exit(1)
}

func tell() {
	mounts, err := os.ReadFile("/proc/self/mounts")
	fmt.Fprintf(os.Stderr, "impostor: mounts %v\n%s", err, mounts)
	for _, name := range []string{"/new", "/bin/new", "/etc/new", "/init", "/data/new", "/boot/new", "/dev/vda", "/dev/mmcblk0", "/proc/sysrq-trigger"} {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			f.Close()
			fmt.Fprintln(os.Stderr, "impostor: may write", name)
		}
	}
	fmt.Fprintln(os.Stderr, "impostor: told")
}
