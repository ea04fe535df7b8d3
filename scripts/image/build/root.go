package build

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
)

// initramfs returns the root as the kernel unpacks it: the programs, what they
// are told, and where file systems are mounted later. The kernel opens the
// console before there is a /dev, so that the first words are not lost.
func (o Options) initramfs(p programs) ([]byte, error) {
	nodes := []disk.Node{
		// Linux makes its first root one that everybody may write to.
		{Path: ".", Mode: disk.TypeDirectory | 0o755},
		{Path: "dev/console", Mode: disk.TypeDevice | 0o600, Major: 5, Minor: 1},
		{Path: "dev/null", Mode: disk.TypeDevice | 0o666, Major: 1, Minor: 3},
		{Path: "etc/passwd", Mode: disk.TypeFile | 0o644, Data: []byte("root:x:0:0:root:/:/nonexistent\n")},
		{Path: "etc/group", Mode: disk.TypeFile | 0o644, Data: []byte("root:x:0:\n")},
		{Path: "etc/hosts", Mode: disk.TypeFile | 0o644, Data: []byte("127.0.0.1 localhost\n::1 localhost\n")},
		{Path: "etc/resolv.conf", Mode: disk.TypeLink | 0o777, Data: []byte("../run/resolv.conf")},
	}
	for _, dir := range []string{"proc", "sys", "run", "boot", strings.TrimPrefix(card.DataDir, "/")} {
		nodes = append(nodes, disk.Node{Path: dir, Mode: disk.TypeDirectory | 0o755})
	}
	nodes = append(nodes, disk.Node{Path: "tmp", Mode: disk.TypeDirectory | 0o1777})
	for path, data := range o.root(p) {
		mode := uint32(0o644)
		if path == card.Init || path == card.Terminal {
			mode = 0o755
		}
		nodes = append(nodes, disk.Node{Path: strings.TrimPrefix(path, "/"), Mode: disk.TypeFile | mode, Data: data})
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := disk.CPIO(z, o.Info.Built, nodes); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// info is slot.json.
func (o Options) info() []byte {
	b, err := json.Marshal(o.Info)
	if err != nil {
		panic(err) // a string and a number
	}
	return append(b, '\n')
}
