package device

import "portaria/imaging"

// FaceFault is a reason to refuse a face, numbered as the device numbers it
// (access-api §4.7).
type FaceFault int

// The faults that a photo can be refused for.
const (
	FaceGreyscale FaceFault = 11
)

// FaceScores is what was measured of a face, in the device's units.
type FaceScores struct {
	BoundsWidth            int
	HorizontalCenterOffset int
	VerticalCenterOffset   int
	CenterPoseQuality      int
	SharpnessQuality       int
}

// FaceReport is what a FaceChecker found. Without faults the photo passes.
type FaceReport struct {
	Scores *FaceScores // nil: no face was measured
	Faults []FaceFault
}

// FaceChecker judges the face on a normalized photo. It is asked by facial
// terminals only, after type and size have been judged.
type FaceChecker interface {
	CheckFace(imaging.Photo) FaceReport
}

// MeasuredFaces judges what can be measured without looking for a face: it
// refuses greyscale. It gives no scores.
type MeasuredFaces struct{}

// CheckFace implements FaceChecker.
func (MeasuredFaces) CheckFace(p imaging.Photo) FaceReport {
	if p.Grey {
		return FaceReport{Faults: []FaceFault{FaceGreyscale}}
	}
	return FaceReport{}
}

// AnyFace accepts every photo.
type AnyFace struct{}

// CheckFace implements FaceChecker.
func (AnyFace) CheckFace(imaging.Photo) FaceReport { return FaceReport{} }
