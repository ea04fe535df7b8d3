//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// nginxConf has nginx do nothing but send files, in one process.
const nginxConf = `daemon off;
master_process off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 600s;
	keepalive_requests 1000000000;
	default_type image/jpeg;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server { listen %[2]s; root %[3]s; }
}
`

// findNginx returns the program, empty when it is not installed. Debian keeps
// it where only root's PATH looks.
func findNginx() string {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// serveFiles starts nginx on a folder of files.
func (b *bench) serveFiles(ctx context.Context, program, root string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(b.dir, "nginx")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	conf := filepath.Join(home, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, home, address, root), 0o644); err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, program, "-p", home, "-c", conf), address: address}
	if err := b.launch(s.cmd); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return s, conn.Close()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, errors.Join(err, ctx.Err(), s.stop())
		}
	}
}
