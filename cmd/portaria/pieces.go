package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// pieceBytes is how much of a file travels at a time: the most that a terminal
// takes.
const pieceBytes = 1 << 20

// How a line that breaks is waited for.
const (
	brokenPause = time.Second
	brokenTries = 90
)

// sending is a file on its way to a page that takes it in pieces.
type sending struct {
	owner *owner
	page  string
	file  io.ReaderAt
	size  int64
	query url.Values
	limit time.Duration // for one piece
	show  func(done, total int64)
	// where asks how much has arrived, after a piece of which that is not known.
	where func(context.Context) (int64, error)
}

// run sends all of it. What a broken connection leaves open is asked for.
func (s *sending) run(ctx context.Context) error {
	piece := make([]byte, min(s.size, pieceBytes))
	broken := 0
	for at := int64(0); at < s.size; {
		n := min(s.size-at, pieceBytes)
		if _, err := s.file.ReadAt(piece[:n], at); err != nil {
			return err
		}
		err := s.put(ctx, at, piece[:n])
		if err == nil {
			at, broken = at+n, 0
			s.show(at, s.size)
			continue
		}
		switch refused, _ := errors.AsType[*answered](err); {
		case refused != nil && refused.received != nil:
			at = *refused.received
		case !passing(err):
			return err
		default:
			if pausing := s.owner.pause(ctx, brokenPause); pausing != nil {
				return pausing
			}
			if arrived, asking := s.where(ctx); asking == nil {
				at = arrived
			}
		}
		if at < 0 || at > s.size {
			return fmt.Errorf("%s: it says that %d bytes of %d have arrived; begin again", s.owner.base, at, s.size)
		}
		if broken++; broken == brokenTries {
			return fmt.Errorf("%w; begin again when the line is better", err)
		}
	}
	return nil
}

// passing tells of an error that another attempt may not meet again.
func passing(err error) bool {
	switch statusOf(err) {
	case 0:
		return errors.Is(err, errUnreached)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func (s *sending) put(ctx context.Context, at int64, piece []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	query := url.Values{"offset": {strconv.FormatInt(at, 10)}, "size": {strconv.FormatInt(s.size, 10)}}
	for name, values := range s.query {
		query[name] = values
	}
	return s.owner.ask(ctx, http.MethodPut, s.page, query, piece, nil)
}

// work is what takes its time on a terminal.
type work struct {
	State, Step, Error string
	Done, Size         int64
}

// pollPause is how often somebody asks how far it has come.
const pollPause = 200 * time.Millisecond

// await asks a page until its work has come to an end. into is a struct that
// holds told, which says how far it is.
func (o *owner) await(ctx context.Context, page string, into any, told *work, show func(done, total int64)) error {
	broken := 0
	for {
		err := o.ask(ctx, http.MethodGet, page, nil, nil, into)
		switch {
		case passing(err) && broken < brokenTries:
			broken++
			err = o.pause(ctx, brokenPause)
		case err != nil:
		case told.State == "failed":
			return errors.New(told.Error)
		case told.State != "running":
			return nil
		default:
			broken = 0
			show(told.Done, told.Size)
			err = o.pause(ctx, pollPause)
		}
		if err != nil {
			return err
		}
	}
}
