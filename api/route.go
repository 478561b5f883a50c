package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// route finds the service that a request is for.
func (c *call) route() error {
	c.signature, c.unsigned = sigv4.Parse(c.request)
	if c.arrival.Private() {
		return c.routeEndpoint()
	}
	return c.routePublic()
}

// routeEndpoint takes the service behind the endpoint. A Host that is not one
// of its names is refused, so that one endpoint never stands for another.
func (c *call) routeEndpoint() error {
	c.service, c.region = c.services[c.behind.API], c.behind.Region
	if c.service == nil {
		return &plainError{http.StatusServiceUnavailable, "No service is behind this endpoint."}
	}
	if host := hostname(c.request.Host); !servesHost(c.behind, c.arrival.Endpoint, host) {
		return wrongHost(c.service.model, fmt.Sprintf("The host '%s' is not a name of %s through %s.", host, c.behind.Name, c.arrival.Endpoint))
	}
	return nil
}

// servesHost reports whether host is a private name of the service, a
// regional or zonal name of the endpoint, or an address.
func servesHost(s vpc.EndpointService, endpoint, host string) bool {
	if slices.Contains(s.PrivateNames, host) {
		return true
	}
	label, parent, _ := strings.Cut(host, ".")
	if parent == s.BaseName() && strings.HasPrefix(label, endpoint+"-") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// routePublic takes the service that the signature names, since one address
// serves all of them; an unsigned request is told so by the service that Host
// names. Where Host is a public name of AWS, the signature must agree with it.
func (c *call) routePublic() error {
	api, region, named := vpc.PublicService(hostname(c.request.Host))
	if named {
		c.region = region
	}
	name := c.signature.Service
	if named && (name == "" || c.services[api] != nil) {
		name = api
	}
	if name == "" {
		return c.routeUnsigned()
	}
	if c.service = c.services[name]; c.service == nil {
		return &plainError{http.StatusNotFound, fmt.Sprintf("The service %q is not served here.", name)}
	}
	return nil
}

// routeUnsigned takes the service that has operations without a signature,
// where nothing else says which one is meant but the form of the request.
func (c *call) routeUnsigned() error {
	form := strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	if e, ok := asSignatureError(c.unsigned); !ok || e.Kind != sigv4.Missing || !form || c.anonymous == nil {
		return c.unsigned
	}
	c.service = c.anonymous
	return nil
}

// wrongHost refuses a request for a name that leads elsewhere.
func wrongHost(model *wire.Service, message string) *wire.Error {
	code := "UnknownOperationException"
	if model.Protocol == wire.EC2 || model.Protocol == wire.Query {
		code = "InvalidAction"
	}
	return &wire.Error{Code: code, Message: message, Status: http.StatusNotFound}
}

// hostname is a Host header without port, brackets, trailing dot and case.
func hostname(host string) string {
	if strings.Contains(host, ":") {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
