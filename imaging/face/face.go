// Package face finds faces in a grey picture, measures what a terminal tells
// of them and takes prints by which a face is known again. It reads no picture
// files, keeps nothing and knows no limits: what passes is the caller's to say.
//
// All is counted in integers. The same picture has the same faces, measures
// and prints on every processor, in bounded time and memory.
//
// The cascade's trained numbers are OpenCV's, under the licence in
// LICENSE.cascade.
package face

import "image"

// Face is one face in a picture.
type Face struct {
	// Bounds is a square from the brows to the chin, in pixels from the upper
	// left corner of the picture. It may reach beyond the picture.
	Bounds image.Rectangle
	// Votes is how many windows of the search agreed, 12 at the least. Those
	// about a face that looks ahead are mostly more than 30.
	Votes int
}

// Find lists the faces in img, the largest first. In pixels of the picture
// reduced to Side, faces below 36 are found only where no wider one is, and
// those below 24 never.
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
