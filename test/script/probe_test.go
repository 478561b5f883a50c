package script

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// fetchMain is the command fetch URL [HOST]: it gets URL without a signature,
// says HOST instead of the URL's host if it is given, and prints the status and
// the body, whatever the status is.
func fetchMain() {
	if err := fetch(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fetch(args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("usage: fetch URL [HOST]")
	}
	r, err := http.NewRequest(http.MethodGet, args[0], nil)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		r.Host = args[1]
	}
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

// handshakeMain is the command handshake ADDRESS NAME [WITH]: a TLS handshake
// with a server that has to prove that it is NAME. It prints what was agreed on:
// version, cipher suite and curve. WITH is all that the client offers: tls1.1,
// chacha20 or x25519.
func handshakeMain() {
	if err := handshake(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// offers are clients that offer less than others.
var offers = map[string]*tls.Config{
	"tls1.1": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
	"chacha20": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}},
	"x25519": {CurvePreferences: []tls.CurveID{tls.X25519}},
}

func handshake(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: handshake ADDRESS NAME [WITH]")
	}
	config := &tls.Config{}
	if len(args) > 2 {
		if config = offers[args[2]]; config == nil {
			return fmt.Errorf("no client offers %s", args[2])
		}
	}
	config.ServerName = args[1]
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Second}, "tcp", args[0], config)
	if err != nil {
		return err
	}
	defer c.Close()
	s := c.ConnectionState()
	fmt.Println(tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite), s.CurveID)
	return nil
}

// pingMain is the command ping ADDRESS: one ICMP echo request over IPv4, and its
// answer within a second. It needs a raw socket.
func pingMain() {
	if err := ping(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("pong")
}

func ping(address string) error {
	c, err := net.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	request := []byte{8, 0, 0xf7, 0xfe, 0, 0, 0, 1} // echo no. 1 with its checksum
	if _, err := c.WriteTo(request, &net.IPAddr{IP: net.ParseIP(address)}); err != nil {
		return err
	}
	for buf := make([]byte, 64); ; {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		if n >= len(request) && buf[0] == 0 && from.String() == address {
			return nil
		}
	}
}
