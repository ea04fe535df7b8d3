package device_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/imaging"
	"portaria/imaging/face"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/store/storetest"
	"portaria/terminal/device"
	"portaria/testdata"
)

const (
	anaPhoto   = "face-ana-320x240.jpg"
	anaAgain   = "face-ana-240x320.jpg"
	brunoPhoto = "face-bruno-320x240.jpg"
)

// newFacial is a facial terminal with the users 1 to 9.
func newFacial(t *testing.T, c device.Config) *device.Device {
	t.Helper()
	c.Profile = mustProfile(t, "idface")
	d := newDevice(t, c)
	for id := int64(1); id < 10; id++ {
		if err := d.SetUsers(device.User{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// set uploads a photo of the test data.
func set(d *device.Device, user int64, name string, match bool) device.Result {
	return d.SetPhoto(context.Background(), device.Upload{User: user, Match: match, Picture: testdata.Photo(name)})
}

func mustSet(t *testing.T, d *device.Device, user int64, name string, match bool) {
	t.Helper()
	if r := set(d, user, name, match); !r.Kept() {
		t.Fatalf("%s of user %d is refused: %v %v", name, user, r.Err, r.Face.Faults)
	}
}

func TestMeasuredFaces(t *testing.T) {
	t.Parallel()
	faults := func(f ...device.FaceFault) []device.FaceFault { return f }
	for _, c := range []struct {
		photo           string
		lenient, strict []device.FaceFault
	}{
		{anaPhoto, nil, nil},
		{brunoPhoto, nil, nil},
		{"face-clara-320x240.jpg", nil, nil},
		{"plain-320x240.jpg", nil, nil},
		{"face-none-320x240.jpg", faults(device.FaceMissing), faults(device.FaceMissing)},
		{"face-aside-320x240.jpg", nil, faults(device.FaceOffCentre)},
		{"face-distant-480x360.jpg", nil, faults(device.FaceDistant)},
		{"face-close-240x240.jpg", nil, faults(device.FaceClose)},
		{"face-turned-320x240.jpg", nil, faults(device.FacePose)},
		{"face-blurred-320x240.jpg", nil, faults(device.FaceBlurred)},
		{"face-border-240x240.jpg", nil, faults(device.FaceAtBorder)},
		{"face-grey-320x240.jpg", nil, faults(device.FaceGreyscale)},
		{"face-two-320x240.jpg", faults(device.FaceSeveral), faults(device.FaceSeveral)},
	} {
		t.Run(c.photo, func(t *testing.T) {
			t.Parallel()
			for strict, want := range map[bool][]device.FaceFault{false: c.lenient, true: c.strict} {
				d := newFacial(t, device.Config{Faces: device.MeasuredFaces{Strict: strict}})
				_, report, err := d.TestPhoto(context.Background(), testdata.Photo(c.photo))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, report.Faults); diff != "" {
					t.Errorf("faults of %s, strict %v (-want +got):\n%s", c.photo, strict, diff)
				}
				missing := len(want) == 1 && want[0] == device.FaceMissing
				if measured := report.Scores != nil && report.Print != nil; measured == missing {
					t.Errorf("%s, strict %v: measured %v", c.photo, strict, measured)
				}
			}
		})
	}
}

// street is a picture of Ana with Bruno behind her, at some hundredths of the
// size of his photo.
func street(t *testing.T, percent int) []byte {
	t.Helper()
	out := image.NewRGBA(image.Rect(0, 0, 640, 640))
	place := func(name string, x, y, percent int) {
		m, err := jpeg.Decode(bytes.NewReader(testdata.Photo(name)))
		if err != nil {
			t.Fatal(err)
		}
		for oy := range 240 * percent / 100 {
			for ox := range 320 * percent / 100 {
				out.Set(x+ox, y+oy, m.At(ox*100/percent, oy*100/percent))
			}
		}
	}
	place(anaPhoto, 0, 0, 200)
	place(brunoPhoto, 20, 480, percent)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPassersBy(t *testing.T) {
	t.Parallel()
	for percent, want := range map[int]string{40: "[]", 66: "[12]"} {
		report := device.MeasuredFaces{}.CheckFace(nil, imaging.Photo{JPEG: street(t, percent)})
		if got := fmt.Sprint(report.Faults); got != want {
			t.Errorf("with somebody at %d%% behind, faults %s, want %s", percent, got, want)
		}
	}
}

// TestUnseenFaces looks into photos of forms that few write: none of them is a
// way past the check.
func TestUnseenFaces(t *testing.T) {
	t.Parallel()
	rgb, err := os.ReadFile("../../imaging/jpeg/testdata/baseline-rgb.jpg")
	if err != nil {
		t.Fatal(err)
	}
	// A Huffman table that no code can have, in front of those in use: such a
	// file is kept as it is.
	stray := func(name string) []byte {
		photo := testdata.Photo(name)
		table := "\xff\xc4\x00\x16\x00\x03" + strings.Repeat("\x00", 15) + "\x00\x01\x02"
		return append([]byte(string(photo[:2])+table), photo[2:]...)
	}
	for _, c := range []struct {
		name  string
		photo []byte
		want  string
	}{
		{"RGB without a face", rgb, "[2]"},
		{"stray codes without a face", stray("face-none-320x240.jpg"), "[2]"},
		{"stray codes and a face", stray(anaPhoto), "[]"},
		{"no picture at all", nil, "[2]"},
	} {
		report := device.MeasuredFaces{Strict: true}.CheckFace(nil, imaging.Photo{JPEG: c.photo})
		if got := fmt.Sprint(report.Faults); got != c.want {
			t.Errorf("%s: faults %s, want %s", c.name, got, c.want)
		}
	}
}

// commented is a picture with a comment.
func commented(t *testing.T, comment string) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 160, 160))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	m.Set(3, 3, color.RGBA{200, 0, 0, 255})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	segment := append([]byte{0xff, 0xfe, byte((len(comment) + 2) >> 8), byte(len(comment) + 2)}, comment...)
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
}

func TestScriptedFaces(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]string{
		"portaria-face: ok":                              "[] <nil> false",
		"portaria-face: 2":                               "[2] <nil> false",
		" portaria-face: 4,9\n":                          "[4 9] <nil> false",
		"portaria-face: 12 scores=700,16,-150,768,100":   "[12] &{700 16 -150 768 100} false",
		"portaria-face: ok person=ana":                   "[] <nil> true",
		"portaria-face: ok person=ana scores=1,2,3,4,5":  "[] &{1 2 3 4 5} true",
		"portaria-face: ok scores=1,2,3,4":               "[] <nil> false",
		"portaria-face: 8 scores=1,2,3,4,x person=ana":   "[] <nil> false",
		"portaria-face: 1":                               "[] <nil> false",
		"portaria-face: 13":                              "[] <nil> false",
		"portaria-face: 8 mood=bad":                      "[] <nil> false",
		"portaria-face:":                                 "[] <nil> false",
		"a photo by somebody":                            "[] <nil> false",
		"":                                               "[] <nil> false",
		"portaria-face: 8 " + strings.Repeat(" ", 60000): "[8] <nil> false",
	} {
		d := newFacial(t, device.Config{Faces: device.ScriptedFaces{}})
		_, report, err := d.TestPhoto(context.Background(), commented(t, comment))
		if err != nil {
			t.Fatal(err)
		}
		scores := "<nil>"
		if report.Scores != nil {
			scores = fmt.Sprint(report.Scores)
		}
		if got := fmt.Sprintf("%v %s %v", report.Faults, scores, report.Print != nil); got != want {
			t.Errorf("%.60q is judged %s, want %s", comment, got, want)
		}
	}
}

// TestScriptBehindAnotherComment is what a program makes that appends a comment
// to a picture that another program has signed.
func TestScriptBehindAnotherComment(t *testing.T) {
	t.Parallel()
	photo := commented(t, "portaria-face: 8")
	signed := append([]byte("\xff\xd8\xff\xfe\x00\x08signed"), photo[2:]...)
	report := device.ScriptedFaces{}.CheckFace(signed, imaging.Photo{})
	if got := fmt.Sprint(report.Faults); got != "[8]" {
		t.Errorf("faults %s, want [8]", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	exists := func(t *testing.T, r device.Result, owner int64) {
		t.Helper()
		if diff := cmp.Diff([]device.FaceFault{device.FaceExists}, r.Face.Faults); diff != "" || r.Err != nil || r.Face.Owner != owner {
			t.Errorf("owner %d, error %v, faults (-want +got):\n%s; want the face to be that of %d", r.Face.Owner, r.Err, diff, owner)
		}
	}
	t.Run("whose face it is follows what is stored", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, false)
		exists(t, set(d, 2, anaAgain, true), 1)
		mustSet(t, d, 1, anaAgain, true)
		mustSet(t, d, 3, brunoPhoto, true)
		exists(t, set(d, 2, brunoPhoto, true), 3)
		mustSet(t, d, 3, anaAgain, false)
		mustSet(t, d, 2, brunoPhoto, true)
		exists(t, set(d, 4, brunoPhoto, true), 2)
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{2}}); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 4, brunoPhoto, true)
		exists(t, set(d, 5, brunoPhoto, true), 4)
		if err := d.DeleteUser(4); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 5, brunoPhoto, true)
		exists(t, set(d, 6, brunoPhoto, true), 5)
		if err := d.DeletePhotos(device.PhotoSelection{All: true}); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 6, brunoPhoto, true)
		exists(t, set(d, 7, brunoPhoto, true), 6)
		if _, err := d.Destroy(query.Filter{Table: "face_templates"}); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 7, brunoPhoto, true)
	})
	t.Run("another device on the same store knows the face, too", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		mustSet(t, newFacial(t, device.Config{Store: s}), 1, anaPhoto, true)
		exists(t, set(newFacial(t, device.Config{Store: s}), 2, anaAgain, true), 1)
	})
	t.Run("more changes than are remembered are not forgotten", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, true)
		rows := make([]schema.Row, 10_100)
		for i := range rows {
			rows[i] = rowOf(t, d, "face_templates", "user_id", 9, "template", "x", "length", 1)
		}
		if _, err := d.Create("face_templates", rows); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 3, brunoPhoto, false)
		exists(t, set(d, 2, brunoPhoto, true), 3)
		exists(t, set(d, 2, anaAgain, true), 1)
	})
	t.Run("a template that was given another id goes with its photo", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, true)
		exists(t, set(d, 2, anaAgain, true), 1)
		if n, err := d.Modify(query.Filter{Table: "face_templates"}, rowOf(t, d, "face_templates", "id", 50)); n != 1 || err != nil {
			t.Fatalf("another id: %d, %v", n, err)
		}
		exists(t, set(d, 2, anaAgain, true), 1)
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1}}); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 2, anaAgain, true)
	})
	t.Run("templates that a client made up match nobody", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		for _, template := range []string{"", "\x01", "\x01short", "something else"} {
			mustCreate(t, d, "face_templates", "user_id", 1, "template", template, "length", 9)
		}
		mustSet(t, d, 2, anaPhoto, true)
	})
	t.Run("of two uploads of one face at the same time one is refused", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			d := newFacial(t, device.Config{})
			var group sync.WaitGroup
			results := make([]device.Result, 8)
			for i := range results {
				group.Go(func() { results[i] = set(d, int64(i+1), anaPhoto, true) })
			}
			group.Wait()
			kept := 0
			for _, r := range results {
				if r.Kept() {
					kept++
				}
			}
			if kept != 1 {
				t.Fatalf("%d of %d users are enrolled with one face, want 1", kept, len(results))
			}
		}
	})
	t.Run("an upload that comes to nothing reserves nothing", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		photo := testdata.Photo(anaPhoto)
		results := d.SetPhotos(context.Background(), []device.Upload{{User: 1, Match: true, Picture: photo}, {User: 2, Match: true, Picture: photo}})
		exists(t, results[1], 1)
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1}}); err != nil {
			t.Fatal(err)
		}
		mustSet(t, d, 2, anaPhoto, true)
	})
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	rows := func(t *testing.T, d *device.Device) []string {
		t.Helper()
		return load(t, d, "face_templates", "id", "user_id", "face_type", "length")
	}
	t.Run("a photo has one, whatever was there before", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, false)
		mustSet(t, d, 2, brunoPhoto, false)
		mustSet(t, d, 1, brunoPhoto, false)
		wantRows(t, "face_templates", rows(t, d), "1 1 0 129", "2 2 0 129")
		mustCreate(t, d, "face_templates", "user_id", 1, "template", "x", "length", 1)
		mustCreate(t, d, "face_templates", "user_id", 1, "template", "y", "length", 1)
		mustSet(t, d, 1, anaPhoto, false)
		wantRows(t, "face_templates", rows(t, d), "1 1 0 129", "2 2 0 129")
		if n, err := d.FacesEnrolled(); n != 2 || err != nil {
			t.Errorf("%d faces enrolled, %v; want 2", n, err)
		}
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1}}); err != nil {
			t.Fatal(err)
		}
		wantRows(t, "face_templates", rows(t, d), "2 2 0 129")
		if err := d.DeletePhotos(device.PhotoSelection{All: true}); err != nil {
			t.Fatal(err)
		}
		wantRows(t, "face_templates", rows(t, d))
	})
	t.Run("a face that nobody looked at is enrolled without a print", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{Faces: device.AnyFace{}})
		mustSet(t, d, 1, "face-none-320x240.jpg", true)
		wantRows(t, "face_templates", rows(t, d), "1 1 0 1")
		mustSet(t, d, 2, "face-none-320x240.jpg", true)
	})
	t.Run("the same photo again changes no template", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, false)
		mustSet(t, d, 1, anaPhoto, false)
		mustSet(t, d, 1, brunoPhoto, false)
		var got []string
		for _, row := range load(t, d, "change_logs", "operation_type", "table_name") {
			if strings.Contains(row, "face_templates") {
				got = append(got, row)
			}
		}
		wantRows(t, "change_logs", got, "insert face_templates", "update face_templates")
	})
	t.Run("a refused photo leaves the template as it was", func(t *testing.T) {
		t.Parallel()
		d := newFacial(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, false)
		before := load(t, d, "face_templates", "template")
		if r := set(d, 1, "face-none-320x240.jpg", false); r.Kept() {
			t.Error("a wall is kept")
		}
		wantRows(t, "face_templates", load(t, d, "face_templates", "template"), before...)
	})
	t.Run("a classic terminal has none", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{})
		mustSet(t, d, 1, anaPhoto, true)
		if d.Schema().Table("face_templates") != nil {
			t.Error("a classic terminal has face_templates")
		}
	})
}

// strangers are faces that nobody has seen before.
type strangers struct{ next *atomic.Uint64 }

func (s strangers) CheckFace([]byte, imaging.Photo) device.FaceReport {
	var p face.Print
	n := s.next.Add(1)
	for i := range p {
		p[i] = (n + uint64(i)) * 0x9e3779b97f4a7c15
	}
	return device.FaceReport{Print: &p}
}

func BenchmarkMatch(b *testing.B) {
	const enrolled = 100_000
	checker := strangers{new(atomic.Uint64)}
	d, err := device.New(device.Config{Store: storetest.Ephemeral(b), Profile: must(device.ProfileOf("idface")), Faces: checker, PasswordCost: 1})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.SetUsers(device.User{ID: 1}, device.User{ID: 2}); err != nil {
		b.Fatal(err)
	}
	rows := make([]schema.Row, enrolled)
	for i := range rows {
		template := string(face.AppendPrint([]byte{1}, checker.CheckFace(nil, imaging.Photo{}).Print))
		rows[i] = append(rowOf(b, d, "face_templates", "user_id", 2, "length", len(template)),
			schema.Assignment{Column: d.Schema().Table("face_templates").Column("template"), Value: schema.Blob(template)})
	}
	if _, err := d.Create("face_templates", rows); err != nil {
		b.Fatal(err)
	}
	photo := testdata.Photo(anaPhoto)
	for _, match := range []bool{false, true} {
		b.Run(fmt.Sprint("match ", match), func(b *testing.B) {
			for b.Loop() {
				if r := d.SetPhoto(context.Background(), device.Upload{User: 1, Match: match, Picture: photo}); !r.Kept() {
					b.Fatal(r.Err, r.Face.Faults)
				}
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
