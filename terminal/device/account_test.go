package device

import (
	"errors"
	"testing"
	"testing/synctest"

	"portaria/store"
)

// TestTurns has the owner log in while somebody else, at another address,
// guesses as fast as the terminal lets him.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := account{hashing: make(chan struct{}, 1), stored: store.Account{Login: "porter", Iterations: 1}}
		a.stored.Hash = slowHash("secret", nil, 1)

		a.hashing <- struct{}{} // nobody is served yet
		const guessers = 20
		guesses, owner := make(chan bool, guessers), make(chan bool, 1)
		for range guessers {
			go func() { guesses <- a.check("porter", "guess", "10.0.0.9") }()
		}
		synctest.Wait()
		go func() { owner <- a.check("porter", "secret", "10.0.0.1") }()
		synctest.Wait()
		go func() { a.hashing <- struct{}{} }() // serving ends after the owner
		synctest.Wait()
		<-a.hashing
		synctest.Wait()
		if len(owner) != 1 || !<-owner {
			t.Error("the owner is not in")
		}
		if len(guesses) != 1 {
			t.Errorf("%d guesses were served before the owner, want 1: those of one address wait for each other", len(guesses))
		}
		<-a.hashing
		for range guessers {
			if <-guesses {
				t.Error("a guess is the password")
			}
		}
		if len(a.asking.sources) != 0 {
			t.Errorf("%d sources are remembered that ask no more", len(a.asking.sources))
		}
	})
}

// TestLoginDuringChange changes the account while somebody with the old
// password is about to be let in.
func TestLoginDuringChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(store.Options{Ephemeral: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		d, err := New(Config{Store: s, PasswordCost: 1})
		if err != nil {
			t.Fatal(err)
		}
		d.account.hashing <- struct{}{}
		answer := make(chan error, 1)
		go func() {
			_, err := d.Login(FactoryLogin, FactoryPassword, "test")
			answer <- err
		}()
		synctest.Wait() // the account was read, and the password not yet compared
		if err := d.ChangeLogin("porter", "secret"); err != nil {
			t.Fatal(err)
		}
		<-d.account.hashing
		if err := <-answer; !errors.Is(err, ErrCredentials) {
			t.Errorf("the old password is answered %v, want ErrCredentials", err)
		}
		if n := d.Sessions(); n != 0 {
			t.Errorf("%d sessions outlived the change", n)
		}
	})
}
