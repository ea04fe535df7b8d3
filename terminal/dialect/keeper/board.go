package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"portaria/terminal/dialect"
)

// How long the board may take. The last piece of an update takes longest: all of
// it is read again and must have reached the card.
const (
	boardStatusTime = 5 * time.Second
	boardActionTime = 20 * time.Second
	boardUpdateTime = 3 * time.Minute
)

// boardCalls is how many calls the board is asked at a time: each may hold a piece.
const boardCalls = 4

// maxBoardAnswer bounds what the board says.
const maxBoardAnswer = 64 << 10

// board is what runs the terminal, reached through a socket of this machine.
type board struct {
	path   string
	client *http.Client
	places chan struct{}
}

func newBoard(path string) board {
	var dialer net.Dialer
	return board{
		path: path, places: make(chan struct{}, boardCalls),
		client: &http.Client{
			Transport: &http.Transport{
				DisableKeepAlives: true, // no connection and no goroutine outlives its call
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return dialer.DialContext(ctx, "unix", path)
				},
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// askBoard passes a call on to the board, at the same name, and its answer back.
// Nothing of the request travels but the piece of an update and where it belongs.
func (a *API) askBoard(limit time.Duration) func(*dialect.Call) error {
	return func(c *dialect.Call) error {
		if a.board.path == "" {
			return refuse(http.StatusNotFound, "this terminal runs on no board: its image and its power are looked after where it runs")
		}
		url := "http://board" + strings.TrimPrefix(c.Path(), "/portaria/board")
		method := c.Method()
		var piece []byte
		if method == http.MethodPut {
			offset, err := number(c, "offset")
			if err != nil {
				return err
			}
			size, err := number(c, "size")
			if err != nil {
				return err
			}
			url += "?offset=" + strconv.FormatInt(offset, 10) + "&size=" + strconv.FormatInt(size, 10)
		}
		select {
		case a.board.places <- struct{}{}:
			defer func() { <-a.board.places }()
		default:
			return refuse(http.StatusServiceUnavailable, "the board is asked too much at once; ask again")
		}
		if method == http.MethodPut {
			// The client of the board may still read it when it has the answer.
			piece = bytes.Clone(c.Body())
		}
		ctx, cancel := context.WithTimeout(a.jobs.ctx, limit)
		defer cancel()
		status, body, err := a.board.ask(ctx, method, url, piece)
		if err != nil {
			a.log.Warn("the board does not answer", "path", c.Path(), "err", err)
			return boardError(err)
		}
		c.Send(status, typeJSON, append(c.Buffer(), body...))
		return nil
	}
}

// errNotBoard is an answer that no board gives.
var errNotBoard = errors.New("the answer is not a board's")

func (b *board) ask(ctx context.Context, method, url string, piece []byte) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(piece))
	if err != nil {
		return 0, nil, err
	}
	answer, err := b.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxBoardAnswer+1))
	if err != nil {
		return 0, nil, err
	}
	if len(body) > maxBoardAnswer || !json.Valid(body) || answer.StatusCode < 200 || answer.StatusCode >= 300 && answer.StatusCode < 400 {
		return 0, nil, errNotBoard
	}
	return answer.StatusCode, body, nil
}

func boardError(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusGatewayTimeout, "the board did not answer in time; look at its status before you ask again")
	case errors.Is(err, errNotBoard):
		return refuse(http.StatusBadGateway, "the board answers nothing that is understood")
	}
	return refuse(http.StatusBadGateway, "the board does not answer; ask again, and if that does not help, take its power and give it back")
}
