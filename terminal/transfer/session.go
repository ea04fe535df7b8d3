package transfer

import (
	"context"
	"net/http"
	"sync"
)

// session is a token that all workers share and that may die at any time.
type session struct {
	wire  *wire
	login func(context.Context) (string, error)
	turn  chan struct{} // holds one: whoever takes it may log in

	mu    sync.Mutex // guards token
	token string     // "" before the first login
}

func newSession(w *wire, login func(context.Context) (string, error)) *session {
	s := &session{wire: w, login: login, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// do sends what build makes of the token. A token that is no longer good is
// replaced, once.
func (s *session) do(ctx context.Context, build func(token string) request) (answer, error) {
	token, err := s.other(ctx, "")
	if err != nil {
		return answer{}, err
	}
	a, err := s.wire.send(ctx, build(token))
	if err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		return a, err
	}
	if token, err = s.other(ctx, token); err != nil {
		return answer{}, err
	}
	return s.wire.send(ctx, build(token))
}

// other returns a token that is not dead, which another worker may have
// fetched meanwhile.
func (s *session) other(ctx context.Context, dead string) (string, error) {
	if token := s.current(); token != dead {
		return token, nil
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if token := s.current(); token != dead {
		return token, nil
	}
	token, err := s.login(ctx)
	if err == nil {
		s.mu.Lock()
		s.token = token
		s.mu.Unlock()
	}
	return token, err
}

func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}
