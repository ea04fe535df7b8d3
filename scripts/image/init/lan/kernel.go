//go:build linux

package lan

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Kernel is the Links of the running machine.
type Kernel struct{}

// Loopback raises the interface lo, to which the kernel then gives 127.0.0.1
// and ::1.
func (Kernel) Loopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}

// Links implements Links. Wireless interfaces are not Ethernet.
func (Kernel) Links() ([]Link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	var links []Link
	for _, l := range all {
		attrs := l.Attrs()
		if !isEthernet(attrs.Name) {
			continue
		}
		if attrs.Flags&net.FlagUp == 0 {
			if err := netlink.LinkSetUp(l); err != nil {
				continue // it may have been unplugged; the next look tells
			}
		}
		links = append(links, Link{
			Index: attrs.Index, Name: attrs.Name, MAC: attrs.HardwareAddr,
			Carrier: attrs.RawFlags&unix.IFF_LOWER_UP != 0,
		})
	}
	return links, nil
}

func isEthernet(name string) bool {
	dir := filepath.Join("/sys/class/net", name)
	kind, err := os.ReadFile(filepath.Join(dir, "type"))
	if err != nil || strings.TrimSpace(string(kind)) != strconv.Itoa(unix.ARPHRD_ETHER) {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "device")); err != nil {
		return false // made by software
	}
	_, err = os.Stat(filepath.Join(dir, "wireless"))
	return err != nil
}

// metric makes the kernel prefer the interface that it found first.
func metric(link Link) int { return 100 + link.Index }

// Assign implements Links.
func (Kernel) Assign(link Link, lease Lease) error {
	l, err := netlink.LinkByIndex(link.Index)
	if err != nil {
		return err
	}
	if err := netlink.AddrReplace(l, addressOf(lease)); err != nil {
		return err
	}
	if !lease.Gateway.IsValid() {
		return nil
	}
	return netlink.RouteReplace(&netlink.Route{
		LinkIndex: link.Index, Gw: lease.Gateway.AsSlice(), Priority: metric(link),
		Flags: int(netlink.FLAG_ONLINK), // some networks have a gateway outside of the prefix
	})
}

// Withdraw implements Links. The routes go with the address.
func (Kernel) Withdraw(link Link, lease Lease) error {
	l, err := netlink.LinkByIndex(link.Index)
	if err != nil {
		return err
	}
	return netlink.AddrDel(l, addressOf(lease))
}

func addressOf(lease Lease) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{
		IP:   lease.Address.Addr().AsSlice(),
		Mask: net.CIDRMask(lease.Address.Bits(), lease.Address.Addr().BitLen()),
	}}
}

// The questions for one address (RFC 5227, 2.1.1, in a hurry).
const (
	probes    = 3
	probeWait = 500 * time.Millisecond
)

// Taken implements Links by an ARP probe.
func (Kernel) Taken(ctx context.Context, link Link, address netip.Addr) (bool, error) {
	c, err := packet.Listen(&net.Interface{Index: link.Index, Name: link.Name, HardwareAddr: link.MAC}, packet.Raw, unix.ETH_P_ARP, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = c.Close() }()
	question := arpProbe(link.MAC, address)
	buffer := make([]byte, 128)
	for range probes {
		if _, err := c.WriteTo(question, &packet.Addr{HardwareAddr: broadcast}); err != nil {
			return false, err
		}
		if err := c.SetReadDeadline(time.Now().Add(probeWait)); err != nil {
			return false, err
		}
		for {
			got, _, err := c.ReadFrom(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return false, err
			}
			if arpSpeaksFor(buffer[:got], link.MAC, address) {
				return true, nil
			}
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return false, nil
}
