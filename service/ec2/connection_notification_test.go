package ec2

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

type createNotification = ec2.CreateVpcEndpointConnectionNotificationInput

const topic = "arn:aws:sns:us-east-1:111122223333:doors"

// notification asks for all that is accepted to be told to topic.
func notification(edit ...func(*createNotification)) *createNotification {
	in := &createNotification{ConnectionNotificationArn: wire.Ptr(topic), ConnectionEvents: []string{"Accept"}}
	for _, e := range edit {
		e(in)
	}
	return in
}

func aboutService(id string) func(*createNotification) {
	return func(in *createNotification) { in.ServiceId = &id }
}

func aboutEndpoint(id string) func(*createNotification) {
	return func(in *createNotification) { in.VpcEndpointId = &id }
}

func notify(t *testing.T, s *Service, account string, edit ...func(*createNotification)) string {
	t.Helper()
	out, err := s.CreateVpcEndpointConnectionNotification(as(t, account, me.Region), notification(edit...))
	if err != nil {
		t.Fatal(err)
	}
	return *out.ConnectionNotification.ConnectionNotificationId
}

func notifications(t *testing.T, s *Service, account string, in ec2.DescribeVpcEndpointConnectionNotificationsInput) map[string]ec2.ConnectionNotification {
	t.Helper()
	out, err := s.DescribeVpcEndpointConnectionNotifications(as(t, account, me.Region), &in)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]ec2.ConnectionNotification{}
	for _, n := range out.ConnectionNotificationSet {
		all[*n.ConnectionNotificationId] = n
	}
	return all
}

// The provider hears of a service, the consumer of an endpoint.
func TestCreateConnectionNotification(t *testing.T) {
	s, ctx := serviceFixture(t)
	service := offerService(t, s, ctx)
	endpoint := attach(t, s, service)
	ours := notify(t, s, me.Account, aboutService(service), func(in *createNotification) {
		in.ConnectionEvents = []string{"Reject", "Accept", "Connect", "Delete", "Reject"}
	})
	theirs := notify(t, s, consumer.Account, aboutEndpoint(endpoint))
	if !vpc.ValidID("vpce-nfn", ours) {
		t.Errorf("id %s", ours)
	}
	want := map[string]ec2.ConnectionNotification{ours: {
		ConnectionNotificationId: &ours, ConnectionNotificationArn: wire.Ptr(topic), ConnectionNotificationState: wire.Ptr("Enabled"), ConnectionNotificationType: wire.Ptr("Topic"),
		ConnectionEvents: []string{"Reject", "Accept", "Connect", "Delete"}, ServiceId: &service, ServiceRegion: wire.Ptr("us-east-1"),
	}}
	if d := cmp.Diff(want, notifications(t, s, me.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{})); d != "" {
		t.Errorf("the provider's (-want +got):\n%s", d)
	}
	want = map[string]ec2.ConnectionNotification{theirs: {
		ConnectionNotificationId: &theirs, ConnectionNotificationArn: wire.Ptr(topic), ConnectionNotificationState: wire.Ptr("Enabled"), ConnectionNotificationType: wire.Ptr("Topic"),
		ConnectionEvents: []string{"Accept"}, VpcEndpointId: &endpoint,
	}}
	if d := cmp.Diff(want, notifications(t, s, consumer.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{ConnectionNotificationId: &theirs})); d != "" {
		t.Errorf("the consumer's (-want +got):\n%s", d)
	}
}

func TestCreateConnectionNotificationRefuses(t *testing.T) {
	s, ctx := serviceFixture(t)
	service := offerService(t, s, ctx)
	endpoint := attach(t, s, service)
	arn := func(a string) func(*createNotification) {
		return func(in *createNotification) { in.ConnectionNotificationArn = &a }
	}
	token := func(in *createNotification) { in.ClientToken = wire.Ptr("once") }
	made := notify(t, s, me.Account, aboutService(service), token)
	if again := notify(t, s, me.Account, aboutService(service), token); again != made {
		t.Errorf("the same request made %s and %s", made, again)
	}
	rows := []struct {
		what          string
		edit          []func(*createNotification)
		code, message string
	}{
		{"about nothing", nil, "InvalidParameter", "Exactly one of ServiceId and VpcEndpointId is required"},
		{"about both", []func(*createNotification){aboutService(service), aboutEndpoint(endpoint)}, "InvalidParameter", "Exactly one of ServiceId and VpcEndpointId is required"},
		{"absent service", []func(*createNotification){aboutService(noService)}, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + noService + "' does not exist"},
		{"absent endpoint", []func(*createNotification){aboutEndpoint(noEndpoint)}, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '" + noEndpoint + "' does not exist"},
		{"endpoint of a consumer", []func(*createNotification){aboutEndpoint(endpoint)}, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '" + endpoint + "' does not exist"},
		{"queue", []func(*createNotification){aboutService(service), arn("arn:aws:sqs:us-east-1:111122223333:doors")}, "InvalidParameter", "The ConnectionNotificationArn 'arn:aws:sqs:us-east-1:111122223333:doors' is not the ARN of an SNS topic"},
		{"subscription", []func(*createNotification){aboutService(service), arn(topic + ":1")}, "InvalidParameter", "The ConnectionNotificationArn '" + topic + ":1' is not the ARN of an SNS topic"},
		{"event", []func(*createNotification){aboutService(service), func(in *createNotification) { in.ConnectionEvents = []string{"Accept", "accept"} }}, "InvalidParameter", "The connection event 'accept' is not valid. Expecting Accept, Connect, Delete or Reject."},
		{"token", []func(*createNotification){aboutService(service), token, arn(topic + ".fifo")}, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."},
	}
	for _, row := range rows {
		_, err := s.CreateVpcEndpointConnectionNotification(ctx, notification(row.edit...))
		refused(t, row.what, err, row.code, row.message)
	}
	if all := notifications(t, s, me.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{}); len(all) != 1 {
		t.Errorf("the refused requests left %v", all)
	}
}

func TestConnectionNotificationFilters(t *testing.T) {
	s, ctx := serviceFixture(t)
	service := offerService(t, s, ctx)
	endpoint := attach(t, s, service, func(e *vpc.Endpoint) { e.Owner, e.VPC = me, otherVPC })
	a := notify(t, s, me.Account, aboutService(service))
	b := notify(t, s, me.Account, aboutEndpoint(endpoint), func(in *createNotification) { in.ConnectionNotificationArn = wire.Ptr(topic + "2") })
	for _, row := range []struct {
		name, value string
		want        []string
	}{
		{"connection-notification-arn", topic, []string{a}},
		{"connection-notification-id", b, []string{b}},
		{"connection-notification-state", "Enabled", []string{a, b}},
		{"connection-notification-type", "Topic", []string{a, b}},
		{"service-id", service, []string{a}},
		{"vpc-endpoint-id", endpoint, []string{b}},
		{"vpc-endpoint-id", noEndpoint, nil},
	} {
		got := notifications(t, s, me.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{Filters: []ec2.Filter{{Name: &row.name, Values: []string{row.value}}}})
		if len(got) != len(row.want) {
			t.Errorf("%s=%s: %v", row.name, row.value, got)
		}
		for _, id := range row.want {
			if _, ok := got[id]; !ok {
				t.Errorf("%s=%s does not find %s", row.name, row.value, id)
			}
		}
	}
	_, err := s.DescribeVpcEndpointConnectionNotifications(ctx, &ec2.DescribeVpcEndpointConnectionNotificationsInput{ConnectionNotificationId: wire.Ptr("vpce-nfn-0f000000000000000")})
	refused(t, "absent", err, "InvalidConnectionNotification", "The connection notification 'vpce-nfn-0f000000000000000' does not exist")
}

func TestChangeConnectionNotifications(t *testing.T) {
	s, ctx := serviceFixture(t)
	service := offerService(t, s, ctx)
	id := notify(t, s, me.Account, aboutService(service))
	type in = ec2.ModifyVpcEndpointConnectionNotificationInput
	for _, row := range []struct {
		what   string
		in     in
		topic  string
		events []string
	}{
		{"events", in{ConnectionEvents: []string{"Delete", "Reject"}}, topic, []string{"Delete", "Reject"}},
		{"topic", in{ConnectionNotificationArn: wire.Ptr(topic + "2")}, topic + "2", []string{"Delete", "Reject"}},
	} {
		row.in.ConnectionNotificationId = &id
		out, err := s.ModifyVpcEndpointConnectionNotification(ctx, &row.in)
		if err != nil || !*out.ReturnValue {
			t.Fatalf("%s: %v", row.what, err)
		}
		n := notifications(t, s, me.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{})[id]
		if d := cmp.Diff(row.events, n.ConnectionEvents); d != "" || *n.ConnectionNotificationArn != row.topic {
			t.Errorf("%s: topic %s (-want +got):\n%s", row.what, *n.ConnectionNotificationArn, d)
		}
	}
	_, err := s.ModifyVpcEndpointConnectionNotification(ctx, &in{ConnectionNotificationId: &id, ConnectionEvents: []string{"Open"}})
	refused(t, "event", err, "InvalidParameter", "The connection event 'Open' is not valid. Expecting Accept, Connect, Delete or Reject.")
	_, err = s.ModifyVpcEndpointConnectionNotification(as(t, consumer.Account, me.Region), &in{ConnectionNotificationId: &id})
	refused(t, "of another account", err, "InvalidConnectionNotification", "The connection notification '"+id+"' does not exist")

	second := notify(t, s, me.Account, aboutService(service))
	out, err := s.DeleteVpcEndpointConnectionNotifications(ctx, &ec2.DeleteVpcEndpointConnectionNotificationsInput{ConnectionNotificationIds: []string{"vpce-nfn-0f000000000000000", id}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"vpce-nfn-0f000000000000000 InvalidConnectionNotification"}, items(out.Unsuccessful)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// What is left goes with the service.
	if _, err := s.DeleteVpcEndpointServiceConfigurations(ctx, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{service}}); err != nil {
		t.Fatal(err)
	}
	if left := notifications(t, s, me.Account, ec2.DescribeVpcEndpointConnectionNotificationsInput{}); len(left) != 0 {
		t.Errorf("%s is left: %v", second, left)
	}
}
