package boot

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// A LAN is a network with one board and one other machine, which this process
// plays: it gives the board an address, tells it the time, and hears what it
// says to all. Nothing leads out of it.
type LAN struct {
	// Time is what the time server says that it is at the moment of New.
	Time time.Time

	conn    *net.UDPConn
	board   netip.AddrPort // where the emulator takes frames
	started time.Time
	done    chan struct{}

	mu      sync.Mutex // guards what follows
	heard   [][]byte   // what came to the group of multicast DNS
	arrived chan struct{}
	asked   int // how often the time was
}

// Addresses on the LAN.
var (
	peerAddress  = netip.MustParseAddr("10.77.0.1")
	BoardAddress = netip.MustParseAddr("10.77.0.2")
	dnsGroup     = netip.MustParseAddr("224.0.0.251")
	everybody    = netip.MustParseAddr("255.255.255.255")
	peerHardware = net.HardwareAddr{0x52, 0x54, 0, 0x77, 0, 1}
)

// NewLAN starts a network whose time server says now.
func NewLAN(now time.Time) (*LAN, error) {
	reserved, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = reserved.Close() }() // for the emulator, which opens it itself
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback()})
	if err != nil {
		return nil, err
	}
	l := &LAN{
		Time: now, conn: conn, board: reserved.LocalAddr().(*net.UDPAddr).AddrPort(),
		started: time.Now(), done: make(chan struct{}), arrived: make(chan struct{}),
	}
	go l.serve()
	return l, nil
}

// Close takes the network away, and waits for the other machine.
func (l *LAN) Close() {
	_ = l.conn.Close()
	<-l.done
}

// arguments plug the board into the network.
func (l *LAN) arguments() []string {
	mine := l.conn.LocalAddr().(*net.UDPAddr)
	return []string{
		"-netdev", fmt.Sprintf("dgram,id=lan,local.type=inet,local.host=%s,local.port=%d,remote.type=inet,remote.host=%s,remote.port=%d",
			mine.IP, l.board.Port(), mine.IP, mine.Port),
		"-device", "virtio-net-pci,netdev=lan,romfile=",
	}
}

// Asked returns how often the board asked for the time.
func (l *LAN) Asked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// WaitDNS hands what is said by multicast DNS to found, until that returns
// true. It sends question every second.
func (l *LAN) WaitDNS(ctx context.Context, question []byte, found func(message []byte) bool) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for next := 0; ; {
		l.mu.Lock()
		heard, arrived := l.heard[next:], l.arrived
		l.mu.Unlock()
		for _, message := range heard {
			if next++; found(message) {
				return nil
			}
		}
		select {
		case <-arrived:
		case <-tick.C:
			l.send(net.HardwareAddr{1, 0, 0x5e, 0, 0, 0xfb}, peerAddress, dnsGroup, dnsPort, dnsPort, question)
		case <-ctx.Done():
			return fmt.Errorf("not heard by multicast DNS: %w", ctx.Err())
		}
	}
}

const (
	dnsPort    = 5353
	ntpPort    = 123
	dhcpServer = 67
	dhcpClient = 68
)

// serve answers frames until the network is taken away.
func (l *LAN) serve() {
	defer close(l.done)
	frame := make([]byte, 1<<16)
	for {
		n, err := l.conn.Read(frame)
		if err != nil {
			return
		}
		l.take(frame[:n])
	}
}

const ethernetHead, ipHead, udpHead = 14, 20, 8

func (l *LAN) take(frame []byte) {
	be := binary.BigEndian
	if len(frame) < ethernetHead {
		return
	}
	from, payload := net.HardwareAddr(frame[6:12]), frame[ethernetHead:]
	switch be.Uint16(frame[12:]) {
	case 0x0806:
		l.resolve(from, payload)
	case 0x0800:
		if len(payload) < ipHead+udpHead || payload[0] != 0x45 && payload[0] != 0x46 || payload[9] != 17 {
			return
		}
		head := int(payload[0]&15) * 4 // multicast may come with an option
		source, udp := netip.AddrFrom4([4]byte(payload[12:16])), payload[head:]
		l.takeDatagram(from, netip.AddrPortFrom(source, be.Uint16(udp)), be.Uint16(udp[2:]), udp[udpHead:be.Uint16(udp[4:])])
	}
}

// resolve answers who has the peer's address.
func (l *LAN) resolve(from net.HardwareAddr, request []byte) {
	if len(request) < 28 || binary.BigEndian.Uint16(request[6:]) != 1 || netip.AddrFrom4([4]byte(request[24:28])) != peerAddress {
		return
	}
	reply := make([]byte, 28)
	copy(reply, request[:8])
	reply[7] = 2
	copy(reply[8:], peerHardware)
	copy(reply[14:], peerAddress.AsSlice())
	copy(reply[18:], request[8:18])
	l.sendFrame(from, 0x0806, reply)
}

func (l *LAN) takeDatagram(hardware net.HardwareAddr, from netip.AddrPort, port uint16, data []byte) {
	switch port {
	case dhcpServer:
		if reply, err := lease(data); err == nil {
			l.send(net.HardwareAddr{255, 255, 255, 255, 255, 255}, peerAddress, everybody, dhcpServer, dhcpClient, reply)
		}
	case ntpPort:
		l.mu.Lock()
		l.asked++
		l.mu.Unlock()
		l.send(hardware, peerAddress, from.Addr(), ntpPort, from.Port(), l.tell(data))
	case dnsPort:
		l.mu.Lock()
		l.heard = append(l.heard, append([]byte(nil), data...))
		close(l.arrived)
		l.arrived = make(chan struct{})
		l.mu.Unlock()
	}
}

// lease answers a DHCP client.
func lease(request []byte) ([]byte, error) {
	asked, err := dhcpv4.FromBytes(request)
	if err != nil {
		return nil, err
	}
	kind := dhcpv4.MessageTypeOffer
	if asked.MessageType() == dhcpv4.MessageTypeRequest {
		kind = dhcpv4.MessageTypeAck
	}
	server := net.IP(peerAddress.AsSlice())
	reply, err := dhcpv4.NewReplyFromRequest(asked,
		dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(BoardAddress.AsSlice()), dhcpv4.WithServerIP(server),
		dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithLeaseTime(3600),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server)), dhcpv4.WithOption(dhcpv4.OptNTPServers(server)),
	)
	if err != nil {
		return nil, err
	}
	return reply.ToBytes(), nil
}

// tell answers what time it is, as a server of the second stratum.
func (l *LAN) tell(request []byte) []byte {
	const since1900 = 2208988800
	if len(request) < 48 {
		return nil
	}
	now := l.Time.Add(time.Since(l.started))
	stamp := uint64(now.Unix()+since1900)<<32 | uint64(now.Nanosecond())<<32/uint64(time.Second)
	reply := make([]byte, 48)
	reply[0] = 4<<3 | 4 // version 4, a server
	reply[1] = 2
	reply[2], reply[3] = request[2], 0xec
	copy(reply[12:], peerAddress.AsSlice())
	copy(reply[24:32], request[40:48])
	for _, at := range []int{16, 32, 40} {
		binary.BigEndian.PutUint64(reply[at:], stamp)
	}
	return reply
}

func (l *LAN) send(to net.HardwareAddr, source, destination netip.Addr, sourcePort, port uint16, data []byte) {
	be := binary.BigEndian
	p := make([]byte, ipHead+udpHead, ipHead+udpHead+len(data))
	p[0] = 0x45
	be.PutUint16(p[2:], uint16(ipHead+udpHead+len(data)))
	p[8], p[9] = 255, 17
	copy(p[12:], source.AsSlice())
	copy(p[16:], destination.AsSlice())
	var sum uint32
	for i := 0; i < ipHead; i += 2 {
		sum += uint32(be.Uint16(p[i:]))
	}
	be.PutUint16(p[10:], ^uint16(sum+sum>>16))
	be.PutUint16(p[ipHead:], sourcePort)
	be.PutUint16(p[ipHead+2:], port)
	be.PutUint16(p[ipHead+4:], uint16(udpHead+len(data))) // and no checksum, which UDP may leave out
	l.sendFrame(to, 0x0800, append(p, data...))
}

func (l *LAN) sendFrame(to net.HardwareAddr, kind uint16, payload []byte) {
	frame := make([]byte, 0, ethernetHead+len(payload))
	frame = append(append(frame, to...), peerHardware...)
	frame = append(binary.BigEndian.AppendUint16(frame, kind), payload...)
	// A board that is off does not hear it.
	_, _ = l.conn.WriteToUDPAddrPort(frame, l.board)
}
