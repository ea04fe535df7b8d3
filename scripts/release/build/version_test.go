package build

import (
	"os/exec"
	"testing"
	"time"
)

func TestDebianVersion(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 11, 22, 2, 53, 0, 0, time.UTC)
	// In the order in which dpkg has to sort them.
	rows := []struct {
		version string
		later   time.Duration
		want    string
	}{
		{"dev", 0, "0.0.0~dev.20261122025300"},
		{"a7ab944", 0, "0.0.0~dev.20261122025300.ga7ab944"},
		{"a7ab944-dirty", 0, "0.0.0~dev.20261122025300.ga7ab944+dirty"},
		{"0123456", time.Second, "0.0.0~dev.20261122025301.g0123456"},
		{"v0.1.0-rc.1", 0, "0.1.0~rc.1"},
		{"v0.1.0-rc.1-3-gabc1234", 0, "0.1.0~rc.1+3.gabc1234"},
		{"v0.1.0-rc.2", 0, "0.1.0~rc.2"},
		{"v0.1.0", 0, "0.1.0"},
		{"v0.1.0-2-gfff1234", 0, "0.1.0+2.gfff1234"},
		{"v0.1.0-12-gabc1234", 0, "0.1.0+12.gabc1234"},
		{"v0.1.0-12-gabc1234-dirty", 0, "0.1.0+12.gabc1234+dirty"},
		{"v0.1.1", 0, "0.1.1"},
		{"v0.10.0", 0, "0.10.0"},
	}
	dpkg, err := exec.LookPath("dpkg")
	for i, row := range rows {
		got := Source{Version: row.version, Time: moment.Add(row.later)}.DebianVersion()
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.version, got, row.want)
		}
		if i == 0 || err != nil {
			continue
		}
		if err := exec.Command(dpkg, "--compare-versions", rows[i-1].want, "lt", row.want).Run(); err != nil {
			t.Errorf("dpkg does not sort %s before %s", rows[i-1].want, row.want)
		}
	}
}
