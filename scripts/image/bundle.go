package main

import (
	"context"
	"errors"
)

func runBundle(context.Context, []string) error { return errors.New("not yet") }
func runKey(context.Context, []string) error    { return errors.New("not yet") }
