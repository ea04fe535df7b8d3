package lan

import (
	"context"
	"net/netip"
	"time"
)

// FactoryAddress is where a device out of the box is found (access-api §2.1).
var FactoryAddress = netip.MustParsePrefix("192.168.0.129/24")

// FallbackAfter is how long DHCP may stay silent before an interface gets an
// address without it. DHCP is asked on, and its answer wins.
const FallbackAfter = 15 * time.Second

// Between two questions to DHCP servers that do not answer.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// keep has one interface ask for a lease and renew it until ctx ends.
func (n *Network) keep(ctx context.Context, link Link) {
	for ctx.Err() == nil {
		lease, ok := n.obtain(ctx, link)
		if !ok {
			return
		}
		n.assign(link, lease)
		n.hold(ctx, link, lease)
	}
}

// obtain asks until there is an answer; meanwhile the link may get an
// address without one. It is not ok when ctx ended first.
func (n *Network) obtain(ctx context.Context, link Link) (Lease, bool) {
	began := time.Now()
	fallen := false
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		lease, err := n.Client.Obtain(ctx, link)
		if ctx.Err() != nil {
			return Lease{}, false
		}
		if err == nil {
			return lease, true
		}
		if !fallen && time.Since(began) >= FallbackAfter {
			n.Log.Warn("no DHCP server answers", "interface", link.Name, "error", err)
			n.assign(link, Lease{Address: n.fallback(ctx, link)})
			fallen = true
		}
		select {
		case <-ctx.Done():
			return Lease{}, false
		case <-time.After(wait):
		}
	}
}

// fallback is the factory address, unless another device on the link, or
// another interface of this one, has it: then one of the addresses that need
// no administration (RFC 3927), from the hardware address, so that it stays
// the same.
func (n *Network) fallback(ctx context.Context, link Link) netip.Prefix {
	for _, lease := range n.Leases() {
		if lease.Address == FactoryAddress {
			return linkLocal(link)
		}
	}
	taken, err := n.Links.Taken(ctx, link, FactoryAddress.Addr())
	if err != nil {
		n.Log.Warn("whether the factory address is free is not known", "interface", link.Name, "error", err)
	}
	if taken {
		n.Log.Warn("another device has the factory address", "interface", link.Name, "address", FactoryAddress.Addr())
		return linkLocal(link)
	}
	return FactoryAddress
}

// linkLocal leaves out the first and last 256 addresses, which are reserved.
func linkLocal(link Link) netip.Prefix {
	var sum uint32
	for _, b := range link.MAC {
		sum = sum*31 + uint32(b)
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{169, 254, byte(1 + sum>>8%254), byte(sum)}), 16)
}

// hold renews a lease in its time (RFC 2131, 4.4.5) until it is lost or ctx
// ends: from half of its life on the server that gave it is asked, from seven
// eighths on any server.
func (n *Network) hold(ctx context.Context, link Link, lease Lease) {
	for {
		if lease.Life <= 0 {
			<-ctx.Done()
			return
		}
		began := time.Now()
		rebind, end := began.Add(lease.Life/8*7), began.Add(lease.Life)
		renewed := false
		for next := began.Add(lease.Life / 2); !renewed; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(next)):
			}
			fresh, err := n.again(ctx, link, lease, time.Now().Before(rebind))
			switch {
			case ctx.Err() != nil:
				return
			case err == nil:
				lease, renewed = fresh, true
			case !time.Now().Before(end):
				n.Log.Warn("the lease has run out", "interface", link.Name, "address", lease.Address, "error", err)
				n.withdraw(link)
				return
			default:
				// Half of what is left, as the RFC has it, but not more often than each minute.
				next = time.Now().Add(max(time.Until(end)/2, time.Minute))
				if next.After(end) {
					next = end
				}
			}
		}
		n.assign(link, lease)
	}
}

func (n *Network) again(ctx context.Context, link Link, lease Lease, sameServer bool) (Lease, error) {
	if sameServer {
		return n.Client.Renew(ctx, link, lease)
	}
	return n.Client.Obtain(ctx, link)
}
