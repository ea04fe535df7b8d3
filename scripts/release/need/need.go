// Package need gives tests the programs of the system that they want. A test
// whose program is missing is skipped on a developer's machine, and fails
// where PACKAGE_TESTS=required says that all have to be there.
package need

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

const variable = "PACKAGE_TESTS"

// Patience bounds the waits of tests. It is not a time that anything is asserted
// to take.
const Patience = 5 * time.Minute

// Time skips a test that builds and installs in a short run.
func Time(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("this takes a while")
	}
}

// Program returns the path of name, which the Debian package holds.
func Program(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not here: apt-get install "+debianPackage)
	}
	return path
}

// Root asks for root, and one that may mount: in a container it mostly may not.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "this needs root")
	}
	if out, err := exec.Command("unshare", "--mount", "--net", "true").CombinedOutput(); err != nil {
		Missing(t, "this needs namespaces of mounts and networks: "+string(out))
	}
}

// Missing ends the test for what is missing.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(variable) == "required" {
		t.Fatalf("%s, and %s=required", what, variable)
	}
	t.Skip(what)
}

// Run runs a program and returns what it prints; a failure ends the test.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
