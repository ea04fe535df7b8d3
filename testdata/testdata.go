// Package testdata is what every test of the project, in any language, shares:
// wire vectors, one exchange per file, and small drawn pictures, each with
// one property that its name tells.
package testdata

import (
	"embed"
	"io/fs"
)

//go:embed wire photo
var files embed.FS

// Wire holds the vectors, in a folder per dialect.
func Wire() fs.FS { return sub("wire") }

// Photos holds the pictures.
func Photos() fs.FS { return sub("photo") }

// Photo returns one picture. A name that is none of them is a mistake in the
// test.
func Photo(name string) []byte {
	picture, err := fs.ReadFile(files, "photo/"+name)
	if err != nil {
		panic(err)
	}
	return picture
}

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // dir is a constant of this file
	}
	return f
}
