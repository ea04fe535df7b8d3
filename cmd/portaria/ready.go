package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"portaria/terminal/certificate"
	"portaria/terminal/clock"
)

func defineReady(flags *flag.FlagSet) func(streams) error {
	url := flags.String("url", "", "The terminal's `URL`. Left out: where serve listens with the same environment.")
	file := flags.String("ready-file", "", "The `FILE` that \"portaria serve\" writes with the same flag: it says the URL, and which certificate to trust.")
	wait := flags.Duration("wait", 0, "How long to wait for it, `TIME` such as 30s. Left out: not at all.")
	pin := flags.String("pin", "", pinHelp)
	insecure := flags.Bool("insecure", false, "Take any certificate. On this machine's own addresses any is taken anyway: nothing secret is said.")
	return func(s streams) error {
		began := clock.System{}.Mark()
		if *url == "" {
			*url = servedURL(os.Getenv)
		}
		if *file != "" {
			said, err := awaitReadyFile(*file, *wait)
			if err != nil {
				return fmt.Errorf("ready file: %w; start a terminal with --ready-file, or wait longer with --wait", err)
			}
			*url, *pin = said.URL, said.Pin
		}
		if _, ok := webAddress(*url); !ok {
			return refuse("--url %q is no address; write one such as http://127.0.0.1:8080", *url) // no wait makes it one
		}
		least := time.Second
		if strings.HasPrefix(*url, "https:") {
			least = readyTime
		}
		ctx, cancel := context.WithTimeout(context.Background(), max(*wait-clock.System{}.Mark().Sub(began), least))
		defer cancel()
		trust, err := trustOf(*pin)
		if err != nil {
			return err
		}
		trust.InsecureSkipVerify = trust.InsecureSkipVerify || *insecure || *pin == "" && isLoopback(*url)
		err = waitReady(ctx, *url, trust)
		if fingerprint, ok := certificate.Refused(err); ok {
			return untrusted(err, fingerprint)
		}
		if err != nil {
			return fmt.Errorf("%s does not answer as a terminal (%w); start one with \"portaria serve\", or wait longer with --wait", *url, err)
		}
		_, err = fmt.Fprintf(s.out, "ready: %s\n", *url)
		return err
	}
}

// servedURL is where a client on this machine finds what serve serves with the same
// environment: a container's health is asked of there, whatever its settings.
func servedURL(getenv func(string) string) string {
	terminal, _ := strconv.ParseBool(getenv(variableOf("terminal")))
	scheme, secure := "http://", getenv(variableOf("tls"))+getenv(variableOf("tls-cert")) != ""
	if secure {
		scheme = "https://"
	}
	address := getenv(variableOf("listen"))
	if address == "" {
		address = usualAddress(terminal, secure)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return scheme + simulatorAddress
	}
	return scheme + net.JoinHostPort(reachableHost(host), port)
}

// askAgain is the pause between two attempts.
const askAgain = 50 * time.Millisecond

// readyTime is how long one attempt may take: the slowest board needs a while
// for the first handshake.
const readyTime = 5 * time.Second

// awaitReadyFile reads what serve has written, as soon as it has.
func awaitReadyFile(name string, wait time.Duration) (said readyFile, err error) {
	for ; ; wait -= askAgain {
		text, err := os.ReadFile(name)
		if err == nil {
			return said, json.Unmarshal(text, &said)
		}
		if wait <= 0 || !errors.Is(err, fs.ErrNotExist) {
			return said, err
		}
		clock.System{}.Sleep(min(wait, askAgain))
	}
}

// waitReady asks the terminal at url for the one thing that it tells anybody
// until it answers or ctx ends. A certificate that trust refuses will not change.
func waitReady(ctx context.Context, url string, trust *tls.Config) error {
	client := &http.Client{Timeout: readyTime, Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	for {
		err := askReady(ctx, client, url)
		_, refused := certificate.Refused(err)
		if err == nil || refused || ctx.Err() != nil {
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
