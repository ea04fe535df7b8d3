package query

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"%", "", true},
		{"%%", "x", true},
		{"_", "", false},
		{"_", "x", true},
		{"_", "xy", false},
		{"ana", "ANA", true},
		{"ANA", "ana", true},
		{"an", "ana", false},
		{"a%", "Ana Maria", true},
		{"%ia", "Ana MarIA", true},
		{"%ia", "ia", true},
		{"%mar%", "Ana Maria", true},
		{"%mar%", "Ana Mxria", false},
		{"ana%ana", "ana", false},
		{"ana%ana", "anaana", true},
		{"%a%a%a%", "aa", false},
		{"%a%a%a%", "banana", true},
		{"a%b%c", "abbbbc", true},
		{"a%b%c", "abbbbcd", false},
		{"%ab_", "ababx", true},
		{"_%_", "a", false},
		{"_%_", "ab", true},
		{"%_%", "", false},
		{"[a]", "a", false},
		{"a-z", "a_z", false},
		{`\%`, `\x`, true},
		{`\%`, `%`, false},
		{"a\nb", "A\nB", true},

		// Only ASCII letters fold.
		{"ÁGUA", "água", false},
		{"água", "ÁGUA", false},
		{"áGUA", "água", true},
		{"%ÇÃO", "opção", false},
		{"[", "{", false},
		{"@", "`", false},

		// Characters, not bytes.
		{"_gua", "água", true},
		{"__gua", "água", false},
		{"%_", "日", true},
		{"%__", "日", false},
		{"_", "😀", true},

		// Bytes that are no UTF-8.
		{"_", "\x80", true},
		{"\u0080", "\x80", true},
		{"\x80", "\u0080", true},
		{"__", "\x80\x80", true},
		{"_", "\xC3", true},
		{"_", "\xC3\xA1\xA1", true},
		{"\uFFFD", "\xC1\x81", true},
		{"\uFFFD", "\xFF", true},
		{"\uFFFD", "\xED\xA0\x80", true},
		{"\uFFFD", "\uFFFE", false},
		{"a", "\xC1\xA1", false},
		{"%á%", "x\xE0\x83\xA1x", true},

		// A NUL ends both.
		{"a", "a\x00b", true},
		{"a\x00b", "a", true},
		{"a%b", "a\x00b", false},
		{"%\x00x", "", true},
		{"_", "\x00", false},
	} {
		if got := NewPattern(test.pattern).Match(test.text); got != test.want {
			t.Errorf("%q LIKE %q is %v", test.text, test.pattern, got)
		}
		if got := slowLike(test.pattern, test.text); got != test.want {
			t.Errorf("the slow way, %q LIKE %q is %v", test.text, test.pattern, got)
		}
	}
}

// slowLike tries every run for every %.
func slowLike(pattern, s string) bool {
	pattern, s = untilNUL(pattern), untilNUL(s)
	if pattern == "" {
		return s == ""
	}
	want, wide := character(pattern)
	if want == '%' {
		for {
			if slowLike(pattern[wide:], s) {
				return true
			}
			if s == "" {
				return false
			}
			_, n := character(s)
			s = s[n:]
		}
	}
	if s == "" {
		return false
	}
	got, n := character(s)
	same := want == '_' || want == got || want < 0x80 && got < 0x80 && strings.EqualFold(string(rune(want)), string(rune(got)))
	return same && slowLike(pattern[wide:], s[n:])
}

func TestPatternsAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"a", "a", "A", "b", "B", "%", "%", "_", "á", "Á", "日", "\uFFFD", "\uFFFE", "\x80", "\xC3", "\xA1", "\xFF", "\x00", "[", "{"}
	text := func(length, kinds int) string {
		var b strings.Builder
		for range random.IntN(length) {
			b.WriteString(pieces[random.IntN(kinds)])
		}
		return b.String()
	}
	matched := 0
	for range 200_000 {
		kinds := []int{7, 8, 11, len(pieces)}[random.IntN(4)]
		pattern, s := text(7, kinds), text(10, kinds)
		got, want := NewPattern(pattern).Match(s), slowLike(pattern, s)
		if got != want {
			t.Fatalf("%q LIKE %q is %v, want %v", s, pattern, got, want)
		}
		if got {
			matched++
		}
	}
	if matched < 5_000 {
		t.Errorf("only %d of the patterns matched", matched)
	}
}

// TestPatternWork asks what a matcher that tries every way would not answer
// before the run's own timeout.
func TestPatternWork(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a", 50_000)
	for _, pattern := range []string{
		strings.Repeat("%a", 500) + "%b",
		strings.Repeat("%a_", 500) + "%b",
		strings.Repeat("%aá", 500) + "%b",
		strings.Repeat("%", 10_000) + "b",
	} {
		if NewPattern(pattern).Match(text) {
			t.Errorf("a text without b is like %.10q…b", pattern)
		}
	}
}

// BenchmarkPattern looks through 100,000 names.
func BenchmarkPattern(b *testing.B) {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("Maria da Silva %d", i)
	}
	for _, pattern := range []string{"maria da silva 77", "maria%", "%777", "%silva 777%", "%777%", "%a%a%7", "%sil_a 777%", "%josé%"} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			p := NewPattern(pattern)
			for b.Loop() {
				for _, name := range names {
					p.Match(name)
				}
			}
		})
	}
}
