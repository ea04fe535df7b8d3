//go:build linux

package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"portaria/store"
)

// plainServerFlag makes this program the net/http contestant on a data folder.
const plainServerFlag = "--serve-plainly"

// plainServer is what one would write with the standard library over the same
// store, with care but without tricks.
type plainServer struct {
	store *store.Store

	mu       sync.Mutex // guards sessions
	sessions map[string]bool
}

func plainReadyFile(data string) string { return filepath.Clean(data) + ".ready" }

func servePlainly(data string) error {
	s, err := store.Open(store.Options{Dir: data})
	if err != nil {
		return err
	}
	p := &plainServer{store: s, sessions: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("/login.fcgi", p.login)
	mux.HandleFunc("/user_get_image.fcgi", p.admit(p.image))
	mux.HandleFunc("/user_list_images.fcgi", p.admit(p.images))
	return errors.Join(listen(mux, plainReadyFile(data)), s.Close())
}

// listen serves at a free address and tells it in the file ready.
func listen(mux *http.ServeMux, ready string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(ready+".new", fmt.Appendf(nil, `{"url":"http://%s"}`, ln.Addr()), 0o644); err != nil {
		return err
	}
	if err := os.Rename(ready+".new", ready); err != nil {
		return err
	}
	return http.Serve(ln, mux)
}

func (p *plainServer) login(w http.ResponseWriter, _ *http.Request) {
	token := rand.Text()
	p.mu.Lock()
	p.sessions[token] = true
	p.mu.Unlock()
	answer(w, "application/json", fmt.Appendf(nil, `{"session":%q}`, token))
}

func (p *plainServer) admit(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("session")
		p.mu.Lock()
		live := p.sessions[token]
		p.mu.Unlock()
		if !live {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func (p *plainServer) image(w http.ResponseWriter, r *http.Request) {
	user, err := strconv.ParseInt(r.URL.Query().Get("user_id"), 10, 64)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	photo, err := p.store.Photo(user)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer(w, "image/jpeg", photo.JPEG)
}

func (p *plainServer) images(w http.ResponseWriter, _ *http.Request) {
	var list struct {
		UserIDs []int64 `json:"user_ids"`
	}
	err := p.store.View(func(tx *store.Tx) error {
		for info := range tx.Photos() {
			list.UserIDs = append(list.UserIDs, info.User)
		}
		return nil
	})
	body, encoding := json.Marshal(list)
	if err != nil || encoding != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer(w, "application/json", body)
}

func answer(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that went away is told nothing
}
