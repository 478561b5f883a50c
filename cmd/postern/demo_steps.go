package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	demoRegion   = "us-east-1"
	demoService  = "com.amazonaws." + demoRegion + ".eks"
	demoName     = "eks." + demoRegion + ".amazonaws.com"
	demoLogGroup = "postern-demo"
	demoWait     = 10 * time.Second // for anything that must come to pass
)

// demo holds what the steps have made so far.
type demo struct {
	world  *demoWorld
	ec2    *ec2.Client
	logs   *cloudwatchlogs.Client
	client eksClient

	vpc, group, endpoint string
	subnets              []string
	enis                 map[string]string // address -> ENI of the endpoint
}

type demoStep struct {
	name string
	run  func(context.Context) (saw string, err error)
}

func newDemo(ctx context.Context, w *demoWorld) (*demo, error) {
	env, err := w.environment(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := clientConfig(ctx, env)
	if err != nil {
		return nil, err
	}
	return &demo{
		world:  w,
		ec2:    ec2.NewFromConfig(cfg),
		logs:   cloudwatchlogs.NewFromConfig(cfg),
		client: newEKSClient(w.self),
	}, nil
}

func (d *demo) steps() []demoStep {
	return []demoStep{
		{"network", d.network},
		{"no-endpoint", d.noEndpoint},
		{"endpoint", d.createEndpoint},
		{"private-name", d.privateName},
		{"call", d.call},
		{"security-group-drops", d.securityGroupDrops},
		{"security-group-allows", d.securityGroupAllows},
		{"endpoint-policy-denies", d.endpointPolicyDenies},
		{"flow-log", d.flowLog},
	}
}

// network makes a VPC without any gateway, two private subnets, a security
// group that lets the VPC in on 443, and a flow log.
func (d *demo) network(ctx context.Context) (string, error) {
	v, err := d.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		return "", err
	}
	d.vpc = *v.Vpc.VpcId
	for _, attribute := range []*ec2.ModifyVpcAttributeInput{
		{VpcId: &d.vpc, EnableDnsSupport: &types.AttributeBooleanValue{Value: aws.Bool(true)}},
		{VpcId: &d.vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}},
	} {
		if _, err := d.ec2.ModifyVpcAttribute(ctx, attribute); err != nil {
			return "", err
		}
	}
	for _, place := range []struct{ zone, cidr string }{{"a", "10.0.1.0/24"}, {"b", "10.0.2.0/24"}} {
		s, err := d.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
			VpcId: &d.vpc, CidrBlock: &place.cidr, AvailabilityZone: aws.String(demoRegion + place.zone)})
		if err != nil {
			return "", err
		}
		d.subnets = append(d.subnets, *s.Subnet.SubnetId)
	}
	g, err := d.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		VpcId: &d.vpc, GroupName: aws.String("door"), Description: aws.String("HTTPS from the VPC")})
	if err != nil {
		return "", err
	}
	d.group = *g.GroupId
	if err := d.allow(ctx); err != nil {
		return "", err
	}
	if _, err := d.ec2.CreateFlowLogs(ctx, &ec2.CreateFlowLogsInput{
		ResourceType: types.FlowLogsResourceTypeVpc, ResourceIds: []string{d.vpc},
		TrafficType: types.TrafficTypeAll, LogGroupName: aws.String(demoLogGroup),
		MaxAggregationInterval:   aws.Int32(60),
		DeliverLogsPermissionArn: aws.String("arn:aws:iam::111122223333:role/flow-logs"),
	}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s 10.0.0.0/16, private subnets in %[2]sa and %[2]sb, no gateway", d.vpc, demoRegion), nil
}

// rule is the security group's only ingress rule.
func (d *demo) rule() []types.IpPermission {
	return []types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
		IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/16")}},
	}}
}

func (d *demo) allow(ctx context.Context) error {
	_, err := d.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &d.group, IpPermissions: d.rule()})
	return err
}

// noEndpoint shows the starting point: a public name, and no way to it.
func (d *demo) noEndpoint(ctx context.Context) (string, error) {
	addresses, err := d.lookup(ctx)
	if err != nil {
		return "", err
	}
	return d.mustTimeOut(ctx, fmt.Sprintf("%s is %s (public), no route to it", demoName, strings.Join(addresses, ", ")))
}

func (d *demo) createEndpoint(ctx context.Context) (string, error) {
	e, err := d.ec2.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{
		VpcEndpointType: types.VpcEndpointTypeInterface, VpcId: &d.vpc, ServiceName: aws.String(demoService),
		SubnetIds: d.subnets, SecurityGroupIds: []string{d.group}, PrivateDnsEnabled: aws.Bool(true),
	})
	if err != nil {
		return "", err
	}
	d.endpoint = *e.VpcEndpoint.VpcEndpointId
	var last types.VpcEndpoint
	err = until(ctx, func() (bool, error) {
		out, err := d.ec2.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: []string{d.endpoint}})
		if err != nil {
			return false, err
		}
		last = out.VpcEndpoints[0]
		return last.State == "available", nil
	})
	if err != nil {
		return "", fmt.Errorf("%s is %s: %w", d.endpoint, last.State, err)
	}
	enis, err := d.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: last.NetworkInterfaceIds})
	if err != nil {
		return "", err
	}
	d.enis = map[string]string{}
	for _, eni := range enis.NetworkInterfaces {
		d.enis[*eni.PrivateIpAddress] = *eni.NetworkInterfaceId
	}
	return fmt.Sprintf("%s %s for %s, %d ENIs", d.endpoint, last.State, demoService, len(d.enis)), nil
}

func (d *demo) privateName(ctx context.Context) (string, error) {
	addresses, err := d.lookup(ctx)
	if err != nil {
		return "", err
	}
	for _, a := range addresses {
		if d.enis[a] == "" {
			return "", fmt.Errorf("%s is %v, not the endpoint's %v", demoName, addresses, d.enis)
		}
	}
	if len(addresses) != len(d.enis) {
		return "", fmt.Errorf("%s has %d addresses, the endpoint %d", demoName, len(addresses), len(d.enis))
	}
	return fmt.Sprintf("%s is %s: the endpoint's ENIs", demoName, strings.Join(addresses, ", ")), nil
}

func (d *demo) call(ctx context.Context) (string, error) {
	if err := d.mustSucceed(ctx); err != nil {
		return "", err
	}
	subject, err := d.self(ctx, "certificate", demoName)
	if err != nil {
		return "", err
	}
	var vpce, eni string
	err = until(ctx, func() (bool, error) { // the server logs a call after it has answered
		vpce, eni = d.world.log.served("eks:ListClusters")
		return vpce != "", nil
	})
	if err != nil || vpce != d.endpoint || !d.ours(eni) {
		return "", fmt.Errorf("the call was served by %q %q: %w", vpce, eni, err)
	}
	return fmt.Sprintf("%s answered; certificate %s; served by %s on %s", d.client, strings.TrimSpace(subject), vpce, eni), nil
}

func (d *demo) securityGroupDrops(ctx context.Context) (string, error) {
	if _, err := d.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &d.group, IpPermissions: d.rule()}); err != nil {
		return "", err
	}
	return d.mustTimeOut(ctx, "the rule for 443 is gone")
}

func (d *demo) securityGroupAllows(ctx context.Context) (string, error) {
	if err := d.allow(ctx); err != nil {
		return "", err
	}
	if err := d.mustSucceed(ctx); err != nil {
		return "", err
	}
	return "the rule is back: " + d.client.String() + " answers again", nil
}

func (d *demo) endpointPolicyDenies(ctx context.Context) (string, error) {
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": "*", "Action": "eks:ListClusters", "Resource": "*"}}})
	if err != nil {
		return "", err
	}
	if _, err := d.ec2.ModifyVpcEndpoint(ctx, &ec2.ModifyVpcEndpointInput{VpcEndpointId: &d.endpoint, PolicyDocument: aws.String(string(policy))}); err != nil {
		return "", err
	}
	if err := d.mustSucceed(ctx); err != nil {
		return "", err
	}
	got, err := d.inSubnet(ctx, d.client.describeCluster("demo")...)
	if err != nil {
		return "", err
	}
	const denied = "because no VPC endpoint policy allows the eks:DescribeCluster action"
	if got.status == 0 || !strings.Contains(got.err, "AccessDeniedException") || !strings.Contains(got.err, denied) {
		return "", fmt.Errorf("DescribeCluster was not denied by the endpoint's policy: %s", got.err)
	}
	return "ListClusters allowed; DescribeCluster: AccessDeniedException … " + denied, nil
}

// flowLog reads the records of the endpoint's ENIs through the CloudWatch
// Logs API until one of each action is there.
func (d *demo) flowLog(ctx context.Context) (string, error) {
	var accepted, rejected string
	err := until(ctx, func() (bool, error) {
		out, err := d.logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(demoLogGroup), LogStreamNamePrefix: aws.String("eni-")})
		if err != nil {
			return false, err
		}
		for _, event := range out.Events {
			fields := strings.Fields(*event.Message) // version account eni src dst srcport dstport … action status
			if len(fields) < 14 || !d.ours(fields[2]) || fields[6] != "443" {
				continue
			}
			switch fields[12] {
			case "ACCEPT":
				accepted = *event.Message
			case "REJECT":
				rejected = *event.Message
			}
		}
		return accepted != "" && rejected != "", nil
	})
	if err != nil {
		return "", fmt.Errorf("accepted %q, rejected %q: %w", accepted, rejected, err)
	}
	return accepted + " | " + rejected, nil
}

// ours reports whether an ENI is one of the endpoint's.
func (d *demo) ours(eni string) bool {
	return slices.Contains(slices.Collect(maps.Values(d.enis)), eni)
}

// lookup resolves the EKS name inside the subnet.
func (d *demo) lookup(ctx context.Context) ([]string, error) {
	out, err := d.self(ctx, "lookup", demoName)
	return strings.Fields(out), err
}

// self runs one of this program's small clients in the subnet.
func (d *demo) self(ctx context.Context, argv ...string) (string, error) {
	got, err := d.inSubnet(ctx, append([]string{d.world.self, "client"}, argv...)...)
	if err == nil && got.status != 0 {
		err = errors.New(strings.TrimSpace(got.err))
	}
	return got.out, err
}

func (d *demo) inSubnet(ctx context.Context, argv ...string) (ran, error) {
	return d.world.run(ctx, d.subnets[0], d.group, argv...)
}

func (d *demo) mustSucceed(ctx context.Context) error {
	got, err := d.inSubnet(ctx, d.client.listClusters()...)
	if err == nil && got.status != 0 {
		err = fmt.Errorf("%s: %s", d.client, strings.TrimSpace(got.err))
	}
	return err
}

// mustTimeOut wants the client's connection to be dropped, not refused.
func (d *demo) mustTimeOut(ctx context.Context, because string) (string, error) {
	got, err := d.inSubnet(ctx, d.client.listClusters()...)
	if err != nil {
		return "", err
	}
	if got.status == 0 || !d.client.timedOut(got.err) {
		return "", fmt.Errorf("%s: the call did not time out (status %d): %s%s", because, got.status, got.out, got.err)
	}
	return because + ": connect timeout, nothing refused", nil
}

// until polls until something has come to pass.
func until(ctx context.Context, passed func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoWait)
	defer cancel()
	for {
		ok, err := passed()
		if ok || err != nil && ctx.Err() == nil && !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
