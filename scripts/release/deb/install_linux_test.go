package deb

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/scripts/release/build"
	"portaria/scripts/release/need"
)

// settings are an administrator's. The ready file is the test's way to find
// the port.
const settings = "# by hand\nPORTARIA_LISTEN=127.0.0.1:0\nPORTARIA_READY_FILE=/tmp/ready.json\n"

// TestInstall follows a package through its life: installed, at work,
// upgraded, removed, purged.
func TestInstall(t *testing.T) {
	need.Time(t)
	t.Parallel()
	m := &machine{client: client{t: t}, root: need.Debian(t)}
	old, next := packaged(t, "v1.0.0", build.LinuxAMD64), packaged(t, "v1.0.1", build.LinuxAMD64)
	photo, err := os.ReadFile("../../../testdata/photo/plain-320x240.jpg")
	if err != nil {
		t.Fatal(err)
	}
	const wanted = "/etc/systemd/system/multi-user.target.wants/portaria.service"

	m.dpkg("-i", old)
	if !m.has("/usr/bin/portaria") || !m.has(wanted) {
		t.Fatal("installed, and not there or not started at boot")
	}
	m.write("/etc/default/portaria", settings)
	m.stateFolder()
	m.start()
	session := m.login("admin", "admin")
	m.post("/change_login.fcgi?session="+session, `{"login":"porter","password":"of the door"}`)
	session = m.login("porter", "of the door")
	m.post("/user_set_image.fcgi?user_id=1&session="+session, string(photo))
	m.stop()

	m.dpkg("-i", next)
	if got := m.plainly("/usr/bin/portaria", "version"); !strings.HasPrefix(got, "portaria v1.0.1 ") {
		t.Errorf("after the upgrade it says %q", got)
	}
	if got := m.read("/etc/default/portaria"); got != settings {
		t.Errorf("after the upgrade the settings are %q", got)
	}
	m.start()
	session = m.login("porter", "of the door")
	if got := m.post("/user_get_image.fcgi?user_id=1&session="+session, ""); !bytes.Equal(got, photo) {
		t.Errorf("after the upgrade the photo has %d bytes, not the %d that went in", len(got), len(photo))
	}
	m.stop()

	// Whoever disabled the service does not find it enabled by an upgrade.
	if err := os.Remove(m.root + wanted); err != nil {
		t.Fatal(err)
	}
	m.dpkg("-i", next)
	if m.has(wanted) {
		t.Error("an upgrade enabled what was disabled")
	}

	m.dpkg("-r", "portaria")
	if m.has("/usr/bin/portaria") {
		t.Error("removed, and still there")
	}
	if !m.has("/var/lib/private/portaria/portaria.db") || m.read("/etc/default/portaria") != settings {
		t.Error("removed, and data or settings are gone")
	}
	m.dpkg("-P", "portaria")
	var left []string
	for _, dir := range []string{"/etc", "/usr", "/var/lib", "/var/log"} {
		_ = filepath.WalkDir(m.root+dir, func(path string, _ os.DirEntry, _ error) error {
			if strings.Contains(filepath.Base(path), "portaria") {
				left = append(left, path)
			}
			return nil
		})
	}
	if len(left) > 0 {
		t.Errorf("purged, and %q are left", left)
	}
}
