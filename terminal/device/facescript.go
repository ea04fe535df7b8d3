package device

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"portaria/imaging"
	"portaria/imaging/face"
)

// faceMarker is what a JPEG comment begins with that decides about its photo.
const faceMarker = "portaria-face:"

// ScriptedFaces lets the photo say what is wrong with its face, in the first
// comment of the uploaded JPEG that begins so:
//
//	portaria-face: 8
//	portaria-face: 4,9 scores=700,16,-150,768,100
//	portaria-face: ok person=ana
//
// First the codes of the faults, or ok. Scores are those of FaceScores in
// their order. A person has one face, which match=1 knows again. A photo
// without such a comment, or with one that is not understood, passes.
type ScriptedFaces struct{}

// CheckFace implements FaceChecker.
func (ScriptedFaces) CheckFace(upload []byte, _ imaging.Photo) FaceReport {
	text, ok := faceScript(upload)
	if !ok {
		return FaceReport{}
	}
	var report FaceReport
	for i, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case i == 0:
			ok = word == "ok" || readFaults(word, &report)
		case name == "scores":
			ok = ok && readScores(value, &report)
		case name == "person":
			report.Print = printOf(value)
		default:
			ok = false
		}
	}
	if !ok {
		return FaceReport{}
	}
	return report
}

// faceScript returns what follows the marker in the first comment that has it.
// Programs that write a picture like to sign it, and to append comments behind
// those that are there.
func faceScript(upload []byte) (text string, ok bool) {
	for comment := range imaging.Comments(upload) {
		if text, ok = strings.CutPrefix(strings.TrimSpace(comment), faceMarker); ok {
			return text, true
		}
	}
	return "", false
}

func readFaults(text string, report *FaceReport) bool {
	for code := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(code)
		if err != nil || FaceFault(n) < FaceMissing || FaceFault(n) > FaceSeveral {
			return false
		}
		report.Faults = append(report.Faults, FaceFault(n))
	}
	return true
}

func readScores(text string, report *FaceReport) bool {
	var s FaceScores
	fields := []*int{&s.BoundsWidth, &s.HorizontalCenterOffset, &s.VerticalCenterOffset, &s.CenterPoseQuality, &s.SharpnessQuality}
	numbers := strings.Split(text, ",")
	if len(numbers) != len(fields) {
		return false
	}
	for i, number := range numbers {
		var err error
		if *fields[i], err = strconv.Atoi(number); err != nil {
			return false
		}
	}
	report.Scores = &s
	return true
}

// printOf is the print of somebody who has a name instead of a face.
func printOf(person string) *face.Print {
	var p face.Print
	for i := range p {
		sum := sha256.Sum256([]byte(strconv.Itoa(i) + " " + person))
		p[i] = binary.LittleEndian.Uint64(sum[:])
	}
	return &p
}
