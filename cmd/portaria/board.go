package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// boardStatus is what a board tells of itself.
type boardStatus struct {
	Serial, Hostname, Slot, Version, Clock string

	Trial   bool
	Built   int64
	Network []struct {
		Name      string
		Addresses []string
	}
	Update struct {
		State, Version, Error string
		Received, Size        int64
	}
}

func (o *owner) board(ctx context.Context) (b boardStatus, err error) {
	err = o.ask(ctx, http.MethodGet, "board/status", nil, nil, &b)
	return b, err
}

func (b *boardStatus) print(w io.Writer) {
	trial := ""
	if b.Trial {
		trial = ", on trial"
	}
	fmt.Fprintf(w, "board:    %s, serial %s\n", b.Hostname, b.Serial)
	fmt.Fprintf(w, "version:  %s of %s, slot %s%s\n", b.Version, time.Unix(b.Built, 0).UTC().Format(time.DateOnly), b.Slot, trial)
	fmt.Fprintf(w, "clock:    %s\n", b.Clock)
	for _, n := range b.Network {
		fmt.Fprintf(w, "network:  %s %s\n", n.Name, strings.Join(n.Addresses, " "))
	}
	u := b.Update
	fmt.Fprintf(w, "update:   %s\n", strings.TrimRight(strings.Join([]string{u.State, u.Version, u.Error}, " "), " "))
}

func defineBoard(flags *flag.FlagSet) func(streams) error {
	c := reachFlags(flags)
	return func(s streams) error {
		word, err := words(flags, "status|reboot|poweroff")
		if err != nil {
			return err
		}
		ctx, cancel := interrupted()
		defer cancel()
		o, err := c.remote()
		if err != nil {
			return err
		}
		defer o.close()
		switch word[0] {
		case "status":
			b, err := o.board(ctx)
			if err != nil {
				return err
			}
			b.print(s.out)
		case "reboot", "poweroff":
			if err := o.ask(ctx, http.MethodPost, "board/"+word[0], nil, nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s: the board has been told\n", word[0])
		default:
			return refuse("board %q is not known; take status, reboot or poweroff", word[0])
		}
		return nil
	}
}
