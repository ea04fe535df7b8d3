package dialect

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"strings"
)

// maxParts is how many parts of a body are read.
const maxParts = 16

func readParts(body []byte, boundary string) ([]Part, error) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var parts []Part
	for len(parts) < maxParts {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, ErrMalformed
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, ErrMalformed
		}
		parts = append(parts, Part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), data})
	}
	return parts, nil
}

func parseBasic(header string) (login, password string, ok bool) {
	kind, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}
