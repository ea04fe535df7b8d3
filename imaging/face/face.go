// Package face finds faces in a grey picture and measures what a terminal
// wants to know of one.
package face

import "image"

// Face is one face in a picture.
type Face struct {
	// Bounds is a square from the brows to the chin, in pixels of the picture.
	// It may reach beyond the picture.
	Bounds image.Rectangle
	// Votes is how many windows of the search agreed.
	Votes int
}

// Find lists the faces in img, the largest first.
func Find(img *image.Gray) []Face {
	if img.Rect.Empty() {
		return nil
	}
	p := planeOf(img)
	base := p.shrunk(Side)
	var faces []Face
	for _, g := range find(base) {
		faces = append(faces, Face{g.bounds(p.w, base.w), g.count})
	}
	return faces
}
