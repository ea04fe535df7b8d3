package oci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"portaria/scripts/release/build"
	"portaria/scripts/release/need"
)

// TestRun plays the container engine: it lays the image out in a folder, runs
// what the image says as the user that the image says, on a network of its
// own, and asks after its health as the image says.
func TestRun(t *testing.T) {
	need.Time(t)
	t.Parallel()
	need.Root(t)
	for program, debianPackage := range map[string]string{"umoci": "umoci", "skopeo": "skopeo", "unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2"} {
		need.Program(t, program, debianPackage)
	}
	files := written(t, []build.Target{build.LinuxAMD64})
	dir := t.TempDir()
	need.Run(t, "skopeo", "--insecure-policy", "copy", "oci-archive:"+files.Layout, "oci:"+dir+"/layout:it")
	need.Run(t, "umoci", "raw", "unpack", "--image", dir+"/layout:it", dir+"/root")
	root := filepath.Join(dir, "root")
	image, err := tarball.ImageFromPath(files.Docker[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config := file.Config
	for _, settings := range [][]string{nil, {"PORTARIA_TLS=self", "PORTARIA_LISTEN=:9443"}} {
		t.Run(strings.Join(append([]string{"as it is"}, settings...), ", "), func(t *testing.T) {
			config := config
			config.Env = slices.Concat(config.Env, settings)
			runs(t, root, config)
		})
	}
}

// runs starts the program of an image that lies in root, waits for it to be healthy
// and stops it.
func runs(t *testing.T, root string, config v1.Config) {
	t.Helper()
	inRoot := append([]string{"chroot", "--userspec=" + config.User, root}, config.Entrypoint...)

	var log bytes.Buffer
	terminal := exec.Command("unshare", append([]string{"--net", "sh", "-c", `ip link set lo up && exec "$@"`, "sh"}, slices.Concat(inRoot, config.Cmd)...)...)
	terminal.Env = append(slices.Clone(config.Env), "PATH="+os.Getenv("PATH"))
	terminal.Stdout, terminal.Stderr = &log, &log
	if err := terminal.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- terminal.Wait() }()
	defer func() {
		if terminal.ProcessState == nil {
			_ = terminal.Process.Kill()
			<-ended
		}
	}()

	// The engine asks again and again, too.
	for deadline := time.Now().Add(need.Patience); ; time.Sleep(50 * time.Millisecond) {
		ask := exec.Command("nsenter", append([]string{"--net", "--target", strconv.Itoa(terminal.Process.Pid), "chroot", "--userspec=" + config.User, root}, config.Healthcheck.Test[1:]...)...)
		ask.Env = append(slices.Clone(config.Env), "PATH="+os.Getenv("PATH"))
		out, err := ask.CombinedOutput()
		if err == nil && strings.HasPrefix(string(out), "ready: ") {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the container ended: %v\n%s", err, &log)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("not healthy: %v\n%s", err, out)
		}
	}
	info, err := os.Stat(root + "/data/portaria.db")
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != user {
		t.Errorf("the data belongs to %v", info.Sys())
	}
	if err := terminal.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v\n%s", err, &log)
	}
}
