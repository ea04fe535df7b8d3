//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"

	"portaria/terminal/dialect/jsondoc"
)

// The goal for reading a bulk upload: time of ours to that of encoding/json.
const bulkToJSON = 1.0 / 8

const (
	bulkPhotos = 19
	bulkBytes  = 39_000 // each; in base64 the nineteen are a body of 1.0 MB
)

// reader reads the photos of a bulk body.
type reader struct {
	name string
	read func(body []byte) ([][]byte, error)
}

// json measures how a bulk upload is read: parsed, walked and decoded.
func (b *bench) json(ctx context.Context) (section, error) {
	photos := drawPhotos(4, bulkPhotos, sizes{bulkBytes, bulkBytes})
	body := bulkBody(photos)
	const bare = "scan+base64"
	readers := []reader{{portariaName, readDocument}, {"encoding/json", readTyped}, {bare, readBare}}
	for _, r := range readers {
		got, err := r.read(body)
		if err != nil || !slices.EqualFunc(got, photos, bytes.Equal) {
			return section{}, fmt.Errorf("%s does not find the photos of the body (%w)", r.name, err)
		}
	}
	testing.Init()
	if err := flag.Set("test.benchtime", either(b, "200ms", "50ms")); err != nil {
		return section{}, err
	}
	rounds := either(b, 15, 3)
	nanos := make(map[string][]float64)
	for round := range rounds {
		for _, r := range readers {
			if ctx.Err() != nil {
				return section{}, ctx.Err()
			}
			result := testing.Benchmark(func(t *testing.B) {
				for t.Loop() {
					if _, err := r.read(body); err != nil {
						t.Fatal(err)
					}
				}
			})
			each := float64(result.T.Nanoseconds()) / float64(result.N)
			nanos[r.name] = append(nanos[r.name], each)
		}
		progress("json: round %d of %d", round+1, rounds)
	}
	out := section{
		title: fmt.Sprintf("Bulk upload body of %.2f MB with %d photos in base64: time to read it, in process", float64(len(body))/1e6, bulkPhotos),
		notes: []string{
			rounded(rounds) + ", wall clock of testing.Benchmark; the goal says 8 times as fast",
			bare + ": the least that the standard base64 allows, without checking the document and into memory that is there already",
		},
	}
	for _, r := range readers[1:] {
		var g goal
		if r.name != bare {
			g.ratio = bulkToJSON
		}
		out.rows = append(out.rows, compare("parse, walk, decode", millis, nanos[portariaName], nanos[r.name], r.name, g))
	}
	return out, nil
}

func bulkBody(photos [][]byte) []byte {
	body := []byte(`{"match":false,"user_images":[`)
	for i, jpeg := range photos {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"user_id":%d,"timestamp":%d,"image":"`, i+1, photoTime)
		body = append(base64.StdEncoding.AppendEncode(body, jpeg), `"}`...)
	}
	return append(body, `]}`...)
}

// readDocument reads as user_set_image_list does.
func readDocument(body []byte) ([][]byte, error) {
	v, err := jsondoc.Parse(body)
	if err != nil {
		return nil, err
	}
	if _, ok := v.Member("match").Bool(); !ok {
		return nil, errors.New("no match")
	}
	var photos [][]byte
	for item := range v.Member("user_images").Items() {
		_, withUser := item.Member("user_id").Int()
		_, withTime := item.Member("timestamp").Int()
		jpeg, ok := item.Member("image").Base64()
		if !withUser || !withTime || !ok {
			return nil, errors.New("not an item")
		}
		photos = append(photos, jpeg)
	}
	return photos, nil
}

func readTyped(body []byte) ([][]byte, error) {
	var upload struct {
		Match  bool `json:"match"`
		Images []struct {
			User      int64  `json:"user_id"`
			Timestamp int64  `json:"timestamp"`
			Image     []byte `json:"image"`
		} `json:"user_images"`
	}
	if err := json.Unmarshal(body, &upload); err != nil {
		return nil, err
	}
	var photos [][]byte
	for _, image := range upload.Images {
		photos = append(photos, image.Image)
	}
	return photos, nil
}

// bareRoom is where readBare decodes to.
var bareRoom [bulkPhotos][bulkBytes + 2]byte

// readBare finds the photos by their label and decodes them. It would take
// anything for a document.
func readBare(body []byte) ([][]byte, error) {
	label := []byte(`"image":"`)
	photos := make([][]byte, 0, bulkPhotos)
	for range bulkPhotos {
		at := bytes.Index(body, label)
		if at < 0 {
			return nil, errors.New("no image")
		}
		body = body[at+len(label):]
		end := bytes.IndexByte(body, '"')
		room := bareRoom[len(photos)][:]
		n, err := base64.StdEncoding.Decode(room, body[:end])
		if err != nil {
			return nil, err
		}
		photos, body = append(photos, room[:n]), body[end:]
	}
	return photos, nil
}
