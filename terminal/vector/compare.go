package vector

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// placeholder is what stands for something else in requests and responses:
//
//	{{session}}          the session's token; in a response, any token
//	{{length}}           the body's length, in a request's head
//	{{photo NAME}}       the bytes of a test picture
//	{{base64 NAME}}      the same in base64
//	{{escaped NAME}}     the same with every slash escaped, as JSON allows
//	{{padded NAME N}}    its bytes, with more after its end up to N in all
//	{{bytes N}}          N bytes that are no picture
//	{{jpeg WxH}}         in a response: any JPEG of that size
//	{{int}}, {{text}}    in a response: any integer, anything
var placeholder = regexp.MustCompile(`\{\{([a-z0-9]+)(?: ([^ }]+))?(?: ([0-9]+))?\}\}`)

// expand fills the placeholders of a request's body.
func (r runner) expand(text string) ([]byte, error) {
	var out []byte
	for {
		at := placeholder.FindStringSubmatchIndex(text)
		if at == nil {
			return append(out, text...), nil
		}
		out = append(out, text[:at[0]]...)
		part, err := r.value(placeholder.FindStringSubmatch(text))
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		text = text[at[1]:]
	}
}

func (r runner) value(m []string) ([]byte, error) {
	switch m[1] {
	case "session":
		return []byte(r.session), nil
	case "photo":
		return fs.ReadFile(r.photos, m[2])
	case "base64":
		photo, err := fs.ReadFile(r.photos, m[2])
		return []byte(base64.StdEncoding.EncodeToString(photo)), err
	case "escaped":
		photo, err := fs.ReadFile(r.photos, m[2])
		return []byte(strings.ReplaceAll(base64.StdEncoding.EncodeToString(photo), "/", `\/`)), err
	case "padded":
		photo, err := fs.ReadFile(r.photos, m[2])
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(m[3])
		if err != nil || size < len(photo) {
			return nil, fmt.Errorf("%s: cannot pad %d bytes", m[0], len(photo))
		}
		return append(photo, make([]byte, size-len(photo))...), nil
	case "bytes":
		size, err := strconv.Atoi(m[2])
		return bytes.Repeat([]byte{'x'}, size), err
	}
	return nil, fmt.Errorf("%s means nothing in a request", m[0])
}

// compare tells where the answer differs from the response.
func (r runner) compare(got answer) error {
	want := r.exchange.response
	if got.StatusCode != want.status {
		return fmt.Errorf("status %d, want %d; body %.200q", got.StatusCode, want.status, got.body)
	}
	for _, h := range want.headers {
		if value := strings.Join(got.Header.Values(h.name), ", "); value != h.value {
			return fmt.Errorf("header %s: %q, want %q", h.name, value, h.value)
		}
	}
	for _, name := range want.absent {
		if values := got.Header.Values(name); len(values) > 0 {
			return fmt.Errorf("header %s: %q, want none", name, values)
		}
	}
	if !want.hasBody {
		return nil
	}
	if want.as != "" {
		return r.compareValues(got.body)
	}
	return r.compareBody(got.body)
}

func (r runner) compareBody(got []byte) error {
	want := r.exchange.response.body
	if m := placeholder.FindStringSubmatch(want); m != nil && m[0] == want {
		switch m[1] {
		case "photo":
			photo, err := r.value(m)
			if err == nil && !bytes.Equal(got, photo) {
				err = fmt.Errorf("body of %d bytes is not the picture %s of %d bytes", len(got), m[2], len(photo))
			}
			return err
		case "jpeg":
			size, err := jpegSize(got)
			if err == nil && size != m[2] {
				err = fmt.Errorf("body is a JPEG of %s, want %s", size, m[2])
			}
			return err
		}
	}
	ok := string(got) == want // most bodies, for which a pattern takes a hundred times as long
	if !ok && placeholder.MatchString(want) {
		pattern, err := r.pattern(want)
		if err != nil {
			return err
		}
		ok = pattern.Match(got)
	}
	if !ok {
		return fmt.Errorf("body %.300q, want %.300q", got, want)
	}
	return nil
}

func (r runner) pattern(want string) (*regexp.Regexp, error) {
	var out strings.Builder
	out.WriteString(`(?s)\A`)
	for {
		at := placeholder.FindStringSubmatchIndex(want)
		if at == nil {
			break
		}
		out.WriteString(regexp.QuoteMeta(want[:at[0]]))
		switch m := placeholder.FindStringSubmatch(want); m[1] {
		case "session":
			out.WriteString(`[A-Za-z0-9+/]{20,24}`)
		case "int":
			out.WriteString(`-?[0-9]+`)
		case "text":
			out.WriteString(`.*`)
		default:
			value, err := r.value(m)
			if err != nil {
				return nil, err
			}
			out.WriteString(regexp.QuoteMeta(string(value)))
		}
		want = want[at[1]:]
	}
	out.WriteString(regexp.QuoteMeta(want) + `\z`)
	return regexp.Compile(out.String())
}

// jpegSize reads WIDTHxHEIGHT out of a JPEG's frame header. Decoding pictures
// is another package's business.
func jpegSize(b []byte) (string, error) {
	if !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
		return "", fmt.Errorf("body %.60q is no JPEG", b)
	}
	for i := 2; i+9 < len(b) && b[i] == 0xff; {
		marker, length := b[i+1], int(b[i+2])<<8|int(b[i+3])
		if marker >= 0xc0 && marker <= 0xc2 {
			height, width := int(b[i+5])<<8|int(b[i+6]), int(b[i+7])<<8|int(b[i+8])
			return fmt.Sprintf("%dx%d", width, height), nil
		}
		i += 2 + length
	}
	return "", fmt.Errorf("JPEG of %d bytes has no frame header", len(b))
}
