package securid

import (
	"testing"
	"time"

	"portaria/store"
	"portaria/terminal/device"
)

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d, err := device.New(device.Config{Store: s, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	k := newTokens(d, time.Hour, time.Hour)
	witness := k.watch()
	first, second := k.open(token{login: "a"}, witness), k.open(token{login: "b"}, witness)
	for range maxTokens - 2 {
		k.open(token{app: true}, witness)
	}
	if _, ok := k.use(first); !ok {
		t.Fatal("the first token ended before there were too many")
	}
	k.open(token{}, witness)
	if _, ok := k.use(second); ok {
		t.Error("the token that was idle longest lives on")
	}
	if got, ok := k.use(first); !ok || got.login != "a" {
		t.Errorf("the token that was used is %v, %v", got, ok)
	}
	if len(k.byHash) != maxTokens || k.used.Len() != maxTokens {
		t.Errorf("%d tokens, %d in order, want %d", len(k.byHash), k.used.Len(), maxTokens)
	}
	if d.Sessions() != 1 {
		t.Errorf("%d sessions of the device, want the one witness", d.Sessions())
	}
}
