package lan

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
)

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Where things are in an Ethernet frame with an ARP packet for IPv4.
const (
	arpAt        = 14
	arpSenderMAC = arpAt + 8
	arpSenderIP  = arpAt + 14
	arpTargetIP  = arpAt + 24
	arpEnd       = arpAt + 28
)

// arpProbe asks who has address, without saying that we would like it.
func arpProbe(mac net.HardwareAddr, address netip.Addr) []byte {
	f := make([]byte, arpEnd)
	copy(f, broadcast)
	copy(f[6:], mac)
	binary.BigEndian.PutUint16(f[12:], 0x0806)
	copy(f[arpAt:], []byte{0, 1, 8, 0, 6, 4, 0, 1}) // Ethernet, IPv4, their lengths, a request
	copy(f[arpSenderMAC:], mac)
	ip := address.As4()
	copy(f[arpTargetIP:], ip[:])
	return f
}

// arpSpeaksFor tells whether a frame was sent by another machine that has
// address.
func arpSpeaksFor(f []byte, mac net.HardwareAddr, address netip.Addr) bool {
	if len(f) < arpEnd || binary.BigEndian.Uint16(f[12:]) != 0x0806 {
		return false
	}
	ip := address.As4()
	return bytes.Equal(f[arpSenderIP:arpSenderIP+4], ip[:]) && !bytes.Equal(f[arpSenderMAC:arpSenderMAC+6], mac)
}
