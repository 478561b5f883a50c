package script

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// queryMain is the command query TYPE NAME [SERVER:PORT [tcp]]: it asks the
// system's resolver, or SERVER, and prints one line: the response code, the
// addresses, and SOA where the authority section has one.
func queryMain() {
	if err := query(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func query(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: query TYPE NAME [SERVER:PORT [tcp]]")
	}
	client := dns.Client{Timeout: 2 * time.Second}
	server := ""
	switch {
	case len(args) > 3:
		client.Net = args[3]
		fallthrough
	case len(args) > 2:
		server = args[2]
	default:
		var err error
		if server, err = systemResolver(); err != nil {
			return err
		}
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(args[1]), dns.StringToType[args[0]])
	m.SetEdns0(1232, false)
	answer, _, err := client.Exchange(m, server)
	if err != nil {
		return err
	}
	words := []string{dns.RcodeToString[answer.Rcode]}
	for _, rr := range answer.Answer {
		words = append(words, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	if slices.ContainsFunc(answer.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA }) {
		words = append(words, "SOA")
	}
	fmt.Println(strings.Join(words, " "))
	return nil
}

func systemResolver() (string, error) {
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(config.Servers[0], config.Port), nil
}

// queriesMain is the command queries N TYPE NAME: it sends N queries to the
// system's resolver at once, from one socket, and counts the answers that come
// until none has come for a second.
func queriesMain() {
	if err := queries(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func queries(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: queries N TYPE NAME")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	server, err := systemResolver()
	if err != nil {
		return err
	}
	c, err := dns.Dial("udp", server)
	if err != nil {
		return err
	}
	defer c.Close()
	for range n {
		if err := c.WriteMsg(new(dns.Msg).SetQuestion(dns.Fqdn(args[2]), dns.StringToType[args[1]])); err != nil {
			return err
		}
	}
	answered, refused := 0, 0
	for {
		c.SetReadDeadline(time.Now().Add(time.Second))
		answer, err := c.ReadMsg()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return err
		}
		answered++
		if answer.Rcode != dns.RcodeSuccess {
			refused++
		}
	}
	fmt.Printf("%d sent, %d answered, %d refused\n", n, answered, refused)
	return nil
}

// addressesMain is the command addresses: it prints the name, the MTU and the
// addresses of every interface that it sees.
func addressesMain() {
	all, err := net.Interfaces()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, i := range all {
		addresses, _ := i.Addrs()
		fmt.Println(i.Name, i.MTU, addresses)
	}
}
