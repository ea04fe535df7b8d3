package disk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"portaria/scripts/image/disk"
)

func TestX(t *testing.T) {
	p := filepath.Join("/tmp/wt-image", "e.img")
	os.MkdirAll("/tmp/wt-image", 0o755)
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	const size = 124 << 20
	f.Truncate(size)
	if err := (disk.Ext4{Label: "DATA", UUID: [16]byte{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89}, Made: time.Unix(1.7e9, 0)}).Write(f, size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	out, err := exec.Command("e2fsck", "-fn", p).CombinedOutput()
	t.Logf("%s %v", out, err)
	out, err = exec.Command("dumpe2fs", p).CombinedOutput()
	t.Logf("%s %v", out, err)
}
