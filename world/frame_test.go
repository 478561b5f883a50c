package world

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// pair returns two connected sockets.
func pair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	other, err := fileConn(theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ours.Close()
		other.Close()
	})
	return ours.UnixConn, other.UnixConn
}

// Frames keep their order and their files, also when they are larger than a
// socket's buffer.
func TestFrames(t *testing.T) {
	a, b := pair(t)
	files := make([]*os.File, 2)
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	large := strings.Repeat("large ", 1<<20)
	sent := make(chan error, 1)
	go func() {
		for _, f := range []struct {
			text  string
			files []*os.File
		}{{"small", nil}, {large, files}, {"last", nil}} {
			if err := WriteFrame(a, f.text, f.files...); err != nil {
				sent <- err
				return
			}
		}
		sent <- a.Close()
	}()
	for _, want := range []struct {
		text  string
		files int
	}{{"small", 0}, {large, 2}, {"last", 0}} {
		var got string
		received, err := ReadFrame(b, &got)
		if err != nil {
			t.Fatal(err)
		}
		if got != want.text || len(received) != want.files {
			t.Errorf("frame of %d bytes with %d files, want %d and %d", len(got), len(received), len(want.text), want.files)
		}
		for i, f := range received {
			ours, _ := files[i].Stat()
			theirs, err := f.Stat()
			if err != nil || !os.SameFile(ours, theirs) {
				t.Errorf("file %d is another one (%v)", i, err)
			}
		}
		closeAll(received)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if _, err := ReadFrame(b, new(string)); err != io.EOF {
		t.Errorf("after the last frame: %v, want EOF", err)
	}
}

func TestFrameTooLarge(t *testing.T) {
	a, _ := pair(t)
	if err := WriteFrame(a, strings.Repeat("x", maxFrame)); err == nil {
		t.Error("a frame beyond the limit was sent")
	}
}

func frame(size uint32, body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, size), body...)
}

func TestReadBody(t *testing.T) {
	for name, c := range map[string]struct {
		in []byte
		ok bool
	}{
		"whole":         {frame(4, `"ab"`), true},
		"space after":   {frame(6, `"ab"  `), true},
		"short head":    {[]byte{0, 0}, false},
		"short body":    {frame(9, `"ab"`), false},
		"not JSON":      {frame(3, `ab"`), false},
		"another type":  {frame(2, `{}`), false},
		"lying length":  {frame(1<<31, `"ab"`), false},
		"beyond length": {frame(3, `"ab"`), false},
	} {
		var got string
		err := readBody(iotest.OneByteReader(bytes.NewReader(c.in)), [4]byte{}, 0, &got)
		if (err == nil) != c.ok || c.ok && got != "ab" {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func FuzzReadBody(f *testing.F) {
	f.Add(frame(4, `"ab"`))
	f.Add(frame(1<<24, `{"kind":"start","args":["daemon"]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var m message
		r := bytes.NewReader(in)
		if err := readBody(r, [4]byte{}, 0, &m); err != nil {
			return
		}
		if used := len(in) - r.Len(); used != 4+int(binary.BigEndian.Uint32(in)) {
			t.Errorf("%d bytes were read of a frame of %d", used, binary.BigEndian.Uint32(in))
		}
	})
}

func TestParseResolvers(t *testing.T) {
	text := "# resolvers\nsearch example.org\nnameserver 192.0.2.1\n\tnameserver  2001:db8::1 # second\n; nameserver 192.0.2.9\nnameserver none\nnameserver\nnameserver fe80::1%eth0\noptions ndots:2"
	var got []string
	for _, a := range ParseResolvers(text) {
		got = append(got, a.String())
	}
	if want := []string{"192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func FuzzParseResolvers(f *testing.F) {
	f.Add("nameserver 192.0.2.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range ParseResolvers(text) {
			if a.Port() != 53 || !a.Addr().IsValid() {
				t.Errorf("%v", a)
			}
		}
	})
}

// Requests go round the resolvers, and pass by one that refuses.
func TestDialResolver(t *testing.T) {
	one, two := echoResolver(t, "one"), echoResolver(t, "two")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobodyThere := netip.MustParseAddrPort(closed.Addr().String())
	closed.Close()
	c := &Config{Resolvers: func() []netip.AddrPort { return []netip.AddrPort{one, nobodyThere, two} }}
	for n, want := range map[int]string{1: "one tcp", 2: "two tcp", 3: "two tcp", 4: "one tcp"} {
		f, err := c.dialResolver(t.Context(), "tcp", n)
		if err != nil {
			t.Fatal(err)
		}
		u, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(u, "who")
		if b, err := io.ReadAll(u); string(b) != want {
			t.Errorf("request %d: %q %v, want %q", n, b, err, want)
		}
		u.Close()
	}
	c.Resolvers = nil
	if _, err := c.dialResolver(t.Context(), "udp", 1); err == nil {
		t.Error("a host without a resolver gave one")
	}
}

// dialRole connects to a socket as somebody else.
func dialRole(args []string) error {
	c, err := net.Dial("unix", args[0])
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.ReadAll(c)
	return err
}

func TestCheckPeer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("being somebody else needs root")
	}
	dir := dataDir(t, nobody)
	os.Mkdir(filepath.Join(filepath.Dir(filepath.Dir(dir)), "s"), 0o777)
	path := filepath.Join(filepath.Dir(filepath.Dir(dir)), "s", "sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[int]bool{0: true, nobody: false} {
		cmd := exec.Command("/proc/self/exe", "dial", path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c, err := l.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckPeer(c); (err == nil) != want {
			t.Errorf("uid %d: %v", uid, err)
		}
		c.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}
