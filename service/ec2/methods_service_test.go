package ec2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// Operations on a service are authorized on it.
func TestServiceMethodsNameTheirResources(t *testing.T) {
	const id = "vpce-svc-1"
	service := []string{"arn:aws:ec2:us-east-1:111122223333:vpc-endpoint-service/" + id}
	calls := map[string]struct {
		in   any
		want []string
	}{
		"CreateVpcEndpointServiceConfiguration":         {&createService{}, []string{"arn:aws:ec2:us-east-1:111122223333:vpc-endpoint-service/*"}},
		"ModifyVpcEndpointServiceConfiguration":         {&modifyService{ServiceId: wire.Ptr(id)}, service},
		"ModifyVpcEndpointServicePayerResponsibility":   {&ec2.ModifyVpcEndpointServicePayerResponsibilityInput{ServiceId: wire.Ptr(id)}, service},
		"DeleteVpcEndpointServiceConfigurations":        {&ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{id}}, service},
		"ModifyVpcEndpointServicePermissions":           {&ec2.ModifyVpcEndpointServicePermissionsInput{ServiceId: wire.Ptr(id)}, service},
		"StartVpcEndpointServicePrivateDnsVerification": {&ec2.StartVpcEndpointServicePrivateDnsVerificationInput{ServiceId: wire.Ptr(id)}, service},
		"AcceptVpcEndpointConnections":                  {&ec2.AcceptVpcEndpointConnectionsInput{ServiceId: wire.Ptr(id)}, service},
		"RejectVpcEndpointConnections":                  {&ec2.RejectVpcEndpointConnectionsInput{ServiceId: wire.Ptr(id)}, service},
		"DescribeVpcEndpointServicePermissions":         {&ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: wire.Ptr(id)}, service},
		"CreateVpcEndpointConnectionNotification":       {notification(aboutService(id)), service},
	}
	for _, m := range New(Config{}).serviceMethods() {
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
	got := notificationARNs(as(t, me.Account, me.Region), notification(aboutEndpoint("vpce-1")))
	if d := cmp.Diff([]string{"arn:aws:ec2:us-east-1:111122223333:vpc-endpoint/vpce-1"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
