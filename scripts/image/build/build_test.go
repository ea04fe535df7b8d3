package build_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs"
	"github.com/diskfs/go-diskfs/filesystem"

	"portaria/scripts/image/build"
	"portaria/scripts/image/card"
)

var info = card.Info{Version: "1.2.3", Built: 1790000000}

// built returns an image, built in a directory of its own.
func built(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "card.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := build.Options{Info: info, UpdateKeys: []byte("a key\n"), Log: slog.New(slog.DiscardHandler)}
	if err := build.Image(t.Context(), o, f); err != nil {
		t.Fatal(err)
	}
	return path
}

func sum(t testing.TB, path string) [sha256.Size]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func TestImage(t *testing.T) {
	image := built(t)
	t.Run("a second build gives the same bytes", func(t *testing.T) {
		if a, b := sum(t, image), sum(t, built(t)); a != b {
			t.Errorf("%x and %x", a, b)
		}
	})
	t.Run("it says so itself", func(t *testing.T) {
		stat, err := os.Stat(image)
		if err != nil || stat.Size() != card.ImageSize {
			t.Errorf("%v, %v; want %d bytes", stat.Size(), err, card.ImageSize)
		}
	})
	d, err := diskfs.Open(image, diskfs.WithOpenMode(diskfs.ReadOnly))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	fat := func(t *testing.T, partition int) filesystem.FileSystem {
		t.Helper()
		fs, err := d.GetFilesystem(partition)
		if err != nil {
			t.Fatal(err)
		}
		return fs
	}
	t.Run("the boot partition has what every model starts from", func(t *testing.T) {
		fs := fat(t, card.Boot)
		for _, name := range []string{"bootcode.bin", "config.txt", card.Settings, "README.txt"} {
			content(t, fs, name)
		}
		want := "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"
		if got := string(content(t, fs, card.Autoboot)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", card.Autoboot, got, want)
		}
	})
	for _, slot := range []card.Slot{card.SlotA, card.SlotB} {
		t.Run(fmt.Sprintf("slot %v has what every model needs", slot), func(t *testing.T) {
			testSlot(t, fat(t, int(slot)))
		})
	}
	t.Run("both slots are the same", func(t *testing.T) {
		f, err := os.Open(image)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, b := sha256.New(), sha256.New()
		io.Copy(a, io.NewSectionReader(f, card.SlotAExtent.Start, card.SlotSize))
		io.Copy(b, io.NewSectionReader(f, card.SlotBExtent.Start, card.SlotSize))
		if !bytes.Equal(a.Sum(nil), b.Sum(nil)) {
			t.Error("they are not")
		}
	})
	t.Run("the programs of the system find no fault", func(t *testing.T) { checkPartitions(t, image) })
}

// testSlot looks for the files that the firmware's documentation names for each
// model, and at what the root holds.
func testSlot(t *testing.T, fs filesystem.FileSystem) {
	t.Helper()
	for _, name := range []string{
		"start.elf", "fixup.dat", "bcm2710-rpi-3-b.dtb", "bcm2710-rpi-3-b-plus.dtb", "bcm2710-rpi-zero-2-w.dtb",
		"start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4.dtb",
		"bcm2712-rpi-5-b.dtb", "bcm2712d0-rpi-5-b.dtb", "bcm2712-rpi-cm5-cm5io.dtb",
		"overlays/disable-bt.dtbo",
		"LICENSES/NOTICE.txt", "LICENSES/sbom.cdx.json", "LICENSES/linux/LICENSE", "LICENSES/linux/source-url.txt", "LICENSES/firmware/LICENSE.broadcom",
		"LICENSES/portaria/LICENSE", "LICENSES/portaria/LICENSE.cascade", "LICENSES/go/LICENSE",
	} {
		if len(content(t, fs, name)) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	kernel := content(t, fs, card.Kernel)
	if len(kernel) < 1<<20 || string(kernel[56:60]) != "ARM\x64" {
		t.Errorf("%s is no arm64 kernel", card.Kernel)
	}
	config := string(content(t, fs, card.Config))
	for _, name := range []string{card.Kernel, card.Initramfs} {
		if !strings.Contains(config, name) {
			t.Errorf("%s does not name %s", card.Config, name)
		}
	}
	for _, word := range strings.Fields(string(content(t, fs, card.Cmdline))) {
		if strings.HasPrefix(word, "root=") || strings.Contains(word, "mmcblk") {
			t.Errorf("%s says %s: a slot does not know where it is", card.Cmdline, word)
		}
	}
	z, err := gzip.NewReader(bytes.NewReader(content(t, fs, card.Initramfs)))
	if err != nil {
		t.Fatal(err)
	}
	root, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{card.Init, card.Terminal, card.UpdateKeys, card.RootInfo, "/dev/console", card.DataDir} {
		if !bytes.Contains(root, []byte(name[1:]+"\x00")) {
			t.Errorf("the root has no %s", name)
		}
	}
	want := `{"version":"1.2.3","built":1790000000}` + "\n"
	if got := string(content(t, fs, card.SlotInfo)); got != want {
		t.Errorf("%s: %s, want %s", card.SlotInfo, got, want)
	}
}

// content reads a file in one piece: the library reads past the end otherwise.
func content(t testing.TB, fs filesystem.FileSystem, name string) []byte {
	t.Helper()
	f, err := fs.OpenFile("/"+name, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, stat.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func checkPartitions(t *testing.T, image string) {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fsck := []string{"fsck.fat", "-n"}
	for _, p := range []struct {
		extent  card.Extent
		command []string
	}{
		{card.BootExtent, fsck}, {card.SlotAExtent, fsck}, {card.SlotBExtent, fsck}, {card.DataExtent, []string{"e2fsck", "-f", "-n"}},
	} {
		if _, err := exec.LookPath(p.command[0]); err != nil {
			t.Logf("%s is missing: it was not asked", p.command[0])
			continue
		}
		part, err := os.Create(filepath.Join(t.TempDir(), "part.img"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(part, io.NewSectionReader(f, p.extent.Start, p.extent.Size))
		part.Close()
		if err != nil {
			t.Fatal(err)
		}
		command := slices.Concat(p.command, []string{part.Name()})
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", p.command[0], err, out)
		}
	}
}
