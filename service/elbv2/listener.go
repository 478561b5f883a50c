package elbv2

import (
	"context"
	"slices"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// DescribeListeners answers with the listeners of a load balancer, or those
// that a request names.
func (s *Service) DescribeListeners(ctx context.Context, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	r, o := s.store.Snapshot(), ownerFrom(ctx)
	switch {
	case in.LoadBalancerArn != nil && len(in.ListenerArns) > 0:
		return nil, errValidation("Listener ARNs and a load balancer ARN cannot be specified at the same time")
	case in.LoadBalancerArn == nil && len(in.ListenerArns) == 0:
		return nil, errValidation("You must specify either listener ARNs or a load balancer ARN")
	}
	out := &elbv2.DescribeListenersOutput{}
	if in.LoadBalancerArn != nil {
		l, err := s.loadBalancer(r, o, *in.LoadBalancerArn)
		if err != nil {
			return nil, err
		}
		for row := range s.store.Listeners.By(r, "loadbalancer", l.ARN) {
			out.Listeners = append(out.Listeners, listenerShape(row))
		}
		return out, nil
	}
	for _, arn := range slices.Sorted(slices.Values(distinct(in.ListenerArns))) {
		row, err := s.listener(r, o, arn)
		if err != nil {
			return nil, err
		}
		out.Listeners = append(out.Listeners, listenerShape(row))
	}
	return out, nil
}

func listenerShape(l vpc.Listener) elbv2.Listener {
	return elbv2.Listener{
		ListenerArn:     &l.ARN,
		LoadBalancerArn: &l.LoadBalancer,
		Protocol:        &l.Protocol,
		Port:            wire.Ptr(int32(l.Port)),
		DefaultActions:  []elbv2.Action{actionShape(l.Forwards)},
	}
}

// DeleteListener deletes a listener.
func (s *Service) DeleteListener(ctx context.Context, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	err := s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		l, err := s.listener(tx, ownerFrom(ctx), wire.Value(in.ListenerArn))
		if err != nil {
			return nil, err
		}
		s.store.Listeners.Delete(tx, s.store.Listeners.Key(l))
		return s.reachOfListener(tx.Snapshot(), l), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.DeleteListenerOutput{}, nil
}

// reachOfListener are the VPCs of the connections to a listener.
func (s *Service) reachOfListener(r store.Snapshot, l vpc.Listener) []string {
	lb, ok := s.store.LoadBalancers.Get(r, key(l.Owner, vpc.ELBID(l.LoadBalancer)))
	if !ok {
		return nil
	}
	return s.reach(r, lb)
}

// A listener has no certificates, because it has no TLS.

// AddListenerCertificates refuses certificates.
func (s *Service) AddListenerCertificates(ctx context.Context, in *elbv2.AddListenerCertificatesInput) (*elbv2.AddListenerCertificatesOutput, error) {
	return nil, s.refuseCertificates(ctx, wire.Value(in.ListenerArn), in.Certificates)
}

// RemoveListenerCertificates refuses certificates.
func (s *Service) RemoveListenerCertificates(ctx context.Context, in *elbv2.RemoveListenerCertificatesInput) (*elbv2.RemoveListenerCertificatesOutput, error) {
	return nil, s.refuseCertificates(ctx, wire.Value(in.ListenerArn), in.Certificates)
}

func (s *Service) refuseCertificates(ctx context.Context, arn string, certificates []elbv2.Certificate) error {
	l, err := s.listener(s.store.Snapshot(), ownerFrom(ctx), arn)
	if err != nil {
		return err
	}
	if len(certificates) != 1 || certificates[0].CertificateArn == nil {
		return errValidation("Exactly one certificate must be specified")
	}
	return errCertificateProtocol(l.Protocol)
}

// DescribeListenerCertificates answers that a listener has none.
func (s *Service) DescribeListenerCertificates(ctx context.Context, in *elbv2.DescribeListenerCertificatesInput) (*elbv2.DescribeListenerCertificatesOutput, error) {
	if _, err := s.listener(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.ListenerArn)); err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerCertificatesOutput{}, nil
}
