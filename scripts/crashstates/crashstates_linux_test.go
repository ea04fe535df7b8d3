package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store/storetest/disk"
)

// workloadEnv makes the test binary the workload, in the folder of that name.
const (
	workloadEnv = "PORTARIA_WORKLOAD"
	stepsEnv    = "PORTARIA_WORKLOAD_STEPS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(workloadEnv); dir != "" {
		steps, err := strconv.Atoi(os.Getenv(stepsEnv))
		if err == nil {
			err = workHere(dir, steps)
		}
		exit(err)
	}
	os.Exit(m.Run())
}

func TestCrashStates(t *testing.T) {
	if testing.Short() {
		t.Skip("tries hundreds of states")
	}
	if strconv.IntSize == 32 {
		t.Skip("strace calls the calls of 32-bit programs by other names; the states would be the same")
	}
	steps, states := 13, 500
	if disk.Required() {
		steps, states = 25, 4000
	}
	if err := exec.Command("strace", "-qq", "-o", os.DevNull, "true").Run(); err != nil {
		disk.Need(t, fmt.Errorf("%w: strace: %w", disk.ErrMissing, err))
	}
	tallies, err := run(t.Context(), steps, states, 1, func(dir string, steps int) []string {
		return []string{"env", workloadEnv + "=" + dir, stepsEnv + "=" + strconv.Itoa(steps), os.Args[0]}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeTable(os.Stdout, tallies); err != nil {
		t.Error(err)
	}
	if err := verdict(tallies, states); err != nil {
		t.Error(err)
	}
}

// TestRecorder reads what strace writes, also of calls that others interrupt.
func TestRecorder(t *testing.T) {
	t.Parallel()
	r := recorder{root: "/r/", names: make(map[string]int), open: make(map[int]opened), begun: make(map[string]string)}
	hex := func(s string) (out string) {
		for _, b := range []byte(s) {
			out += fmt.Sprintf(`\x%02x`, b)
		}
		return `"` + out + `"`
	}
	for _, line := range []string{
		`7 mkdirat(AT_FDCWD, ` + hex("/r/d") + `, 0700) = 0`,
		`7 openat(AT_FDCWD, ` + hex("/elsewhere") + `, O_RDWR|O_CREAT, 0600) = 3`,
		`7 pwrite64(3, ` + hex("not ours") + `, 8, 0) = 8`,
		`7 openat(AT_FDCWD, ` + hex("/r/d/a") + `, O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 4`,
		`7 pwrite64(4, ` + hex("ab") + `, 2, 4096 <unfinished ...>`,
		`8 close(99)                               = 0`,
		`7 <... pwrite64 resumed>)                 = 2`,
		`7 ftruncate(4, 8192)                      = 0`,
		`7 fdatasync(4)                            = -1 EIO (Input/output error)`,
		`7 fdatasync(4)                            = 0`,
		`7 write(1, ` + hex(ackWord+" 1\n") + `, 15) = 15`,
		`7 renameat(AT_FDCWD, ` + hex("/r/d/a") + `, AT_FDCWD, ` + hex("/r/d/b") + `) = 0`,
		`7 openat(AT_FDCWD, ` + hex("/r/d") + `, O_RDONLY|O_CLOEXEC) = 5`,
		`7 fsync(5)                                = 0`,
		`7 unlinkat(AT_FDCWD, ` + hex("/r/d/b") + `, 0) = 0`,
		`7 +++ exited with 0 +++`,
	} {
		if err := r.line(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	want := []event{
		{kind: link, node: folderNode, name: "d"},
		{kind: link, node: 0, name: "d/a"},
		{kind: write, off: 4096, data: []byte("ab")},
		{kind: resize, off: 8192},
		{kind: syncFile},
		{kind: ack, acks: 1},
		{kind: rename, name: "d/a", to: "d/b"},
		{kind: syncFolder, name: "d"},
		{kind: unlink, name: "d/b"},
	}
	if diff := cmp.Diff(want, r.events, cmp.AllowUnexported(event{})); diff != "" {
		t.Error(diff)
	}
}

// TestCard lays out what a disk promises, and what it does not.
func TestCard(t *testing.T) {
	t.Parallel()
	newCardWith := func(events ...event) *card {
		c := newCard()
		for _, e := range events {
			c.take(e)
		}
		return c
	}
	page := func(b byte) []byte {
		data := make([]byte, 2*sector)
		for i := range data {
			data[i] = b
		}
		return data
	}
	made := []event{{kind: link, node: 0, name: "a"}, {kind: write, data: page(1)}, {kind: syncFile}, {kind: syncFolder, name: "."}}
	tests := []struct {
		name string
		then []event
		s    state
		want map[string]string // name to first byte of each sector
	}{
		{"what was synced is there", nil, state{}, map[string]string{"a": "11"}},
		{"a write may be missing", []event{{kind: write, data: page(2)}}, state{data: []int{0}}, map[string]string{"a": "11"}},
		{"or there", []event{{kind: write, data: page(2)}}, state{data: []int{whole}}, map[string]string{"a": "22"}},
		{"or its first half", []event{{kind: write, data: page(2)}}, state{data: []int{-1}}, map[string]string{"a": "21"}},
		{"or its second", []event{{kind: write, data: page(2)}}, state{data: []int{-tornEnd - 1}}, map[string]string{"a": "12"}},
		{"a later write without an earlier one", []event{{kind: write, data: page(2)}, {kind: write, off: sector, data: page(3)[:sector]}}, state{data: []int{0, whole}}, map[string]string{"a": "13"}},
		{"a new name may be missing", []event{{kind: rename, name: "a", to: "b"}}, state{}, map[string]string{"a": "11"}},
		{"or there", []event{{kind: rename, name: "a", to: "b"}}, state{moves: 1}, map[string]string{"b": "11"}},
		{"a sync of the file is none of its name", []event{{kind: link, node: 1, name: "b"}, {kind: write, node: 1, data: page(4)}, {kind: syncFile, node: 1}}, state{}, map[string]string{"a": "11"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := newCardWith(append(made, test.then...)...).lay(dir, test.s); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			list, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				data, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				for i := 0; i < len(data); i += sector {
					got[e.Name()] += strconv.Itoa(int(data[i]))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
