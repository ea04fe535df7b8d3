package deb

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portaria/scripts/release/need"
)

// The kernel is one that Go's modules hold: it needs no initial ramdisk and
// is the same everywhere. It is no requirement of this module's, so that only
// this test downloads it.
const (
	kernel    = "github.com/gokrazy/kernel.arm64@v0.0.0-20260705071517-37841c4d6ff1"
	kernelSum = "h1:MYq3OcTlEz46i/DZxG3c6ePjE6Te/024cPW2VHTBVAs="
)

// bootTime is how long an emulated machine may take for one thing: many times
// what it does.
const bootTime = 10 * time.Minute

// board is a Debian for arm64 with systemd in an emulated machine, and a
// shell on its serial line.
type board struct {
	t       *testing.T
	url     string
	qemu    *exec.Cmd
	shell   io.Writer
	console chan string // its lines
	spoken  int         // commands so far
}

func kernelFile(t *testing.T) string {
	t.Helper()
	var module struct{ Dir, Sum string }
	out := need.Run(t, "go", "mod", "download", "-json", kernel)
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		t.Fatal(err)
	}
	if module.Sum != kernelSum {
		t.Fatalf("%s has the sum %s", kernel, module.Sum)
	}
	return filepath.Join(module.Dir, "vmlinuz")
}

// arm64Disk is a disk with Debian 12 for arm64, made once and kept in the
// user's cache folder. Debian's own programs finish it inside the machine, so
// that this one need not run foreign binaries.
func arm64Disk(t *testing.T) string {
	t.Helper()
	need.Root(t)
	debootstrap := need.Program(t, "debootstrap", "debootstrap")
	mkfs := need.Program(t, "mkfs.ext4", "e2fsprogs")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(cache, "portaria-packages", "bookworm-arm64.img")
	if _, err := os.Stat(disk); err == nil {
		return disk
	}
	if err := os.MkdirAll(filepath.Dir(disk), 0o755); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "debian")
	need.Run(t, debootstrap, "--foreign", "--arch=arm64", "--variant=minbase", "--include=systemd-sysv,udev", "bookworm", root)
	const units = "/etc/systemd/system/"
	for path, content := range map[string]string{
		"/finish": "#!/bin/sh\nexport PATH=/usr/sbin:/usr/bin:/sbin:/bin\nmount -t proc proc /proc\n" +
			"/debootstrap/debootstrap --second-stage && touch /finished\nsync\nmount -o remount,ro /\necho o >/proc/sysrq-trigger\nsleep 60\n",
		"/etc/systemd/network/80-wired.network": "[Match]\nName=e*\n[Network]\nDHCP=yes\n",
		units + "shell.service": "[Service]\nStandardInput=tty\nStandardOutput=tty\nStandardError=tty\nTTYPath=/dev/ttyAMA0\nTTYReset=yes\n" +
			"ExecStart=/bin/sh -c 'stty -echo; echo shell; while read -r line; do eval \"$line\"; done'\n",
	} {
		if err := os.MkdirAll(filepath.Dir(root+path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	need.Run(t, "mkdir", "-p", root+units+"multi-user.target.wants")
	for link, target := range map[string]string{
		"multi-user.target.wants/shell.service":            "../shell.service",
		"multi-user.target.wants/systemd-networkd.service": "/lib/systemd/system/systemd-networkd.service",
		"serial-getty@ttyAMA0.service":                     "/dev/null",
	} {
		need.Run(t, "ln", "-s", target, root+units+link)
	}
	draft := filepath.Join(t.TempDir(), "disk.img")
	need.Run(t, "truncate", "-s", "1200M", draft)
	need.Run(t, mkfs, "-q", "-F", "-d", root, draft)
	b := &board{t: t}
	b.start(draft, "/dev/null", "init=/finish")
	b.gone()
	if out := need.Run(t, need.Program(t, "debugfs", "e2fsprogs"), "-R", "stat /finished", draft); !strings.Contains(out, "Inode:") {
		t.Fatal("Debian did not finish itself")
	}
	need.Run(t, "mv", draft, disk)
	return disk
}

// start boots from disk. The guest finds the file second as its second disk.
func (b *board) start(disk, second string, kernelArgs ...string) {
	b.t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	address := port.Addr().String()
	_ = port.Close() // qemu takes it
	b.url = "http://" + address
	b.qemu = exec.Command(need.Program(b.t, "qemu-system-aarch64", "qemu-system-arm"),
		"-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "512", "-nographic", "-monitor", "none", "-serial", "stdio", "-no-reboot",
		"-kernel", kernelFile(b.t), "-append", strings.Join(append([]string{"console=ttyAMA0 panic=-1 quiet loglevel=1 systemd.show_status=0 root=/dev/vda rw"}, kernelArgs...), " "),
		"-drive", "if=none,id=d0,format=raw,cache=unsafe,file="+disk, "-device", "virtio-blk-pci,drive=d0",
		"-drive", "if=none,id=d1,format=raw,readonly=on,file="+second, "-device", "virtio-blk-pci,drive=d1",
		"-netdev", "user,id=n0,restrict=on,hostfwd=tcp:"+address+"-:80", "-device", "virtio-net-pci,netdev=n0,romfile=")
	stdin, err := b.qemu.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	stdout, err := b.qemu.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	b.qemu.Stderr = b.t.Output()
	if err := b.qemu.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.shell, b.console = stdin, make(chan string, 10000)
	go func(lines chan<- string) {
		defer close(lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			lines <- strings.TrimRight(scanner.Text(), "\r")
		}
	}(b.console)
	qemu := b.qemu
	b.t.Cleanup(func() {
		if qemu.ProcessState == nil {
			_ = qemu.Process.Kill()
			_ = qemu.Wait()
		}
	})
}

// until reads the console up to the line that done takes.
func (b *board) until(done func(line string) bool) []string {
	b.t.Helper()
	var lines []string
	for timeout := time.After(bootTime); ; {
		select {
		case line, ok := <-b.console:
			if !ok {
				b.t.Fatalf("the machine stopped:\n%s", strings.Join(lines, "\n"))
			}
			lines = append(lines, line)
			if done(line) {
				return lines
			}
		case <-timeout:
			b.t.Fatalf("nothing more for %v:\n%s", bootTime, strings.Join(lines, "\n"))
		}
	}
}

// run has the machine's shell run a command and returns what it prints.
func (b *board) run(command string) string {
	b.t.Helper()
	b.spoken++
	mark := fmt.Sprintf("=%d=", b.spoken)
	if _, err := fmt.Fprintf(b.shell, "{ %s; } 2>&1 </dev/null; echo \"%s$?\"\n", command, mark); err != nil {
		b.t.Fatal(err)
	}
	lines := b.until(func(line string) bool { return strings.HasPrefix(line, mark) })
	text := strings.Join(lines[:len(lines)-1], "\n")
	if status := strings.TrimPrefix(lines[len(lines)-1], mark); status != "0" {
		b.t.Fatalf("%s: status %s\n%s", command, status, text)
	}
	return text
}

// gone waits until the machine has switched itself off.
func (b *board) gone() {
	b.t.Helper()
	for range b.console {
		continue
	}
	if err := b.qemu.Wait(); err != nil {
		b.t.Fatalf("qemu: %v", err)
	}
}
