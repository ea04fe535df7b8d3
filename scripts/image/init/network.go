//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"portaria/scripts/image/init/health"
	"portaria/scripts/image/init/lan"
	"portaria/scripts/image/init/mdns"
	"portaria/scripts/image/init/timekeeping"
)

// resolverFile is where the name servers of the network are written.
const resolverFile = "/run/resolv.conf"

// linkResolver has the resolver's file in the sealed root lead to memory.
func linkResolver() error {
	if err := os.WriteFile(resolverFile, nil, 0o644); err != nil {
		return err
	}
	_ = os.Remove("/etc/resolv.conf")
	return os.Symlink(resolverFile, "/etc/resolv.conf")
}

// startNetwork keeps the interfaces from now on.
func (m *machine) startNetwork(ctx context.Context) {
	name, _ := os.Hostname()
	m.network = &lan.Network{
		Links: lan.Kernel{}, Client: lan.DHCP{HostName: func() string { return name }},
		Changed: m.networkChanged, Log: m.log,
	}
	if m.settings.Address.IsValid() {
		m.network.Static = &lan.Lease{Address: m.settings.Address, Gateway: m.settings.Gateway, DNS: m.settings.DNS}
	}
	m.run(func() { m.network.Run(ctx) })
}

// networkChanged tells everybody who has to know of new addresses.
func (m *machine) networkChanged() {
	var text bytes.Buffer
	for _, lease := range m.leases() {
		for _, server := range lease.DNS {
			fmt.Fprintf(&text, "nameserver %s\n", server)
		}
	}
	// In its place: the resolver rereads a file that it may find half written
	// once more some seconds later.
	if err := os.WriteFile(resolverFile, text.Bytes(), 0o644); err != nil {
		m.log.Error("the resolver", "error", err)
	}
	m.keeper.Wake()
	if r := m.responder.Load(); r != nil {
		r.Changed()
	}
}

// leases are the addresses in force, in the order of the interfaces' names.
func (m *machine) leases() []lan.Lease {
	all := m.network.Leases()
	var list []lan.Lease
	for _, name := range sortedNames(all) {
		list = append(list, all[name])
	}
	return list
}

func sortedNames(leases map[string]lan.Lease) []string {
	names := make([]string, 0, len(leases))
	for name := range leases {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// newKeeper readies the clock and whoever sets it.
func (m *machine) newKeeper() *timekeeping.Keeper {
	built := time.Unix(m.info.Built, 0)
	k := &timekeeping.Keeper{
		Clock: kernelClock, Built: built, Servers: m.timeServers, Ask: askServer, Log: m.log,
		Save: func(t time.Time) error {
			if m.fault != nil {
				return nil
			}
			return saveTime(t)
		},
	}
	set, err := startClock(built)
	if err != nil {
		m.log.Error("the clock", "error", err)
	}
	if set {
		k.Trust()
	}
	m.log.Info("the clock starts", "set", set)
	return k
}

// timeServers are those of the owner, else those of the network, else those
// of everybody.
func (m *machine) timeServers() []string {
	leases := m.leases()
	if len(leases) == 0 {
		return nil
	}
	if len(m.settings.NTP) > 0 {
		return m.settings.NTP
	}
	var servers []string
	for _, lease := range leases {
		for _, server := range lease.NTP {
			servers = append(servers, server.String())
		}
	}
	if len(servers) > 0 {
		return servers
	}
	return poolServers
}

// beFound tells the local network where the terminal is, once it answers.
func (m *machine) beFound(ctx context.Context) {
	wire, err := mdns.Listen(ctx)
	if err != nil {
		m.log.Error("the terminal cannot be found by its name", "error", err)
		return
	}
	defer func() { _ = wire.Close() }()
	name, _ := os.Hostname()
	service := mdns.Service{Instance: name, Type: "_http._tcp", Port: 80, Text: []string{"path=/", "version=" + m.info.Version}}
	if m.fault == nil {
		address, ok := m.waitReady(ctx)
		if !ok {
			return
		}
		if address.Scheme == "https" {
			service.Type = "_https._tcp"
		}
		if port, err := strconv.ParseUint(address.Port(), 10, 16); err == nil {
			service.Port = uint16(port)
		}
	}
	r := &mdns.Responder{Service: service, Wire: wire, Log: m.log, Interfaces: func() []mdns.Interface {
		interfaces := m.found()
		if err := wire.Join(interfaces); err != nil {
			m.log.Debug("multicast", "error", err)
		}
		return interfaces
	}}
	m.responder.Store(r)
	r.Run(ctx)
}

// waitReady waits until the terminal says where it answers.
func (m *machine) waitReady(ctx context.Context) (*url.URL, bool) {
	for {
		if text, err := health.ReadyURL(readyFile); err == nil {
			if address, err := url.Parse(text); err == nil {
				return address, true
			}
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-time.After(time.Second):
		}
	}
}

// found are the interfaces with the addresses at which the terminal can be
// found. IPv6 addresses that hold on one link only need a zone that no answer
// can give.
func (m *machine) found() []mdns.Interface {
	var list []mdns.Interface
	leases := m.network.Leases()
	for _, name := range sortedNames(leases) {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			continue
		}
		i := mdns.Interface{Index: ifi.Index, Addresses: []netip.Addr{leases[name].Address.Addr()}}
		for _, text := range addresses(name) {
			p, err := netip.ParsePrefix(text)
			if err == nil && p.Addr().Is6() && !p.Addr().IsLinkLocalUnicast() {
				i.Addresses = append(i.Addresses, p.Addr())
			}
		}
		list = append(list, i)
	}
	return list
}
