package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"portaria/terminal/clock"
)

func defineReady(flags *flag.FlagSet) func(streams) error {
	url := flags.String("url", "http://127.0.0.1:8080", "The terminal's `URL`.")
	wait := flags.Duration("wait", 0, "How long to wait for it, `TIME` such as 30s. Left out: not at all.")
	return func(s streams) error {
		ctx, cancel := context.WithTimeout(context.Background(), max(*wait, time.Second))
		defer cancel()
		if err := waitReady(ctx, *url); err != nil {
			return fmt.Errorf("%s does not answer as a terminal (%w); start one with \"portaria serve\", or wait longer with --wait", *url, err)
		}
		_, err := fmt.Fprintf(s.out, "ready: %s\n", *url)
		return err
	}
}

// askAgain is the pause between two attempts.
const askAgain = 50 * time.Millisecond

// waitReady asks the terminal at url for the one thing that it tells anybody
// until it answers or ctx ends.
func waitReady(ctx context.Context, url string) error {
	client := &http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	for {
		err := askReady(ctx, client, url)
		if err == nil || ctx.Err() != nil {
			return err
		}
		clock.System{}.Sleep(askAgain)
		if ctx.Err() != nil {
			return err
		}
	}
}

func askReady(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/session_is_valid.fcgi", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var valid struct {
		SessionIsValid *bool `json:"session_is_valid"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&valid); err != nil || valid.SessionIsValid == nil {
		return errors.New("the answer is not a terminal's")
	}
	return nil
}
