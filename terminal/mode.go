package terminal

import (
	"fmt"
	"slices"
)

// checkMode refuses what a terminal on a network must not do: forget what it is
// given, let a client decide, or wait for nobody who guesses.
func (c Config) checkMode() error {
	if !c.Terminal {
		return nil
	}
	for _, of := range []struct {
		name string
		set  bool
	}{
		{"ephemeral", c.Ephemeral},
		{"faces scripted", c.Faces == "scripted"},
		{"no failure delay", c.NoFailureDelay},
	} {
		if of.set {
			return fmt.Errorf("%s is for a simulator; leave it out, or serve without terminal", of.name)
		}
	}
	return nil
}

// systems are the identity systems that are served. A terminal has no Netex
// without a token that its owner has chosen: a random one would have to be told
// on a console that others read.
func (c Config) systems() []string {
	names := c.Systems
	if len(names) == 0 {
		names = Systems()
	}
	if c.Terminal && c.NetexToken == "" && slices.Contains(names, Netex) {
		c.Log.Info("netex is not served: a terminal wants a token for it", "do", "give one with --netex-token")
		return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == Netex })
	}
	return names
}
