package device

import (
	"regexp"
	"testing"
)

func TestHashUserPassword(t *testing.T) {
	t.Parallel()
	t.Run("the hash is the vendor's", func(t *testing.T) {
		t.Parallel()
		// RFC 6070, continued to 32 bytes.
		got, err := hashUserPassword("password", "salt")
		if want := "0c60c80f961f0e71f3a9b524af6012062fe037a6e0f0eb94fe8fc46bdc637164"; err != nil || got != want {
			t.Errorf("hash %s, %v; want %s", got, err, want)
		}
	})
	t.Run("a salt is 32 printable characters, and another one each time", func(t *testing.T) {
		t.Parallel()
		printable := regexp.MustCompile(`^[ -}]{32}$`)
		seen := map[string]bool{}
		for range 200 {
			hash, salt, err := HashUserPassword("1234")
			if err != nil || !printable.MatchString(salt) || seen[salt] {
				t.Fatalf("salt %q, %v; want 32 characters from the blank to the brace, new each time", salt, err)
			}
			seen[salt] = true
			if again, _ := hashUserPassword("1234", salt); hash != again || len(hash) != 64 {
				t.Errorf("hash %s, want that of the password under its salt, %s", hash, again)
			}
		}
	})
	t.Run("no password has neither", func(t *testing.T) {
		t.Parallel()
		for _, password := range []string{"", "0", "0000"} {
			if hash, salt, err := HashUserPassword(password); hash != "" || salt != "" || err != nil {
				t.Errorf("%q: %q, %q, %v; want nothing", password, hash, salt, err)
			}
		}
	})
}
