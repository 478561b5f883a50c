package elbv2

import (
	"context"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// Bounds of the idle timeout of TCP listeners, in seconds.
const (
	minIdle = 60
	maxIdle = 6000
)

// listenerAttributes are those of a listener: UDP has no idle timeout that
// could be set.
func listenerAttributes(l vpc.Listener) attributes {
	a := attributes{noun: "listener"}
	if l.Protocol != elbv2.ProtocolEnumUdp {
		a.list = append(a.list, attribute{"tcp.idle_timeout.seconds", "350", number(minIdle, maxIdle)})
	}
	return a
}

// DescribeListenerAttributes answers with all attributes of a listener.
func (s *Service) DescribeListenerAttributes(ctx context.Context, in *elbv2.DescribeListenerAttributesInput) (*elbv2.DescribeListenerAttributesOutput, error) {
	l, err := s.listener(s.store.Snapshot(), ownerFrom(ctx), wire.Value(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerAttributesOutput{Attributes: listenerSettings(l)}, nil
}

// ModifyListenerAttributes changes the attributes that a request names, all or
// none of them, and answers with all.
func (s *Service) ModifyListenerAttributes(ctx context.Context, in *elbv2.ModifyListenerAttributesInput) (*elbv2.ModifyListenerAttributesOutput, error) {
	var set []setting
	for _, a := range in.Attributes {
		set = append(set, setting{wire.Value(a.Key), wire.Value(a.Value)})
	}
	var l vpc.Listener
	err := s.apply(ctx, func(tx *store.Tx) (vpcs []string, err error) {
		if l, err = s.listener(tx, ownerFrom(ctx), wire.Value(in.ListenerArn)); err != nil {
			return nil, err
		}
		if l.Attributes, err = listenerAttributes(l).change(l.Attributes, set); err != nil {
			return nil, err
		}
		s.store.Listeners.Put(tx, l)
		return s.reachOfListener(tx.Snapshot(), l), nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerAttributesOutput{Attributes: listenerSettings(l)}, nil
}

func listenerSettings(l vpc.Listener) []elbv2.ListenerAttribute {
	var list []elbv2.ListenerAttribute
	for _, s := range listenerAttributes(l).all(l.Attributes) {
		list = append(list, elbv2.ListenerAttribute{Key: &s.key, Value: &s.value})
	}
	return list
}
