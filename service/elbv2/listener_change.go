package elbv2

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// CreateListener lets a load balancer take connections to a port. The same
// request again answers with what the first one made.
func (s *Service) CreateListener(ctx context.Context, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	wanted, err := s.newListener(ctx, in)
	if err != nil {
		return nil, err
	}
	var made vpc.Listener
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		lb, err := s.loadBalancer(tx, wanted.Owner, wanted.LoadBalancer)
		if err != nil {
			return nil, err
		}
		others := 0
		for l := range s.store.Listeners.By(tx, "loadbalancer", lb.ARN) {
			if sameListener(l, wanted) {
				made = l
				return s.reach(tx.Snapshot(), lb), nil
			}
			if l.Port == wanted.Port {
				return nil, errDuplicateListener(lb.ARN)
			}
			others++
		}
		if others >= s.limits.ListenersPer {
			return nil, errLimit("TooManyListeners", "listeners of a load balancer", s.limits.ListenersPer)
		}
		made = wanted
		made.ARN = newARN(lb.Owner, "listener"+strings.TrimPrefix(vpc.ELBID(lb.ARN), "loadbalancer")+"/"+newHash())
		if err := s.checkForwards(tx, lb, made); err != nil {
			return nil, err
		}
		s.store.Listeners.Put(tx, made)
		return s.reach(tx.Snapshot(), lb), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateListenerOutput{Listeners: []elbv2.Listener{listenerShape(made)}}, nil
}

// newListener checks a request as far as that needs no records, and returns the
// listener that it asks for, without its ARN.
func (s *Service) newListener(ctx context.Context, in *elbv2.CreateListenerInput) (vpc.Listener, error) {
	switch {
	case in.Protocol == nil:
		return vpc.Listener{}, errValidation("A listener protocol must be specified")
	case in.Port == nil:
		return vpc.Listener{}, errValidation("A listener port must be specified")
	}
	if err := checkListenerProtocol(*in.Protocol, in.Certificates); err != nil {
		return vpc.Listener{}, err
	}
	if err := refuseTLS(*in.Protocol, in.Certificates, in.SslPolicy, in.AlpnPolicy, in.MutualAuthentication); err != nil {
		return vpc.Listener{}, err
	}
	forwards, err := forwardsOf(in.DefaultActions)
	if err != nil {
		return vpc.Listener{}, err
	}
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return vpc.Listener{}, err
	}
	return vpc.Listener{
		Owner:        ownerFrom(ctx),
		LoadBalancer: wire.Value(in.LoadBalancerArn),
		Protocol:     *in.Protocol,
		Port:         uint16(*in.Port),
		Forwards:     forwards,
		Created:      s.now().UTC(),
		Tags:         tags,
	}, nil
}

func sameListener(a, b vpc.Listener) bool {
	return a.Port == b.Port && a.Protocol == b.Protocol && slices.Equal(a.Forwards, b.Forwards)
}

// listenerProtocols are those of network load balancers.
var listenerProtocols = []string{elbv2.ProtocolEnumTls, elbv2.ProtocolEnumTcp, elbv2.ProtocolEnumTcpUdp, elbv2.ProtocolEnumUdp}

// checkListenerProtocol refuses TLS as AWS does where the certificate is
// missing: there is none that a listener could have.
func checkListenerProtocol(protocol string, certificates []elbv2.Certificate) error {
	switch {
	case !slices.Contains(listenerProtocols, protocol):
		return errValidation("Listener protocol '%s' must be one of '%s'", protocol, strings.Join(listenerProtocols, ", "))
	case protocol != elbv2.ProtocolEnumTls:
		return nil
	case len(certificates) == 0:
		return errValidation("A certificate must be specified for %s listeners", protocol)
	}
	return errCertificateNotFound(wire.Value(certificates[0].CertificateArn))
}

// refuseTLS refuses what only listeners with TLS have.
func refuseTLS(protocol string, certificates []elbv2.Certificate, policy *string, alpn []string, mutual *elbv2.MutualAuthenticationAttributes) error {
	if len(certificates) > 0 {
		return errCertificateProtocol(protocol)
	}
	for _, p := range []struct {
		what  string
		given bool
	}{
		{"An SSL policy", policy != nil && *policy != ""},
		{"An ALPN policy", len(alpn) > 0},
		{"Mutual authentication", mutual != nil},
	} {
		if p.given {
			return errValidation("%s cannot be specified for %s listeners", p.what, protocol)
		}
	}
	return nil
}

// ModifyListener replaces the settings of a listener that a request names.
func (s *Service) ModifyListener(ctx context.Context, in *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error) {
	var l vpc.Listener
	err := s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		if l, err = s.listener(tx, ownerFrom(ctx), wire.Value(in.ListenerArn)); err != nil {
			return nil, err
		}
		if l, err = modified(l, in); err != nil {
			return nil, err
		}
		lb, err := s.loadBalancer(tx, l.Owner, l.LoadBalancer)
		if err != nil {
			return nil, err
		}
		for other := range s.store.Listeners.By(tx, "loadbalancer", lb.ARN) {
			if other.ARN != l.ARN && other.Port == l.Port {
				return nil, errDuplicateListener(lb.ARN)
			}
		}
		if err := s.checkForwards(tx, lb, l); err != nil {
			return nil, err
		}
		s.store.Listeners.Put(tx, l)
		return s.reach(tx.Snapshot(), lb), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerOutput{Listeners: []elbv2.Listener{listenerShape(l)}}, nil
}

// modified is l with the settings of a request.
func modified(l vpc.Listener, in *elbv2.ModifyListenerInput) (vpc.Listener, error) {
	if in.Protocol != nil {
		if err := checkListenerProtocol(*in.Protocol, in.Certificates); err != nil {
			return l, err
		}
		l.Protocol = *in.Protocol
	}
	if err := refuseTLS(l.Protocol, in.Certificates, in.SslPolicy, in.AlpnPolicy, in.MutualAuthentication); err != nil {
		return l, err
	}
	if in.Port != nil {
		l.Port = uint16(*in.Port)
	}
	if len(in.DefaultActions) > 0 {
		forwards, err := forwardsOf(in.DefaultActions)
		if err != nil {
			return l, err
		}
		l.Forwards = forwards
	}
	return l, nil
}
