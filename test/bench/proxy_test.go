package bench

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns"
)

// packages are the proxies that the service is compared with, and the
// libraries of theirs that a plain Debian has not.
var packages = []string{"haproxy", "nginx", "libnginx-mod-stream", "liblua5.3-0", "libpcre2-posix3",
	"libopentracing-c-wrapper0", "libopentracing1"}

// proxies puts HAProxy and nginx into the middle of a path: p.name is the
// namespace where they listen, p.target the address. Without Debian's packages
// there are none.
func proxies(t testing.TB, p way) []way {
	t.Helper()
	root := t.TempDir()
	if err := unpack(root); err != nil {
		t.Log("no proxies to compare with: ", err)
		return nil
	}
	server := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.50"), 443)
	haproxy := netip.AddrPortFrom(p.target.Addr(), 8001)
	write(t, root+"/haproxy.cfg", fmt.Sprintf(`
global
	maxconn 4000
defaults
	mode tcp
	option splice-auto
	timeout connect 5s
	timeout client 60s
	timeout server 60s
listen bench
	bind %v
	server one %v
`, haproxy, server))
	run(t, root, p.name, haproxy, "/usr/sbin/haproxy", "-db", "-f", root+"/haproxy.cfg")
	nginx := netip.AddrPortFrom(p.target.Addr(), 8002)
	write(t, root+"/nginx.conf", fmt.Sprintf(`
load_module %s/usr/lib/nginx/modules/ngx_stream_module.so;
user root;
daemon off;
pid %s/nginx.pid;
error_log stderr crit;
worker_processes auto;
events { worker_connections 4000; }
stream { server { listen %v; proxy_pass %v; } }
`, root, root, nginx, server))
	run(t, root, p.name, nginx, "/usr/sbin/nginx", "-c", root+"/nginx.conf", "-p", root, "-e", "stderr")
	return []way{{"haproxy", p.client, haproxy, p.listen}, {"nginx", p.client, nginx, p.listen}}
}

// unpack fetches Debian's packages into root without installing anything: no
// service starts and nothing stays.
func unpack(root string) error {
	get := exec.Command("apt-get", append([]string{"download", "-q"}, packages...)...)
	get.Dir = root
	if out, err := get.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get download: %w: %s", err, out)
	}
	files, err := filepath.Glob(root + "/*.deb")
	if err != nil {
		return err
	}
	for _, f := range files {
		if out, err := exec.Command("dpkg", "-x", f, root).CombinedOutput(); err != nil {
			return fmt.Errorf("dpkg -x %s: %w: %s", f, err, out)
		}
	}
	return nil
}

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// run starts a program of root in the namespace at path and waits until it
// listens at a.
func run(t testing.TB, root, path string, a netip.AddrPort, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(root+program, args...)
	libraries, err := filepath.Glob(root + "/usr/lib/*-linux-gnu")
	must(t, err)
	for _, dir := range libraries {
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+dir)
	}
	cmd.Stderr = os.Stderr
	must(t, netns.Start(cmd, path))
	t.Cleanup(func() {
		must(t, cmd.Process.Signal(syscall.SIGTERM)) // its workers end with it
		cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := netns.Do(path, func() error {
			c, err := net.DialTimeout("tcp4", a.String(), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen: %v", program, err)
		}
	}
}
