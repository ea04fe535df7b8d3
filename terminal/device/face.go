package device

import (
	"slices"

	"portaria/imaging"
	"portaria/imaging/face"
)

// FaceFault is a reason to refuse a face, numbered as the device numbers it
// (access-api §4.7).
type FaceFault int

// The faults that a photo can be refused for.
const (
	FaceMissing   FaceFault = 2
	FaceExists    FaceFault = 3
	FaceOffCentre FaceFault = 4
	FaceDistant   FaceFault = 5
	FaceClose     FaceFault = 6
	FacePose      FaceFault = 7
	FaceBlurred   FaceFault = 8
	FaceAtBorder  FaceFault = 9
	FaceMask      FaceFault = 10 // scripted only: nothing here looks for masks
	FaceGreyscale FaceFault = 11
	FaceSeveral   FaceFault = 12
)

// FaceScores is what was measured of a face, in the device's units: lengths
// per mille, qualities up to 1000.
type FaceScores struct {
	BoundsWidth            int // of the picture's width
	HorizontalCenterOffset int // in widths of the face
	VerticalCenterOffset   int // in widths of the face
	CenterPoseQuality      int
	SharpnessQuality       int
}

// FaceReport is what a FaceChecker found. Without faults the photo passes.
type FaceReport struct {
	Scores *FaceScores // nil: no face was measured
	Faults []FaceFault
	Print  *face.Print // nil: nothing to recognise the face by
	Owner  int64       // whose face it is, when FaceExists is among the faults
}

// FaceChecker judges the face on a photo: as it was uploaded, and as it is
// when normalized. It is asked by facial terminals only, after type and size
// have been judged.
type FaceChecker interface {
	CheckFace(upload []byte, photo imaging.Photo) FaceReport
}

// AnyFace accepts every photo and measures nothing.
type AnyFace struct{}

// CheckFace implements FaceChecker.
func (AnyFace) CheckFace([]byte, imaging.Photo) FaceReport { return FaceReport{} }

// The limits of a face (access-api §4.7). That of the pose is decided from
// the documented examples, that of the border is a guess.
const (
	maxOffset    = 1000
	minWidth     = 60
	maxWidth     = 800
	minPose      = 600
	minSharpness = 450
	minMargin    = 50
)

// A second face counts when it is certain, and no passer-by far behind.
const (
	certainVotes = 24
	passerBy     = 3 // times narrower than the first
)

// MeasuredFaces looks for the face. It refuses photos without one and photos
// of several people, and if Strict all that the documentation names. In a photo
// that cannot be looked at there is no face.
type MeasuredFaces struct{ Strict bool }

// CheckFace implements FaceChecker.
func (m MeasuredFaces) CheckFace(_ []byte, photo imaging.Photo) FaceReport {
	// Normalization has decoded the photo just now, so an error is not to be
	// expected; it must not be a way past the check.
	img, err := imaging.Luma(photo.JPEG, face.Side)
	if err != nil {
		return FaceReport{Faults: []FaceFault{FaceMissing}}
	}
	faces := face.Find(img)
	if len(faces) == 0 {
		return FaceReport{Faults: []FaceFault{FaceMissing}}
	}
	var report FaceReport
	first := faces[0]
	for _, other := range faces[1:] {
		if other.Votes >= certainVotes && other.Bounds.Dx()*passerBy >= first.Bounds.Dx() {
			report.Faults = append(report.Faults, FaceSeveral)
			break
		}
	}
	measures, seen := face.Describe(img, first)
	report.Print = &seen
	report.Scores = &FaceScores{
		BoundsWidth:            measures.Width,
		HorizontalCenterOffset: measures.OffsetX,
		VerticalCenterOffset:   measures.OffsetY,
		CenterPoseQuality:      measures.Pose,
		SharpnessQuality:       measures.Sharpness,
	}
	if m.Strict && photo.Grey {
		report.Faults = append(report.Faults, FaceGreyscale)
	}
	if m.Strict {
		report.Faults = append(report.Faults, strictFaults(measures)...)
		slices.Sort(report.Faults)
	}
	return report
}

// strictFaults judges by the documented limits.
func strictFaults(m face.Measures) (faults []FaceFault) {
	for _, rule := range []struct {
		broken bool
		fault  FaceFault
	}{
		{max(m.OffsetX, -m.OffsetX, m.OffsetY, -m.OffsetY) > maxOffset, FaceOffCentre},
		{m.Width < minWidth, FaceDistant},
		{m.Width > maxWidth, FaceClose},
		{m.Pose < minPose, FacePose},
		{m.Sharpness < minSharpness, FaceBlurred},
		// A face that is too close reaches the borders anyhow.
		{m.Margin < minMargin && m.Width <= maxWidth, FaceAtBorder},
	} {
		if rule.broken {
			faults = append(faults, rule.fault)
		}
	}
	return faults
}
