package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

func TestBetweenTerminals(t *testing.T) {
	t.Parallel()
	const many = 200
	for _, models := range [][2]string{{"idface", "idface"}, {"idaccess", "idblock"}, {"idflex", "amico"}} {
		t.Run(models[0]+" to "+models[1], func(t *testing.T) {
			t.Parallel()
			from := terminaltest.New(t, terminaltest.Model(models[0]), noFaces())
			to := terminaltest.New(t, terminaltest.Model(models[1]), noFaces())
			people(t, from, 1, many)
			from.AddUser(many+1, "Without Photo")
			front, back := newFront(t, to.URL, nil), newFront(t, from.URL, nil)
			tr := between(t, back.URL, front.URL)
			tr.CreateUsers = true

			start := time.Now()
			mustRun(t, tr, counts{copied: many, noPhoto: 1, created: many})
			t.Logf("%.0f people a second", many/time.Since(start).Seconds())
			for n := 1; n <= many; n++ {
				if !bytes.Equal(to.Photo(int64(n)), from.Photo(int64(n))) {
					t.Fatalf("the photo of user %d is another", n)
				}
			}
			if users := to.Users(); len(users) != many || users[6].Name != "Person 7" {
				t.Errorf("%d users, the seventh %+v", len(users), users[6])
			}
			if n := front.uploads(); n > many/5 {
				t.Errorf("%d uploads for %d photos, want batches", n, many)
			}

			traffic := func() int { return front.uploads() + back.of("user_get_image", "user_get_image_list") }
			before := traffic()
			mustRun(t, tr, counts{unchanged: many, noPhoto: 1})
			if n := traffic() - before; n != 0 {
				t.Errorf("%d requests for photos although nothing changed", n)
			}

			from.Advance(time.Minute)
			from.SetPhoto(5, portrait(5000))
			mustRun(t, tr, counts{copied: 1, unchanged: many - 1, noPhoto: 1})
			if !bytes.Equal(to.Photo(5), portrait(5000)) {
				t.Error("the new photo did not arrive")
			}
		})
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	from := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
	to := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
	large := noisy(400, 300)
	for n := range int64(30) {
		from.AddUser(n+1, "Large")
		from.SetPhoto(n+1, large)
		from.Advance(time.Hour)
	}
	front := newFront(t, to.URL, nil)
	tr := between(t, from.URL, front.URL)
	tr.CreateUsers, tr.Parallel = true, 1
	mustRun(t, tr, counts{copied: 30, created: 30})
	if most := len(large) * 30 / 500_000; front.uploads() > most || front.largest >= 1_000_000 {
		t.Errorf("%d uploads of photos of %d bytes, the largest %d; want at most %d below 1 MB", front.uploads(), len(large), front.largest, most)
	}
	t.Run("the photos keep their times", func(t *testing.T) {
		want, err := from.Device().Photos()
		if err != nil {
			t.Fatal(err)
		}
		got, err := to.Device().Photos()
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i].User != want[i].User || got[i].Timestamp != want[i].Timestamp {
				t.Fatalf("%+v, want %+v", got[i], want[i])
			}
		}
	})
}

func TestPhotoLostAtTheTargetIsSentAgain(t *testing.T) {
	t.Parallel()
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, 3)
	tr := between(t, from.URL, to.URL)
	tr.CreateUsers = true
	mustRun(t, tr, counts{copied: 3, created: 3})
	answer, err := to.Client().Post(to.URL+"/user_destroy_image.fcgi?session="+to.Login(), "application/json", strings.NewReader(`{"user_id":2}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	mustRun(t, tr, counts{copied: 1, unchanged: 2})
	if to.Photo(2) == nil {
		t.Error("the photo is still missing")
	}
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	const many = 300
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, many)
	tr := between(t, from.URL, to.URL)
	tr.CreateUsers, tr.Parallel = true, 2
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tr.To.Where = newFront(t, to.URL, func(_ http.ResponseWriter, command string, nth int) bool {
		if command == "create_objects.fcgi" && nth == 2 {
			cancel()
		}
		return false
	}).URL
	report, err := tr.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run: %v", err)
	}
	arrived := report.Count[transfer.Copied]
	if arrived == 0 || arrived == many || report.People() != arrived {
		t.Fatalf("interrupted run: %+v", countsOf(report))
	}
	if got, users := len(to.Photos()), len(to.Users()); got != arrived || users != arrived {
		t.Errorf("%d photos and %d users arrived, the report says %d", got, users, arrived)
	}

	t.Run("the next run goes on", func(t *testing.T) {
		mustRun(t, tr, counts{copied: many - arrived, unchanged: arrived, created: many - arrived})
	})
	t.Run("a torn last line costs one photo", func(t *testing.T) {
		text, err := os.ReadFile(tr.State)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(tr.State, text[:len(text)-5], 0o600); err != nil {
			t.Fatal(err)
		}
		mustRun(t, tr, counts{copied: 1, unchanged: many - 1})
		mustRun(t, tr, counts{unchanged: many})
	})
	t.Run("another target has a memory of its own", func(t *testing.T) {
		other := terminaltest.New(t)
		second := tr
		second.To.Where = other.URL
		mustRun(t, second, counts{copied: many, created: many})
		mustRun(t, tr, counts{unchanged: many})
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	from := terminaltest.New(t)
	to := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
	people(t, from, 1, 6)
	from.SetPhoto(3, drawn(3, 100, 80))
	from.SetPhoto(4, drawn(3, 90, 80))
	for n := int64(1); n <= 5; n++ {
		to.AddUser(n, "There")
	}
	tr := between(t, from.URL, to.URL)
	report := mustRun(t, tr, counts{copied: 3, refused: 3})
	if err := reason(t, report, "6"); !errors.Is(err, transfer.ErrNoUser) {
		t.Errorf("a user that is not there: %v", err)
	}
	if err := reason(t, report, "3"); !strings.Contains(err.Error(), "160x160") {
		t.Errorf("a photo that is too small: %v", err)
	}
	t.Run("who was refused is tried again", func(t *testing.T) {
		mustRun(t, tr, counts{unchanged: 3, refused: 3})
	})
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, 5)
	to.AddUser(1, "There")
	front := newFront(t, to.URL, nil)
	tr := between(t, from.URL, front.URL)
	tr.DryRun, tr.CreateUsers = true, true
	mustRun(t, tr, counts{copied: 5, created: 4})
	if n := front.uploads() + front.of("create_objects"); n != 0 || len(to.Photos()) != 0 || len(to.Users()) != 1 {
		t.Errorf("%d requests that change something, photos %v, %d users", n, to.Photos(), len(to.Users()))
	}
	if _, err := os.Stat(tr.State); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state: %v, want none", err)
	}
}
