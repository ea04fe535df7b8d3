package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// How a board is asked for its clock, until that is set.
const (
	boardPause  = time.Second
	boardTime   = 2 * time.Second
	boardStatus = 64 << 10 // bytes of an answer
)

// awaitClock tells the device when the board knows the time. A board without a
// battery learns it from the network, some time after the start or never.
func (t *Terminal) awaitClock(socket string) {
	board := &fasthttp.HostClient{
		Addr: "board",
		Dial: func(string) (net.Conn, error) { return net.DialTimeout("unix", socket, boardTime) },

		ReadTimeout: boardTime, WriteTimeout: boardTime, MaxResponseBodySize: boardStatus,
	}
	said := false
	for {
		set, err := askClock(board)
		switch {
		case set:
			if err := t.device.ClockSet(); err != nil {
				t.log.Warn("the log does not say when the clock was set", "err", err)
			}
			return
		case err != nil && !said:
			said = true
			t.log.Warn("the board does not tell whether its clock is set; log times are estimates", "board", socket, "err", err)
		}
		pause := time.NewTimer(boardPause)
		select {
		case <-pause.C:
		case <-t.ended:
			pause.Stop()
			return
		}
	}
}

// askClock asks the board for its status once.
func askClock(board *fasthttp.HostClient) (set bool, err error) {
	req, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(answer)
	req.SetRequestURI("http://board/status")
	req.SetConnectionClose()
	if err := board.Do(req, answer); err != nil {
		return false, err
	}
	if status := answer.StatusCode(); status != fasthttp.StatusOK {
		return false, fmt.Errorf("answered %d", status)
	}
	var state struct {
		Clock string `json:"clock"`
	}
	if err := json.Unmarshal(answer.Body(), &state); err != nil {
		return false, err
	}
	if state.Clock != "set" && state.Clock != "unset" {
		return false, errors.New("no clock in its status")
	}
	return state.Clock == "set", nil
}
