package imaging

import (
	"fmt"
	"slices"
	"testing"

	"portaria/testdata"
)

func TestComments(t *testing.T) {
	t.Parallel()
	check := func(name string, upload []byte, want ...string) {
		t.Helper()
		if got := slices.Collect(Comments(upload)); !slices.Equal(got, want) {
			t.Errorf("%s has the comments %q, want %q", name, got, want)
		}
	}
	check("a drawn photo", testdata.Photo("comment-200x150.jpg"), "drawn by scripts/photos")
	for _, name := range []string{"plain-200x200.jpg", "gps-200x150.jpg", "alpha-200x200.png", "text-renamed.jpg"} {
		check(name, testdata.Photo(name))
	}
	head := "\xff\xd8\xff\xe0\x00\x04ab\xff\xfe\x00\x05abc"
	for n := range len(head) {
		check(fmt.Sprintf("what is cut off after %d bytes", n), []byte(head[:n]))
	}
	check("one behind another segment", []byte(head), "abc")
	check("two, with fill bytes between", []byte(head+"\xff\xff\xff\xfe\x00\x03d"), "abc", "d")
	for _, odd := range []string{"\xff\xd8\xff\xfe\x00\x00", "\xff\xd8\xff\xfe\x00\x01", "\xff\xd8\xff\xda\x00\x02\xff\xfe\x00\x03a", "\xff\xd8\xff\xff\xff\xff"} {
		check(fmt.Sprintf("%q", odd), []byte(odd))
	}
	for range Comments([]byte(head + head[8:])) {
		break // whoever has found the right one stops
	}
}
