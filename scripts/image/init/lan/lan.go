// Package lan gives the machine's Ethernet interfaces their addresses: by
// DHCP wherever a cable is plugged, now or later, and by the device's factory
// address where nobody answers. Every interface is kept by itself. It knows
// the kernel and the DHCP client only through Links and Client.
package lan

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Link is an Ethernet interface.
type Link struct {
	Index   int
	Name    string
	MAC     net.HardwareAddr
	Carrier bool // a cable is plugged and something is at its other end
}

// Lease is an address and what came with it.
type Lease struct {
	Address  netip.Prefix
	Gateway  netip.Addr // not valid: none
	DNS, NTP []netip.Addr
	Life     time.Duration // 0 is for ever
	Token    any           // what the Client needs to renew it
}

// Links is the kernel's side of the interfaces.
type Links interface {
	// Links raises the Ethernet interfaces and lists them.
	Links() ([]Link, error)
	// Assign gives an address to an interface, Withdraw takes it away.
	Assign(Link, Lease) error
	Withdraw(Link, Lease) error
	// Taken asks whether another machine on the link has an address.
	Taken(context.Context, Link, netip.Addr) (bool, error)
}

// Client asks DHCP servers. Each call gives up by itself after some seconds.
type Client interface {
	Obtain(context.Context, Link) (Lease, error)
	Renew(context.Context, Link, Lease) (Lease, error)
}

// Network keeps all interfaces.
type Network struct {
	Links   Links
	Client  Client
	Static  *Lease // if set, the first interface has this and asks nobody
	Changed func() // called, if set, after Leases has changed
	Log     *slog.Logger

	mu     sync.Mutex // guards leases
	leases map[string]Lease
}

// lookEvery is how often the interfaces are looked at: a cable that is
// plugged is noticed within this time.
const lookEvery = 500 * time.Millisecond

// Run keeps the interfaces until ctx ends. The addresses stay afterwards.
func (n *Network) Run(ctx context.Context) {
	type keeping struct {
		stop context.CancelFunc
		done chan struct{}
	}
	kept := make(map[string]keeping)
	end := func(name string) {
		kept[name].stop()
		<-kept[name].done
		delete(kept, name)
	}
	var first string // the interface that Static is for
	var trouble error
	for ctx.Err() == nil {
		links, err := n.Links.Links()
		if err != nil && trouble == nil {
			n.Log.Error("the network interfaces cannot be listed", "error", err)
		}
		trouble = err
		if err == nil {
			for name := range kept {
				if !slices.ContainsFunc(links, func(l Link) bool { return l.Name == name && l.Carrier }) {
					n.Log.Info("no cable", "interface", name)
					end(name)
				}
			}
		}
		for _, link := range links {
			if _, ok := kept[link.Name]; ok || !link.Carrier {
				continue
			}
			if first == "" {
				first = link.Name
			}
			linkCtx, stop := context.WithCancel(ctx)
			k := keeping{stop, make(chan struct{})}
			kept[link.Name] = k
			go func() {
				defer close(k.done)
				if n.Static != nil && link.Name == first {
					n.holdStatic(linkCtx, link)
				} else {
					n.keep(linkCtx, link)
				}
				if ctx.Err() == nil {
					n.withdraw(link) // the cable is gone, not the machine
				}
			}()
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
	for name := range kept {
		end(name)
	}
}

// Leases are the addresses in force, by the name of the interface.
func (n *Network) Leases() map[string]Lease {
	n.mu.Lock()
	defer n.mu.Unlock()
	leases := make(map[string]Lease, len(n.leases))
	for name, l := range n.leases {
		leases[name] = l
	}
	return leases
}

func (n *Network) holdStatic(ctx context.Context, link Link) {
	n.assign(link, *n.Static)
	<-ctx.Done()
}

// assign puts a lease in force, in place of another one of the same link.
func (n *Network) assign(link Link, lease Lease) {
	n.mu.Lock()
	old, had := n.leases[link.Name]
	n.mu.Unlock()
	if had && old.Address != lease.Address {
		n.withdraw(link)
	}
	if err := n.Links.Assign(link, lease); err != nil {
		n.Log.Error("an address could not be given", "interface", link.Name, "address", lease.Address, "error", err)
		return
	}
	n.mu.Lock()
	if n.leases == nil {
		n.leases = make(map[string]Lease)
	}
	n.leases[link.Name] = lease
	n.mu.Unlock()
	if had && old.same(lease) {
		return // renewed, which is nobody's affair
	}
	n.Log.Info("address", "interface", link.Name, "address", lease.Address, "gateway", lease.Gateway, "for", lease.Life)
	n.changed()
}

// same tells whether two leases come to the same for whoever uses them.
func (l Lease) same(other Lease) bool {
	return l.Address == other.Address && l.Gateway == other.Gateway &&
		slices.Equal(l.DNS, other.DNS) && slices.Equal(l.NTP, other.NTP)
}

// withdraw ends the lease of a link, if there is one.
func (n *Network) withdraw(link Link) {
	n.mu.Lock()
	lease, had := n.leases[link.Name]
	delete(n.leases, link.Name)
	n.mu.Unlock()
	if !had {
		return
	}
	if err := n.Links.Withdraw(link, lease); err != nil {
		// A link that is gone took its addresses with it.
		n.Log.Debug("an address could not be taken away", "interface", link.Name, "address", lease.Address, "error", err)
	}
	n.changed()
}

func (n *Network) changed() {
	if n.Changed != nil {
		n.Changed()
	}
}
