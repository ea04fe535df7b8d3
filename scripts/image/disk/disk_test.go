package disk_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/ext4"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
	"github.com/diskfs/go-diskfs/partition/mbr"

	"portaria/scripts/image/disk"
)

const mebibyte = 1 << 20

var made = time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC)

// create returns an empty file of size bytes.
func create(t testing.TB, size int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

// check has a program of the system look at the file system, if there is one.
func check(t testing.TB, f *os.File, command ...string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Logf("%s is missing: it was not asked", command[0])
		return
	}
	if out, err := exec.Command(command[0], append(command[1:], f.Name())...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", command[0], err, out)
	}
}

func TestMBR(t *testing.T) {
	t.Parallel()
	f := create(t, mebibyte)
	want := []disk.Partition{
		{Type: disk.TypeFAT32, Start: 4096, Size: 8192},
		{Type: disk.TypeLinux, Start: 12288, Size: 512},
	}
	if err := disk.MBR(f, 7, want); err != nil {
		t.Fatal(err)
	}
	b, err := file.OpenFromPath(f.Name(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	table, err := mbr.Read(b, disk.SectorSize, disk.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		got := table.Partitions[i]
		if byte(got.Type) != w.Type || int64(got.Start)*disk.SectorSize != w.Start || int64(got.Size)*disk.SectorSize != w.Size {
			t.Errorf("partition %d: %+v, want %+v", i+1, got, w)
		}
	}
	t.Run("a partition of broken sectors is refused", func(t *testing.T) {
		if err := disk.MBR(f, 7, []disk.Partition{{Start: 1}}); err == nil {
			t.Error("it was not")
		}
	})
	t.Run("a fifth partition is refused", func(t *testing.T) {
		if err := disk.MBR(f, 7, make([]disk.Partition, 5)); err == nil {
			t.Error("it was not")
		}
	})
}

// filesOfAllKinds have names that are long, short, alike, and in directories.
func filesOfAllKinds() []disk.File {
	r := rand.New(rand.NewPCG(1, 1))
	files := []disk.File{
		{Path: "EMPTY"},
		{Path: "a"},
		{Path: "overlays/README"},
		{Path: "LICENSES/go/github.com/x/LICENSE"},
		{Path: "bcm2712-rpi-cm5l-cm5io.dtb"},
		{Path: "thirteenchars"},
		{Path: "twelve.chars"},
		{Path: ".hidden"},
		{Path: "two.dots.txt"},
		{Path: "names with spaces and Ümläute.txt"},
		{Path: strings.Repeat("n", 255)},
	}
	for i := range 40 {
		files = append(files, disk.File{Path: fmt.Sprintf("overlays/alike-but-for-%d.dtbo", i)})
	}
	for i := range files {
		if files[i].Path != "EMPTY" {
			files[i].Data = make([]byte, r.IntN(20000)+1)
			for j := range files[i].Data {
				files[i].Data[j] = byte(r.Uint32())
			}
		}
	}
	return files
}

func TestFAT32(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{40 * mebibyte, 64 * mebibyte, 160 * mebibyte, 600 * mebibyte} {
		t.Run(fmt.Sprintf("%d MiB hold what was put in", size/mebibyte), func(t *testing.T) {
			t.Parallel()
			f := create(t, size)
			files := filesOfAllKinds()
			if err := disk.FAT32(f, size, disk.Volume{Label: "LABEL", ID: 0x12345678, Made: made}, files); err != nil {
				t.Fatal(err)
			}
			check(t, f, "fsck.fat", "-n")
			compareFAT(t, f, size, files)
		})
	}
	t.Run("what does not fit is refused", func(t *testing.T) {
		t.Parallel()
		const size = 40 * mebibyte
		files := []disk.File{{Path: "large", Data: make([]byte, size)}}
		if err := disk.FAT32(create(t, size), size, disk.Volume{}, files); err == nil {
			t.Error("it was not")
		}
	})
	t.Run("a size that FAT32 cannot have is refused", func(t *testing.T) {
		t.Parallel()
		if err := disk.FAT32(create(t, mebibyte), mebibyte, disk.Volume{}, nil); err == nil {
			t.Error("it was not")
		}
	})
	t.Run("a file that is there twice is refused", func(t *testing.T) {
		t.Parallel()
		files := []disk.File{{Path: "config.txt"}, {Path: "CONFIG.TXT"}}
		if err := disk.FAT32(create(t, 40*mebibyte), 40*mebibyte, disk.Volume{}, files); err == nil {
			t.Error("it was not")
		}
	})
}

// compareFAT reads the files with a library that has nothing to do with their writer.
func compareFAT(t *testing.T, f *os.File, size int64, files []disk.File) {
	t.Helper()
	b, err := file.OpenFromPath(f.Name(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	fs, err := fat32.Read(b, size, 0, disk.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(fs.Label()); got != "LABEL" {
		t.Errorf("label %q, want LABEL", got)
	}
	for _, want := range files {
		f, err := fs.OpenFile(path.Join("/", want.Path), os.O_RDONLY)
		if err != nil {
			t.Errorf("%s: %v", want.Path, err)
			continue
		}
		// Read in pieces, the library reads past the end.
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, info.Size())
		if _, err := io.ReadFull(f, got); len(got) > 0 && err != nil || !bytes.Equal(got, want.Data) {
			t.Errorf("%s: %d bytes, %v; want other %d", want.Path, len(got), err, len(want.Data))
		}
		f.Close()
	}
	entries, err := fs.ReadDir("overlays")
	if err != nil || len(entries) != 41 {
		t.Fatalf("overlays: %d files, %v; want 41", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Equal(made) {
			t.Errorf("%s: of %v, %v; want %v", e.Name(), info.ModTime(), err, made)
		}
	}
}

func TestExt4(t *testing.T) {
	t.Parallel()
	e := disk.Ext4{Label: "DATA", UUID: [16]byte{1, 2, 3}, Made: made}
	for _, size := range []int64{16 * mebibyte, 124 * mebibyte, 128 * mebibyte} {
		t.Run(fmt.Sprintf("%d MiB are in order", size/mebibyte), func(t *testing.T) {
			t.Parallel()
			f := create(t, size)
			if err := e.Write(f, size); err != nil {
				t.Fatal(err)
			}
			check(t, f, "e2fsck", "-f", "-n")
			b, err := file.OpenFromPath(f.Name(), true)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			fs, err := ext4.Read(b, size, 0, disk.SectorSize)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimRight(fs.Label(), "\x00"); got != "DATA" {
				t.Errorf("label %q, want DATA", got)
			}
		})
	}
	for _, size := range []int64{4 * mebibyte, 129 * mebibyte} {
		t.Run(fmt.Sprintf("%d MiB are refused", size/mebibyte), func(t *testing.T) {
			t.Parallel()
			if err := e.Write(create(t, size), size); err == nil {
				t.Error("they were not")
			}
		})
	}
}

func TestCPIO(t *testing.T) {
	t.Parallel()
	f := create(t, 0)
	nodes := []disk.Node{
		{Path: "bin/program", Mode: disk.TypeFile | 0o755, Data: []byte("program")},
		{Path: "dev/console", Mode: disk.TypeDevice | 0o600, Major: 5, Minor: 1},
		{Path: "etc/link", Mode: disk.TypeLink | 0o777, Data: []byte("../run/file")},
		{Path: "tmp", Mode: disk.TypeDirectory | 0o1777},
	}
	if err := disk.CPIO(f, made.Unix(), nodes); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("cpio is missing: the archive was not read; the kernel does in package boot")
	}
	archive, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	c := exec.Command("cpio", "-itv", "--quiet")
	c.Stdin = archive
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"drwxr-xr-x", "-rwxr-xr-x", "crw-------", "5,   1", "drwxrwxrwt", "etc/link -> ../run/file"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
