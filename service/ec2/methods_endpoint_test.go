package ec2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestMethodsNameTheirResources(t *testing.T) {
	const prefix = "arn:aws:ec2:us-east-1:111122223333:"
	calls := map[string]struct {
		in   any
		want []string
	}{
		"CreateVpcEndpoint": {
			&ec2.CreateVpcEndpointInput{VpcId: wire.Ptr("vpc-1"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}},
			[]string{prefix + "vpc/vpc-1", prefix + "vpc-endpoint/*", prefix + "subnet/subnet-1", prefix + "security-group/sg-1"},
		},
		"ModifyVpcEndpoint": {
			&ec2.ModifyVpcEndpointInput{VpcEndpointId: wire.Ptr("vpce-1"), AddSubnetIds: []string{"subnet-1"}, RemoveSubnetIds: []string{"subnet-2"}},
			[]string{prefix + "vpc-endpoint/vpce-1", prefix + "subnet/subnet-1"},
		},
		"DeleteVpcEndpoints": {
			&ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{"vpce-1", "vpce-2"}},
			[]string{prefix + "vpc-endpoint/vpce-1", prefix + "vpc-endpoint/vpce-2"},
		},
		"CreateFlowLogs": {
			&ec2.CreateFlowLogsInput{ResourceIds: []string{"vpc-1", "eni-1"}},
			[]string{prefix + "vpc-flow-log/*", prefix + "vpc/vpc-1", prefix + "network-interface/eni-1"},
		},
		"DeleteFlowLogs": {&ec2.DeleteFlowLogsInput{FlowLogIds: []string{"fl-1"}}, []string{prefix + "vpc-flow-log/fl-1"}},
	}
	for _, m := range New(Config{}).endpointMethods() {
		c, named := calls[m.Operation.Name]
		if named != (m.Resources != nil) {
			t.Errorf("%s names resources: %v, want %v", m.Operation.Name, m.Resources != nil, named)
			continue
		}
		if named {
			if d := cmp.Diff(c.want, m.Resources(as(t, me.Account, me.Region), c.in)); d != "" {
				t.Errorf("%s (-want +got):\n%s", m.Operation.Name, d)
			}
		}
	}
}
