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

// TestBoot installs the package on a Debian for arm64 whose systemd runs: the
// unit's fences are the kernel's own there. It takes minutes, the first time
// a quarter of an hour, and is run where BOOT_TESTS=slow asks for it.
func TestBoot(t *testing.T) {
	if os.Getenv("BOOT_TESTS") != "slow" {
		t.Skip("BOOT_TESTS=slow asks for it")
	}
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.img")
	need.Run(t, "cp", "--sparse=always", arm64Disk(t), disk)
	packages := filepath.Join(dir, "packages")
	if err := os.Mkdir(packages, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, version := range map[string]string{"old.deb": "v1.0.0", "new.deb": "v1.0.1"} {
		need.Run(t, "cp", packaged(t, version, build.LinuxARM64), filepath.Join(packages, name))
	}
	need.Run(t, "tar", "-c", "-C", packages, "-f", packages+".tar", "old.deb", "new.deb")
	photo, err := os.ReadFile("../../../testdata/photo/plain-320x240.jpg")
	if err != nil {
		t.Fatal(err)
	}

	b := &board{t: t}
	b.start(disk, packages+".tar")
	b.until(func(line string) bool { return line == "shell" })
	b.run("tar -x -C /root -f /dev/vdb")
	b.run("dpkg -i /root/old.deb")
	// Type=notify: it is active once the terminal has answered.
	b.run("systemctl is-active portaria.service")
	c := client{t: t, url: b.url}
	session := c.login("admin", "admin")
	c.post("/change_login.fcgi?session="+session, `{"login":"porter","password":"of the door"}`)
	session = c.login("porter", "of the door")
	c.post("/user_set_image.fcgi?user_id=1&session="+session, string(photo))

	t.Log(b.run("systemd-analyze security --no-pager --threshold=" + maxExposure + " portaria.service | tail -n 1"))
	for property, want := range map[string]string{"DynamicUser": "yes", "NoNewPrivileges": "yes", "MemoryDenyWriteExecute": "yes", "NRestarts": "0"} {
		if got := b.run("systemctl show --value -p " + property + " portaria.service"); got != want {
			t.Errorf("%s is %q, want %q", property, got, want)
		}
	}
	process := b.run("cat /proc/$(systemctl show --value -p MainPID portaria.service)/status")
	for _, want := range []string{"Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t0000000000000400"} {
		if !strings.Contains(process, want) {
			t.Errorf("the process has no %q:\n%s", want, process)
		}
	}

	served := func(when string) {
		t.Helper()
		c.url = b.url
		session := c.login("porter", "of the door")
		if got := c.post("/user_get_image.fcgi?user_id=1&session="+session, ""); !bytes.Equal(got, photo) {
			t.Errorf("%s the photo has %d bytes, not the %d that went in", when, len(got), len(photo))
		}
	}
	b.run("dpkg -i /root/new.deb")
	if got := b.run("portaria version"); !strings.HasPrefix(got, "portaria v1.0.1 ") {
		t.Errorf("after the upgrade it says %q", got)
	}
	served("after the upgrade")

	// A terminal that hangs is found by the watchdog. A slow machine may find
	// it twice, and must not find the one that took over.
	const soon = "/run/systemd/system/portaria.service.d/soon.conf"
	b.run("mkdir -p $(dirname " + soon + ") && printf '[Service]\\nWatchdogSec=15\\n' >" + soon + " && systemctl daemon-reload && systemctl restart portaria.service")
	b.run("kill -STOP $(systemctl show --value -p MainPID portaria.service)")
	b.run("until [ $(systemctl show --value -p NRestarts portaria.service) -ge 1 ]; do sleep 1; done")
	b.run("rm " + soon + " && systemctl daemon-reload && systemctl restart portaria.service")
	served("after a hang")

	// As the settings file suggests it, with a key that it makes behind the fences.
	b.run("cp /etc/default/portaria /root && sed -i 's/^#PORTARIA_TLS=/PORTARIA_TLS=/' /etc/default/portaria && systemctl restart portaria.service")
	b.run("portaria ready --url https://127.0.0.1")
	b.run("cp /root/portaria /etc/default/portaria && systemctl restart portaria.service")

	if _, err := b.shell.Write([]byte("systemctl reboot\n")); err != nil {
		t.Fatal(err)
	}
	b.gone()
	b.start(disk, packages+".tar")
	b.until(func(line string) bool { return line == "shell" })
	b.run("systemctl start portaria.service") // returns at once, or when it has come up
	served("after a reboot")
	b.run("dpkg -P portaria")
	if got := b.run("ls -d /var/lib/portaria /var/lib/private/portaria /etc/default/portaria || true"); strings.Count(got, "No such file") != 3 {
		t.Errorf("purged, and there is %s", got)
	}
}
