package main

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in a release.
var version = "dev"

// defineVersion prints one line: the version, the platform, the compiler.
func defineVersion(*flag.FlagSet) func(streams) error {
	return func(s streams) error {
		_, err := fmt.Fprintf(s.out, "portaria %s %s/%s %s\n", fullVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
		return err
	}
}

// fullVersion is the version, or what the build knows of its commit.
func fullVersion() string {
	if version != "dev" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return version + "+" + setting.Value[:12]
		}
	}
	return version
}
