package api

import (
	"crypto/tls"
	"net"

	"github.com/postern/postern/vpc"
)

// tlsConfig chooses the certificate by where a connection came in, never by
// the name that the client asks for: behind an endpoint is one service.
func (s *Server) tlsConfig() *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			names, ips := s.certificateNames(arrivalOf(hello.Conn), hello.Conn.LocalAddr())
			return s.config.CA.Certificate(names, ips)
		},
	}
	plain := c.Clone()
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if behind, ok := vpc.FindEndpointService(arrivalOf(hello.Conn).Service); ok && behind.FIPS {
			return fipsConfig(plain, hello), nil
		}
		return nil, nil
	}
	return c
}

// certificateNames are the names and addresses that a client may have used to
// get to this connection.
func (s *Server) certificateNames(a vpc.Arrival, local net.Addr) (names []string, ips []net.IP) {
	if tcp, ok := local.(*net.TCPAddr); ok {
		ips = []net.IP{tcp.IP}
	}
	if a.Private() {
		behind, _ := vpc.FindEndpointService(a.Service)
		return behind.CertificateNames(), ips
	}
	names = []string{"localhost"}
	ips = append(ips, net.IPv4(127, 0, 0, 1), net.IPv6loopback)
	for _, host := range s.config.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			ips = append(ips, ip)
		} else if host != "" {
			names = append(names, host)
		}
	}
	return names, ips
}
