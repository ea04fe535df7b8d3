//go:build linux

package mdns

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// UDP is the Wire of the running machine, for IPv4.
type UDP struct {
	conn *ipv4.PacketConn

	mu     sync.Mutex // guards joined
	joined map[int]netip.Addr
}

// Listen opens the wire. Interfaces take part in it once they are joined.
func Listen(ctx context.Context) (*UDP, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if controlErr := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		}); controlErr != nil {
			return controlErr
		}
		return err
	}}
	c, err := config.ListenPacket(ctx, "udp4", ":5353")
	if err != nil {
		return nil, err
	}
	conn := ipv4.NewPacketConn(c)
	if err := conn.SetControlMessage(ipv4.FlagInterface|ipv4.FlagDst, true); err != nil {
		return nil, err
	}
	if err := conn.SetMulticastTTL(255); err != nil { // RFC 6762, 11
		return nil, err
	}
	return &UDP{conn: conn, joined: make(map[int]netip.Addr)}, nil
}

// Join has interfaces take part, those with other addresses than before anew.
func (u *UDP) Join(interfaces []Interface) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	var failed error
	for _, i := range interfaces {
		if len(i.Addresses) == 0 || u.joined[i.Index] == i.Addresses[0] {
			continue
		}
		group, ifi := &net.UDPAddr{IP: Group.Addr().AsSlice()}, &net.Interface{Index: i.Index}
		// The membership may be of an interface that went and came back.
		_ = u.conn.LeaveGroup(ifi, group)
		if err := u.conn.JoinGroup(ifi, group); err != nil {
			failed = err
			continue
		}
		u.joined[i.Index] = i.Addresses[0]
	}
	return failed
}

// Close ends the wire.
func (u *UDP) Close() error { return u.conn.Close() }

// Receive implements Wire. Questions that were sent to this machine alone may
// come from anywhere and are passed over.
func (u *UDP) Receive() ([]byte, int, netip.AddrPort, error) {
	buffer := make([]byte, 9000) // RFC 6762, 17
	for {
		n, control, from, err := u.conn.ReadFrom(buffer)
		if err != nil {
			return nil, 0, netip.AddrPort{}, err
		}
		source, ok := from.(*net.UDPAddr)
		if !ok || control == nil || n < 12 {
			continue
		}
		response := buffer[2]&0x80 != 0
		if !control.Dst.IsMulticast() && !response {
			continue
		}
		return append([]byte(nil), buffer[:n]...), control.IfIndex, unmapped(source.AddrPort()), nil
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Send implements Wire.
func (u *UDP) Send(packet []byte, iface int, to netip.AddrPort) error {
	_, err := u.conn.WriteTo(packet, &ipv4.ControlMessage{IfIndex: iface}, net.UDPAddrFromAddrPort(to))
	return err
}
