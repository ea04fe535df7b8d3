package keeper

import (
	"net/http"
	"os"
	"path/filepath"
	"time"

	"portaria/store"
	"portaria/terminal/dialect"
)

// status is what an owner asks about; DESIGN.md says what each member means.
type status struct {
	Version string `json:"version"`
	Model   string `json:"model"`
	Product string `json:"product"`
	Serial  string `json:"serial"`
	Uptime  int64  `json:"uptime_seconds"`
	Time    int64  `json:"time"`
	UTC     string `json:"utc"`
	Users   int    `json:"users"`
	Photos  int    `json:"photos"`
	Health  string `json:"health"`

	Storage storage `json:"storage"`

	DamagedFiles  []file        `json:"damaged_files"`
	DamagedPhotos damagedPhotos `json:"damaged_photos"`
	LastCheck     *report       `json:"last_check"`
	UnderWay      string        `json:"under_way"`
}

// storage is in bytes.
type storage struct {
	Used     int64  `json:"bytes_used"`     // of the file
	Reusable int64  `json:"bytes_reusable"` // of these
	Capacity int64  `json:"bytes_capacity"` // 0: the disk's
	DiskFree *int64 `json:"bytes_disk_free"`
	Aside    int64  `json:"bytes_set_aside"`
}

type file struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Written int64  `json:"last_written"`
}

type damagedPhotos struct {
	Refused int64   `json:"reads_refused"`
	Users   []int64 `json:"users"`
}

func (a *API) answerStatus(c *dialect.Call) error {
	now := a.clock.Now()
	profile := a.device.Profile()
	problem := a.look()
	if problem == "" {
		problem = "ok"
	}
	s := status{
		Version: a.options.Version, Model: profile.Name, Product: profile.Product, Serial: a.device.Serial(),
		Uptime: int64(a.clock.Mark().Sub(a.started) / time.Second), Time: now.Unix(), UTC: now.UTC().Format(time.RFC3339),
		Health:       problem,
		DamagedFiles: []file{}, DamagedPhotos: damagedPhotos{Users: []int64{}},
	}
	kept, err := a.device.Storage()
	if err != nil {
		// Who asks what is wrong is not refused for it.
		a.log.Error("the data cannot be counted", "err", err)
	}
	s.Users, s.Photos = kept.Users, kept.Photos
	s.Storage = storage{Used: kept.FileBytes, Reusable: kept.FreeBytes, Capacity: kept.Capacity}
	s.DamagedPhotos.Refused = kept.Damaged
	s.DamagedPhotos.Users = append(s.DamagedPhotos.Users, kept.DamagedPhotos...)
	if dir := a.options.Dir; dir != "" {
		if free, err := store.Free(dir); err == nil {
			s.Storage.DiskFree = &free
		}
		files, err := store.SetAside(dir)
		if err != nil {
			a.log.Error("the files that were set aside cannot be listed", "err", err)
		}
		for _, f := range files {
			s.DamagedFiles = append(s.DamagedFiles, file{f.Name(), f.Size(), f.ModTime().Unix()})
			s.Storage.Aside += f.Size()
		}
	}
	_, s.LastCheck = a.check.get()
	s.UnderWay = a.jobs.underWay()
	return tell(c, http.StatusOK, s)
}

// dropDamaged does away with a file that was set aside: on a board nobody else can.
// The name is looked for among those files, and never made a path of.
func (a *API) dropDamaged(c *dialect.Call) error {
	name, _ := c.Query("name")
	if dir := a.options.Dir; dir != "" {
		files, err := store.SetAside(dir)
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Name() != name {
				continue
			}
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
			a.log.Warn("a damaged file was deleted, as somebody asked for", "file", name, "from", c.Client())
			return tell(c, http.StatusOK, struct{}{})
		}
	}
	return refuse(http.StatusNotFound, "no file of that name was set aside; status lists those that were")
}

// underWay names what takes its time, empty for nothing.
func (j *jobs) underWay() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.name
}
