package elbv2

import (
	"slices"
	"testing"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

func TestCreateListener(t *testing.T) {
	b := fixture(t)
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets")
	made := b.listen(balancer, group)
	arn := *made.ListenerArn
	if prefix := newARN(owner, "listener/net/front/"); arn[:len(prefix)] != prefix || len(arn) != len(prefix)+16+1+16 {
		t.Errorf("ARN %s", arn)
	}
	if again := b.listen(balancer, group); *again.ListenerArn != arn {
		t.Errorf("the same request made %s", *again.ListenerArn)
	}
	out, err := b.DescribeListeners(b.ctx, &elbv2.DescribeListenersInput{ListenerArns: []string{arn}})
	if err != nil {
		t.Fatal(err)
	}
	l := out.Listeners[0]
	action := l.DefaultActions[0]
	if *l.LoadBalancerArn != balancer || *l.Protocol != "TCP" || *l.Port != 80 || *action.Type != "forward" || *action.TargetGroupArn != group ||
		len(action.ForwardConfig.TargetGroups) != 1 || *action.ForwardConfig.TargetGroups[0].Weight != 1 {
		t.Errorf("described as %+v", l)
	}
}

// forwardBy forwards to target groups by weight.
func forwardBy(weights map[string]int32) []elbv2.Action {
	c := &elbv2.ForwardActionConfig{}
	for arn, w := range weights {
		c.TargetGroups = append(c.TargetGroups, elbv2.TargetGroupTuple{TargetGroupArn: &arn, Weight: &w})
	}
	return []elbv2.Action{{Type: wire.Ptr("forward"), ForwardConfig: c}}
}

func TestListenerWeights(t *testing.T) {
	b := fixture(t)
	balancer, blue, green := *b.balancer("front").LoadBalancerArn, b.group("blue"), b.group("green")
	made := b.listen(balancer, blue, func(in *elbv2.CreateListenerInput) {
		in.DefaultActions = forwardBy(map[string]int32{blue: 999, green: 0})
	})
	if made.DefaultActions[0].TargetGroupArn != nil {
		t.Error("one target group stands for two")
	}
	row, _ := b.listener(b.store.Snapshot(), owner, *made.ListenerArn)
	if !slices.Contains(row.Forwards, vpc.Forward{TargetGroup: blue, Weight: 999}) || !slices.Contains(row.Forwards, vpc.Forward{TargetGroup: green}) {
		t.Errorf("forwards %+v", row.Forwards)
	}
	groups, err := b.DescribeTargetGroups(b.ctx, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: &balancer})
	if err != nil || len(groups.TargetGroups) != 2 || !slices.Equal(groups.TargetGroups[0].LoadBalancerArns, []string{balancer}) {
		t.Errorf("target groups of the load balancer: %+v, %v", groups, err)
	}
}

func TestCreateListenerRefusals(t *testing.T) {
	b := fixture(t)
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets")
	b.listen(balancer, group)
	busy := b.group("busy")
	b.listen(*b.balancer("other").LoadBalancerArn, busy)
	udp := b.group("udp", func(in *elbv2.CreateTargetGroupInput) { in.Protocol = wire.Ptr("UDP") })
	six := b.group("six", func(in *elbv2.CreateTargetGroupInput) { in.IpAddressType = wire.Ptr("ipv6") })
	away := b.group("away", func(in *elbv2.CreateTargetGroupInput) { in.VpcId = wire.Ptr(elsewhere) })
	dual := *b.balancer("dual", func(in *elbv2.CreateLoadBalancerInput) { in.IpAddressType = wire.Ptr("dualstack") }).LoadBalancerArn
	missing := newARN(owner, "targetgroup/x/0123456789abcdef")
	type in = elbv2.CreateListenerInput
	for _, row := range []struct {
		edit       func(*in)
		code, part string
	}{
		{func(i *in) { i.DefaultActions = forwardTo(busy) }, "DuplicateListener", "A listener already exists on this port for this load balancer '" + balancer + "'"},
		{func(i *in) { i.Protocol, i.DefaultActions = wire.Ptr("UDP"), forwardTo(udp) }, "DuplicateListener", "already exists on this port"},
		{func(i *in) { i.LoadBalancerArn = wire.Ptr(newARN(owner, "loadbalancer/net/x/1")) }, "LoadBalancerNotFound", "not found"},
		{func(i *in) { i.LoadBalancerArn = wire.Ptr("front") }, "ValidationError", "'front' is not a valid load balancer ARN"},
		{func(i *in) { i.Protocol = nil }, "ValidationError", "A listener protocol must be specified"},
		{func(i *in) { i.Port = nil }, "ValidationError", "A listener port must be specified"},
		{func(i *in) { i.Protocol = wire.Ptr("HTTP") }, "ValidationError", "Listener protocol 'HTTP' must be one of 'TLS, TCP, TCP_UDP, UDP'"},
		{func(i *in) { i.Protocol = wire.Ptr("TLS") }, "ValidationError", "A certificate must be specified for TLS listeners"},
		{func(i *in) { i.Protocol, i.Certificates = wire.Ptr("TLS"), certificate() }, "CertificateNotFound", "Certificate 'arn:aws:acm:us-east-1:111122223333:certificate/1' not found"},
		{func(i *in) { i.Certificates = certificate() }, "ValidationError", "Certificates cannot be specified for TCP listeners"},
		{func(i *in) { i.SslPolicy = wire.Ptr("ELBSecurityPolicy-2016-08") }, "ValidationError", "An SSL policy cannot be specified for TCP listeners"},
		{func(i *in) { i.AlpnPolicy = []string{"None"} }, "ValidationError", "An ALPN policy"},
		{func(i *in) { i.DefaultActions = nil }, "ValidationError", "At least one default action"},
		{func(i *in) { i.DefaultActions = append(forwardTo(group), forwardTo(group)...) }, "TooManyActions", "one default action"},
		{func(i *in) { i.DefaultActions[0].Type = wire.Ptr("redirect") }, "InvalidLoadBalancerAction", "The action type 'redirect' is not valid with network load balancers"},
		{func(i *in) { i.DefaultActions[0].TargetGroupArn = nil }, "ValidationError", "A target group ARN must be specified"},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo(missing) }, "TargetGroupNotFound", "One or more target groups not found"},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo("x") }, "ValidationError", "'x' is not a valid target group ARN"},
		{func(i *in) { i.DefaultActions = forwardBy(map[string]int32{group: 1000}) }, "ValidationError", "between 0 and 999"},
		{func(i *in) { i.DefaultActions = forwardBy(nil) }, "ValidationError", "between 1 and 5 target groups"},
		{func(i *in) {
			i.DefaultActions = forwardBy(map[string]int32{group: 1})
			c := i.DefaultActions[0].ForwardConfig
			c.TargetGroups = append(c.TargetGroups, c.TargetGroups[0])
		}, "ValidationError", "is specified more than once"},
		{func(i *in) {
			i.DefaultActions = forwardBy(map[string]int32{group: 1})
			i.DefaultActions[0].ForwardConfig.TargetGroupStickinessConfig = &elbv2.TargetGroupStickinessConfig{Enabled: wire.Ptr(true)}
		}, "ValidationError", "TargetGroupStickinessConfig is not supported"},
		{func(i *in) {
			i.DefaultActions = forwardBy(map[string]int32{group: 1})
			i.DefaultActions[0].TargetGroupArn = &busy
		}, "ValidationError", "You cannot specify both"},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo(udp) }, "IncompatibleProtocols", udp},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo(busy) }, "TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: " + busy},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo(six) }, "InvalidConfigurationRequest", "'dualstack'"},
		{func(i *in) { i.Port, i.DefaultActions = wire.Ptr(int32(81)), forwardTo(away) }, "InvalidConfigurationRequest", "not in the same VPC"},
		{func(i *in) {
			i.LoadBalancerArn, i.DefaultActions = &dual, forwardBy(map[string]int32{six: 1, b.group("four"): 1})
		}, "InvalidConfigurationRequest", "the same IP address type"},
	} {
		request := listenerRequest(balancer, group)
		row.edit(request)
		_, err := b.CreateListener(b.ctx, request)
		wantError(t, row.part, err, row.code, row.part)
	}
}

func certificate() []elbv2.Certificate {
	return []elbv2.Certificate{{CertificateArn: wire.Ptr("arn:aws:acm:us-east-1:111122223333:certificate/1")}}
}

// Which protocols of listeners and target groups go together.
func TestListenerProtocols(t *testing.T) {
	b := fixture(t)
	balancer := *b.balancer("front").LoadBalancerArn
	groups := map[string]string{}
	for name, protocol := range map[string]string{"tcp": "TCP", "udp": "UDP", "both": "TCP_UDP", "tls": "TLS"} {
		groups[protocol] = b.group(name, func(in *elbv2.CreateTargetGroupInput) { in.Protocol = &protocol })
	}
	allowed := map[string]bool{"TCP TCP": true, "TCP TCP_UDP": true, "UDP UDP": true, "UDP TCP_UDP": true, "TCP_UDP TCP_UDP": true}
	port := int32(1000)
	for _, listener := range []string{"TCP", "UDP", "TCP_UDP"} {
		for protocol, group := range groups {
			port++
			_, err := b.CreateListener(b.ctx, listenerRequest(balancer, group, func(in *elbv2.CreateListenerInput) {
				in.Protocol, in.Port = &listener, &port
			}))
			if pair := listener + " " + protocol; allowed[pair] && err != nil {
				t.Errorf("%s: %v", pair, err)
			} else if !allowed[pair] {
				wantError(t, pair, err, "IncompatibleProtocols", group)
			}
		}
	}
}

func TestListenerQuota(t *testing.T) {
	b := fixture(t)
	b.limits.ListenersPer = 1
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets")
	b.listen(balancer, group)
	_, err := b.CreateListener(b.ctx, listenerRequest(balancer, group, func(in *elbv2.CreateListenerInput) { in.Port = wire.Ptr(int32(81)) }))
	wantError(t, "second", err, "TooManyListeners", "'1'")
}

func TestModifyListener(t *testing.T) {
	b := fixture(t)
	balancer, group, both := *b.balancer("front").LoadBalancerArn, b.group("targets"), b.group("both", func(in *elbv2.CreateTargetGroupInput) { in.Protocol = wire.Ptr("TCP_UDP") })
	arn := *b.listen(balancer, group).ListenerArn
	b.listen(balancer, group, func(in *elbv2.CreateListenerInput) { in.Port = wire.Ptr(int32(443)) })
	modify := func(edit func(*elbv2.ModifyListenerInput)) (*elbv2.ModifyListenerOutput, error) {
		in := &elbv2.ModifyListenerInput{ListenerArn: &arn}
		edit(in)
		return b.ModifyListener(b.ctx, in)
	}
	_, err := modify(func(in *elbv2.ModifyListenerInput) { in.Port = wire.Ptr(int32(443)) })
	wantError(t, "a port that is taken", err, "DuplicateListener", balancer)
	_, err = modify(func(in *elbv2.ModifyListenerInput) { in.Protocol = wire.Ptr("UDP") })
	wantError(t, "a protocol without its group", err, "IncompatibleProtocols", group)
	_, err = modify(func(in *elbv2.ModifyListenerInput) { in.Protocol = wire.Ptr("TLS") })
	wantError(t, "TLS", err, "ValidationError", "A certificate must be specified")
	_, err = modify(func(in *elbv2.ModifyListenerInput) { in.Certificates = certificate() })
	wantError(t, "a certificate", err, "ValidationError", "Certificates cannot be specified for TCP listeners")
	_, err = modify(func(in *elbv2.ModifyListenerInput) { in.ListenerArn = wire.Ptr(newARN(owner, "listener/net/x/1/2")) })
	wantError(t, "none", err, "ListenerNotFound", "One or more listeners not found")

	out, err := modify(func(in *elbv2.ModifyListenerInput) {
		in.Port, in.Protocol, in.DefaultActions = wire.Ptr(int32(53)), wire.Ptr("TCP_UDP"), forwardTo(both)
	})
	if err != nil {
		t.Fatal(err)
	}
	if l := out.Listeners[0]; *l.Port != 53 || *l.Protocol != "TCP_UDP" || *l.DefaultActions[0].TargetGroupArn != both {
		t.Errorf("modified: %+v", l)
	}
	if row, _ := b.listener(b.store.Snapshot(), owner, arn); row.Port != 53 || row.Forwards[0].TargetGroup != both {
		t.Errorf("stored: %+v", row)
	}
}

func TestDescribeListeners(t *testing.T) {
	b := fixture(t)
	balancer, group := *b.balancer("front").LoadBalancerArn, b.group("targets")
	arn := *b.listen(balancer, group).ListenerArn
	out, err := b.DescribeListeners(b.ctx, &elbv2.DescribeListenersInput{LoadBalancerArn: &balancer})
	if err != nil || len(out.Listeners) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	for _, row := range []struct {
		in         elbv2.DescribeListenersInput
		code, part string
	}{
		{elbv2.DescribeListenersInput{}, "ValidationError", "You must specify either listener ARNs or a load balancer ARN"},
		{elbv2.DescribeListenersInput{LoadBalancerArn: &balancer, ListenerArns: []string{arn}}, "ValidationError", "at the same time"},
		{elbv2.DescribeListenersInput{ListenerArns: []string{balancer}}, "ValidationError", "is not a valid listener ARN"},
		{elbv2.DescribeListenersInput{ListenerArns: []string{arn, arn + "0"}}, "ListenerNotFound", "One or more listeners not found"},
		{elbv2.DescribeListenersInput{LoadBalancerArn: wire.Ptr(balancer + "0")}, "LoadBalancerNotFound", "not found"},
	} {
		_, err := b.DescribeListeners(b.ctx, &row.in)
		wantError(t, row.part, err, row.code, row.part)
	}
}

func TestDeleteListener(t *testing.T) {
	b := fixture(t)
	arn := *b.listen(*b.balancer("front").LoadBalancerArn, b.group("targets")).ListenerArn
	if _, err := b.DeleteListener(b.ctx, &elbv2.DeleteListenerInput{ListenerArn: &arn}); err != nil {
		t.Error(err)
	}
	_, err := b.DeleteListener(b.ctx, &elbv2.DeleteListenerInput{ListenerArn: &arn})
	wantError(t, "again", err, "ListenerNotFound", "One or more listeners not found")
}

// There is no TLS, so no listener takes a certificate or has one.
func TestListenerCertificates(t *testing.T) {
	b := fixture(t)
	arn := b.listen(*b.balancer("front").LoadBalancerArn, b.group("targets")).ListenerArn
	_, err := b.AddListenerCertificates(b.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: arn, Certificates: certificate()})
	wantError(t, "add", err, "ValidationError", "Certificates cannot be specified for TCP listeners")
	_, err = b.RemoveListenerCertificates(b.ctx, &elbv2.RemoveListenerCertificatesInput{ListenerArn: arn, Certificates: certificate()})
	wantError(t, "remove", err, "ValidationError", "Certificates cannot be specified for TCP listeners")
	_, err = b.AddListenerCertificates(b.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: arn, Certificates: append(certificate(), certificate()...)})
	wantError(t, "two", err, "ValidationError", "Exactly one certificate")
	_, err = b.AddListenerCertificates(b.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: wire.Ptr(*arn + "0"), Certificates: certificate()})
	wantError(t, "no listener", err, "ListenerNotFound", "One or more listeners not found")
	out, err := b.DescribeListenerCertificates(b.ctx, &elbv2.DescribeListenerCertificatesInput{ListenerArn: arn})
	if err != nil || len(out.Certificates) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
