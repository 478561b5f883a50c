package script

import (
	"fmt"
	"net"
	"os"
	"slices"
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
		config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
		if err != nil {
			return err
		}
		server = net.JoinHostPort(config.Servers[0], config.Port)
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
