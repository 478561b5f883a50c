package script

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
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

// pingMain is the command ping ADDRESS: one ICMP echo request, and its answer
// within a second.
func pingMain() {
	if err := ping(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("pong")
}

func ping(address string) error {
	domain, proto, request, reply := syscall.AF_INET, syscall.IPPROTO_ICMP, byte(8), byte(0)
	if strings.Contains(address, ":") {
		domain, proto, request, reply = syscall.AF_INET6, syscall.IPPROTO_ICMPV6, 128, 129
	}
	// A datagram socket: the kernel fills in checksum and identifier, and needs
	// no capability.
	fd, err := syscall.Socket(domain, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, proto)
	if err != nil {
		return fmt.Errorf("open ICMP socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "icmp")
	defer file.Close()
	c, err := net.FilePacketConn(file)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.WriteTo([]byte{request, 0, 0, 0, 0, 0, 0, 1}, &net.UDPAddr{IP: net.ParseIP(address)}); err != nil {
		return err
	}
	var buf [64]byte
	if _, _, err := c.ReadFrom(buf[:]); err != nil {
		return err
	}
	if buf[0] != reply {
		return fmt.Errorf("ICMP message of type %d", buf[0])
	}
	return nil
}
