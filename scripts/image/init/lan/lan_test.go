package lan_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"portaria/scripts/image/init/lan"
)

var errSilent = errors.New("no server answers")

// site is a machine's interfaces and the network behind them.
type site struct {
	mu       sync.Mutex // guards what follows
	links    []lan.Link
	assigned map[string][]netip.Prefix
	taken    map[netip.Addr]bool
	lease    *lan.Lease // nil: no server
	obtained int
	renewed  int
	deaf     bool // the server does not renew
}

func (s *site) Links() ([]lan.Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]lan.Link(nil), s.links...), nil
}

func (s *site) Assign(l lan.Link, lease lan.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.assigned[l.Name] {
		if a == lease.Address {
			return nil
		}
	}
	s.assigned[l.Name] = append(s.assigned[l.Name], lease.Address)
	return nil
}

func (s *site) Withdraw(l lan.Link, lease lan.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []netip.Prefix
	for _, a := range s.assigned[l.Name] {
		if a != lease.Address {
			rest = append(rest, a)
		}
	}
	s.assigned[l.Name] = rest
	return nil
}

func (s *site) Taken(_ context.Context, _ lan.Link, a netip.Addr) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[a], nil
}

func (s *site) Obtain(ctx context.Context, _ lan.Link) (lan.Lease, error) {
	s.mu.Lock()
	s.obtained++
	lease := s.lease
	s.mu.Unlock()
	if lease == nil {
		return wait(ctx)
	}
	return *lease, nil
}

func (s *site) Renew(ctx context.Context, _ lan.Link, _ lan.Lease) (lan.Lease, error) {
	s.mu.Lock()
	s.renewed++
	lease, deaf := s.lease, s.deaf
	s.mu.Unlock()
	if lease == nil || deaf {
		return wait(ctx)
	}
	return *lease, nil
}

// wait is a question that nobody answers.
func wait(ctx context.Context) (lan.Lease, error) {
	select {
	case <-ctx.Done():
	case <-time.After(4 * time.Second):
	}
	return lan.Lease{}, errSilent
}

// change changes the site, and has gives the addresses of an interface.
func (s *site) change(do func()) { s.mu.Lock(); defer s.mu.Unlock(); do() }

func (s *site) has(name string) []netip.Prefix {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]netip.Prefix(nil), s.assigned[name]...)
}

// asked is how often a server was asked for a lease, and for its renewal.
func (s *site) asked() (obtained, renewed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.obtained, s.renewed
}

func eth(index int, carrier bool) lan.Link {
	return lan.Link{
		Index: index, Name: "eth" + string(rune('0'+index)), Carrier: carrier,
		MAC: net.HardwareAddr{0xb8, 0x27, 0xeb, 1, 2, byte(index)},
	}
}

func lease(address string, life time.Duration) *lan.Lease {
	return &lan.Lease{Address: netip.MustParsePrefix(address), Life: life}
}

// live runs a network in a bubble.
func live(t *testing.T, s *site, n *lan.Network, test func(t *testing.T, s *site, n *lan.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.assigned = make(map[string][]netip.Prefix)
		n.Links, n.Client, n.Log = s, s, slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); n.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		test(t, s, n)
		cancel()
		<-done
	})
}

func want(t *testing.T, when string, got []netip.Prefix, addresses ...string) {
	t.Helper()
	ok := len(got) == len(addresses)
	for i := 0; ok && i < len(got); i++ {
		ok = got[i].String() == addresses[i]
	}
	if !ok {
		t.Errorf("%s: addresses %v, want %v", when, got, addresses)
	}
}

func TestCable(t *testing.T) {
	t.Parallel()
	live(t, &site{links: []lan.Link{eth(0, false)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{}, func(t *testing.T, s *site, n *lan.Network) {
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, "without a cable", s.has("eth0"))
		if obtained, _ := s.asked(); obtained != 0 {
			t.Errorf("asked %d times without a cable", obtained)
		}
		s.change(func() { s.links = []lan.Link{eth(0, true), eth(1, true)} })
		time.Sleep(time.Second)
		synctest.Wait()
		want(t, "a cable plugged later", s.has("eth0"), "10.0.0.5/24")
		want(t, "a second interface", s.has("eth1"), "10.0.0.5/24")
		s.change(func() { s.links = []lan.Link{eth(0, false)} })
		time.Sleep(time.Second)
		synctest.Wait()
		want(t, "the cable is pulled", s.has("eth0"))
		want(t, "the second interface is gone", s.has("eth1"))
		if len(n.Leases()) != 0 {
			t.Errorf("leases %v, want none", n.Leases())
		}
		s.change(func() { s.links = []lan.Link{eth(0, true)}; s.lease = lease("10.9.0.5/24", time.Hour) })
		time.Sleep(time.Second)
		synctest.Wait()
		want(t, "another network", s.has("eth0"), "10.9.0.5/24")
	})
}

func TestLease(t *testing.T) {
	t.Parallel()
	t.Run("it is renewed at half of its life", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			time.Sleep(29 * time.Minute)
			synctest.Wait()
			if _, renewed := s.asked(); renewed != 0 {
				t.Errorf("renewed %d times too early", renewed)
			}
			time.Sleep(6 * time.Hour)
			synctest.Wait()
			if obtained, renewed := s.asked(); renewed < 11 || renewed > 13 || obtained != 1 {
				t.Errorf("renewed %d times, obtained %d times; want about 12 and once", renewed, obtained)
			}
			want(t, "hours later", s.has("eth0"), "10.0.0.5/24")
		})
	})
	t.Run("it may change", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			s.change(func() { s.lease = lease("10.0.0.77/24", time.Hour) })
			time.Sleep(31 * time.Minute)
			synctest.Wait()
			want(t, "renewed with another address", s.has("eth0"), "10.0.0.77/24")
		})
	})
	t.Run("another server may take it over before its end", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", time.Hour), deaf: true}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			time.Sleep(59 * time.Minute)
			synctest.Wait()
			want(t, "before its end", s.has("eth0"), "10.0.0.5/24")
			if obtained, renewed := s.asked(); obtained != 2 || renewed > 30 {
				t.Errorf("obtained %d times after %d questions to the first server", obtained, renewed)
			}
		})
	})
	t.Run("it ends when nobody renews it", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			s.change(func() { s.lease = nil })
			time.Sleep(59 * time.Minute)
			synctest.Wait()
			want(t, "before its end", s.has("eth0"), "10.0.0.5/24")
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			want(t, "after its end", s.has("eth0"), lan.FactoryAddress.String())
			s.change(func() { s.lease = lease("10.0.0.6/24", time.Hour) })
			time.Sleep(time.Minute)
			synctest.Wait()
			want(t, "the server is back", s.has("eth0"), "10.0.0.6/24")
		})
	})
	t.Run("one for ever is left alone", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", 0)}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			time.Sleep(10 * time.Hour)
			synctest.Wait()
			if obtained, renewed := s.asked(); obtained != 1 || renewed != 0 {
				t.Errorf("obtained %d times, renewed %d times; want once and never", obtained, renewed)
			}
		})
	})
}

func TestFallback(t *testing.T) {
	t.Parallel()
	t.Run("the factory address, until a server answers", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true)}}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			want(t, "at first", s.has("eth0"))
			time.Sleep(lan.FallbackAfter + 10*time.Second)
			synctest.Wait()
			want(t, "nobody answers", s.has("eth0"), "192.168.0.129/24")
			s.change(func() { s.lease = lease("10.0.0.5/24", time.Hour) })
			time.Sleep(40 * time.Second)
			synctest.Wait()
			want(t, "somebody answers", s.has("eth0"), "10.0.0.5/24")
		})
	})
	t.Run("not when another device has it", func(t *testing.T) {
		t.Parallel()
		taken := map[netip.Addr]bool{lan.FactoryAddress.Addr(): true}
		live(t, &site{links: []lan.Link{eth(0, true)}, taken: taken}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			time.Sleep(time.Minute)
			synctest.Wait()
			got := s.has("eth0")
			if len(got) != 1 || !got[0].Addr().IsLinkLocalUnicast() || got[0].Bits() != 16 {
				t.Errorf("addresses %v, want one of 169.254.0.0/16", got)
			}
		})
	})
	t.Run("not twice", func(t *testing.T) {
		t.Parallel()
		live(t, &site{links: []lan.Link{eth(0, true), eth(1, false)}}, &lan.Network{}, func(t *testing.T, s *site, _ *lan.Network) {
			time.Sleep(time.Minute)
			synctest.Wait()
			s.change(func() { s.links = []lan.Link{eth(0, true), eth(1, true)} })
			time.Sleep(time.Minute)
			synctest.Wait()
			want(t, "the first", s.has("eth0"), "192.168.0.129/24")
			if got := s.has("eth1"); len(got) != 1 || !got[0].Addr().IsLinkLocalUnicast() {
				t.Errorf("the second has %v", got)
			}
		})
	})
}

func TestStatic(t *testing.T) {
	t.Parallel()
	live(t, &site{links: []lan.Link{eth(0, true), eth(1, true)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{Static: lease("172.16.0.2/16", 0)}, func(t *testing.T, s *site, _ *lan.Network) {
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, "the first", s.has("eth0"), "172.16.0.2/16")
		want(t, "the second", s.has("eth1"), "10.0.0.5/24")
	})
}

func TestChanged(t *testing.T) {
	t.Parallel()
	var changes atomic.Int64
	live(t, &site{links: []lan.Link{eth(0, true)}, lease: lease("10.0.0.5/24", time.Hour)}, &lan.Network{Changed: func() { changes.Add(1) }}, func(t *testing.T, s *site, _ *lan.Network) {
		if changes.Load() != 1 {
			t.Errorf("told %d times of the first address", changes.Load())
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if changes.Load() != 1 {
			t.Errorf("told %d times of an address that was only renewed", changes.Load())
		}
		s.change(func() { s.links = nil })
		time.Sleep(time.Second)
		synctest.Wait()
		if changes.Load() != 2 {
			t.Errorf("told %d times after the address went", changes.Load())
		}
	})
}
