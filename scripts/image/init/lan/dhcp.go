//go:build linux

package lan

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// DHCP is the Client that asks the servers on the wire. It holds a socket
// only while it asks.
type DHCP struct {
	HostName func() string
}

// askTime and askTries bound one question.
const (
	askTime  = 2 * time.Second
	askTries = 2
)

// Obtain implements Client.
func (d DHCP) Obtain(ctx context.Context, link Link) (Lease, error) {
	c, err := nclient4.New(link.Name, nclient4.WithTimeout(askTime), nclient4.WithRetry(askTries))
	if err != nil {
		return Lease{}, err
	}
	defer func() { _ = c.Close() }()
	lease, err := c.Request(ctx, d.options()...)
	if err != nil {
		return Lease{}, err
	}
	return leaseOf(lease)
}

// Renew implements Client.
func (d DHCP) Renew(ctx context.Context, link Link, old Lease) (Lease, error) {
	token, ok := old.Token.(*nclient4.Lease)
	if !ok {
		return d.Obtain(ctx, link)
	}
	c, err := nclient4.New(link.Name, nclient4.WithTimeout(askTime), nclient4.WithRetry(askTries))
	if err != nil {
		return Lease{}, err
	}
	defer func() { _ = c.Close() }()
	lease, err := c.Renew(ctx, token, d.options()...)
	if err != nil {
		return Lease{}, err
	}
	return leaseOf(lease)
}

func (d DHCP) options() []dhcpv4.Modifier {
	return []dhcpv4.Modifier{
		dhcpv4.WithOption(dhcpv4.OptHostName(d.HostName())),
		dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter,
			dhcpv4.OptionDomainNameServer, dhcpv4.OptionNTPServers),
	}
}

// foreverAfter is the life from which on a lease is for ever (RFC 2131, 3.3).
const foreverAfter = 0xffffffff * time.Second

// shortest keeps a server that leases for seconds from keeping us busy.
const shortest = time.Minute

var errAddress = errors.New("the server gave an address that no interface can have")

func leaseOf(l *nclient4.Lease) (Lease, error) {
	ack := l.ACK
	lease := Lease{Life: max(ack.IPAddressLeaseTime(time.Hour), shortest), Token: l}
	if lease.Life >= foreverAfter {
		lease.Life = 0
	}
	ip, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	if !ok || ip.IsUnspecified() || ip.IsLoopback() || ip.IsMulticast() || ip.As4() == [4]byte{255, 255, 255, 255} {
		return Lease{}, errAddress
	}
	bits, _ := ack.SubnetMask().Size()
	if bits == 0 {
		bits = 24 // a server that tells no mask, or none that is one, is out of order; this is the likely one
	}
	lease.Address = netip.PrefixFrom(ip, bits)
	if gateways := addresses(ack.Router()); len(gateways) > 0 {
		lease.Gateway = gateways[0]
	}
	lease.DNS, lease.NTP = addresses(ack.DNS()), addresses(ack.NTPServers())
	return lease, nil
}

func addresses(ips []net.IP) []netip.Addr {
	var list []netip.Addr
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok && !a.IsUnspecified() {
			list = append(list, a.Unmap())
		}
	}
	return list
}
