package securid

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"
)

// What java.util.Base64.getDecoder() of JDK 17 says of each text.
func TestDecodeStrictly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":          "",
		"QQ==":      "A",
		"QQ":        "A", // padding may be missing
		"QUI":       "AB",
		"QUJD":      "ABC",
		"QR==":      "A", // bits to spare may be set
		"QUJDQUI=":  "ABCAB",
		"//8=":      "\xff\xff",
		"+/+/":      "\xfb\xff\xbf",
		"Q":         "!" + textOneByte,
		"=":         "!" + textOneByte,
		"QUJDQ":     "!" + textDangling,
		"Q=":        "!" + textDangling,
		"QUJDQ=":    "!" + textDangling,
		"====":      "!" + textWrongEnding,
		"QUJD=":     "!" + textWrongEnding,
		"QQ=":       "!" + textWrongEnding,
		"QQ=Q":      "!" + textWrongEnding,
		"QUI=QUI=":  "!Input byte array has incorrect ending byte at 4",
		"QQ==\n":    "!Input byte array has incorrect ending byte at 4",
		"QUJDQUI=x": "!Input byte array has incorrect ending byte at 8",
		"QUJD\n":    "!Illegal base64 character a",
		"QUJD\r\n":  "!Illegal base64 character d",
		"QU JD":     "!Illegal base64 character 20",
		"QU-D":      "!Illegal base64 character 2d",
		"data:x":    "!Illegal base64 character 3a",
		"\xff\xd8":  "!Illegal base64 character -1",
		"\x89PNG":   "!Illegal base64 character -77",
		"\x80\x80":  "!Illegal base64 character -80",
		"QU\x00D":   "!Illegal base64 character 0",
	} {
		got, err := decodeStrictly([]byte(text))
		if err != nil {
			var bad base64Error
			if !errors.As(err, &bad) {
				t.Errorf("%q: %T, want a base64Error", text, err)
			}
			got = []byte("!" + err.Error())
		}
		if string(got) != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDecodeLeniently(t *testing.T) {
	t.Parallel()
	png := append(bytes.Clone(pngSignature), "rest"...)
	text := base64.StdEncoding.EncodeToString(png)
	for name, upload := range map[string]string{
		"bare bytes":  string(png),
		"base64":      text,
		"line breaks": text[:5] + "\r\n" + text[5:] + "\n",
		"a data URL":  "data:image/png;base64," + text,
	} {
		if got, err := decodeLeniently([]byte(upload)); err != nil || !bytes.Equal(got, png) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, png)
		}
	}
	if _, err := decodeLeniently([]byte("QU-D")); err == nil {
		t.Error("a dash is taken for base64")
	}
}

func FuzzDecodeStrictly(f *testing.F) {
	f.Add([]byte("QUJDQUI="))
	f.Add([]byte("Q=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeStrictly(text)
		want, wantErr := base64.StdEncoding.DecodeString(string(text))
		// What the standard library takes, line breaks aside, is taken.
		if wantErr == nil && !bytes.ContainsAny(text, "\r\n") && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	})
}

func TestElement(t *testing.T) {
	t.Parallel()
	for fragment, want := range map[string]string{
		"<username>u</username><password>p</password>":         "p",
		"<password>a&amp;b&lt;&#233;&#xe9;&apos;</password>":   "a&b<éé'",
		"<password>a&b&copy;&#0;&;&#xzz;&amp</password>":       "a&b&copy;&#0;&;&#xzz;&amp",
		"<password><![CDATA[a&amp;<b>]]></password>":           "a&amp;<b>",
		"<?xml version=\"1.0\"?>\n<a><password> p </password>": " p ",
		"<password></password>":                                "",
		"<password>p":                                          "",
		"":                                                     "",
		`{"username":"u","password":"p"}`:                      "",
		"<password>one</password><password>two</password>":     "one",
	} {
		if got := element([]byte(fragment), "password"); got != want {
			t.Errorf("%q: %q, want %q", fragment, got, want)
		}
	}
}
