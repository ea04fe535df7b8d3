package imaging

import (
	"testing"

	"portaria/testdata"
)

func TestComment(t *testing.T) {
	t.Parallel()
	jpg := testdata.Photo("comment-200x150.jpg")
	if got, want := Comment(jpg), "drawn by scripts/photos"; got != want {
		t.Errorf("comment %q, want %q", got, want)
	}
	for _, name := range []string{"plain-200x200.jpg", "gps-200x150.jpg", "alpha-200x200.png", "text-renamed.jpg"} {
		if got := Comment(testdata.Photo(name)); got != "" {
			t.Errorf("%s has the comment %q, want none", name, got)
		}
	}
	t.Run("behind other segments, and whatever is cut off", func(t *testing.T) {
		t.Parallel()
		head := "\xff\xd8\xff\xe0\x00\x04ab\xff\xfe\x00\x05abc"
		for n := range len(head) {
			if got := Comment([]byte(head[:n])); got != "" {
				t.Errorf("the first %d bytes have the comment %q", n, got)
			}
		}
		if got := Comment([]byte(head)); got != "abc" {
			t.Errorf("comment %q, want abc", got)
		}
		for _, odd := range []string{"\xff\xd8\xff\xfe\x00\x00", "\xff\xd8\xff\xfe\x00\x01", "\xff\xd8\xff\xda\x00\x02\xff\xfe\x00\x03a"} {
			if got := Comment([]byte(odd)); got != "" {
				t.Errorf("%q has the comment %q", odd, got)
			}
		}
	})
}
