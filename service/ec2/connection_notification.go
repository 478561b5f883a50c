package ec2

import (
	"context"
	"regexp"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// connectionEvents are what a notification may be about.
var connectionEvents = []string{"Accept", "Connect", "Delete", "Reject"}

// topicARN is the form of an SNS topic's ARN.
var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// DescribeVpcEndpointConnectionNotifications answers with the caller's
// notifications.
func (s *Service) DescribeVpcEndpointConnectionNotifications(ctx context.Context, in *ec2.DescribeVpcEndpointConnectionNotificationsInput) (*ec2.DescribeVpcEndpointConnectionNotificationsOutput, error) {
	if err := checkPageSize(in.MaxResults); err != nil {
		return nil, err
	}
	match, err := compileFilters(notificationFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(one(in.ConnectionNotificationId), s.store.ConnectionNotifications.List(r, caller.Account, caller.Region),
		func(id string) (vpc.ConnectionNotification, error) { return s.notification(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointConnectionNotificationsOutput{}
	for _, n := range rows {
		if v := notificationShape(n); match(v) {
			out.ConnectionNotificationSet = append(out.ConnectionNotificationSet, *v)
		}
	}
	return out, nil
}

var notificationFilters = filters[*ec2.ConnectionNotification]{
	"connection-notification-arn":   func(v *ec2.ConnectionNotification) []string { return one(v.ConnectionNotificationArn) },
	"connection-notification-id":    func(v *ec2.ConnectionNotification) []string { return one(v.ConnectionNotificationId) },
	"connection-notification-state": func(v *ec2.ConnectionNotification) []string { return one(v.ConnectionNotificationState) },
	"connection-notification-type":  func(v *ec2.ConnectionNotification) []string { return one(v.ConnectionNotificationType) },
	"service-id":                    func(v *ec2.ConnectionNotification) []string { return one(v.ServiceId) },
	"vpc-endpoint-id":               func(v *ec2.ConnectionNotification) []string { return one(v.VpcEndpointId) },
}

func (s *Service) notification(r store.Reader, caller auth.Caller, id string) (vpc.ConnectionNotification, error) {
	n, ok := s.store.ConnectionNotifications.Get(r, key(caller, id))
	if !ok {
		return vpc.ConnectionNotification{}, errNotificationNotFound(id)
	}
	return n, nil
}

// notificationShape is a notification as it is answered. It is always Enabled:
// AWS disables one whose topic is gone, and of topics nothing is known here.
func notificationShape(n vpc.ConnectionNotification) *ec2.ConnectionNotification {
	v := &ec2.ConnectionNotification{
		ConnectionNotificationId:    &n.ID,
		ConnectionNotificationArn:   &n.Topic,
		ConnectionNotificationState: wire.Ptr(ec2.ConnectionNotificationStateEnabled),
		ConnectionNotificationType:  wire.Ptr(ec2.ConnectionNotificationTypeTopic),
		ConnectionEvents:            n.Events,
	}
	if n.Endpoint != "" {
		v.VpcEndpointId = &n.Endpoint
	} else {
		v.ServiceId, v.ServiceRegion = &n.Service, &n.Region
	}
	return v
}

// CreateVpcEndpointConnectionNotification asks for the events of one of the
// caller's services or endpoints to be sent to a topic.
func (s *Service) CreateVpcEndpointConnectionNotification(ctx context.Context, in *ec2.CreateVpcEndpointConnectionNotificationInput) (*ec2.CreateVpcEndpointConnectionNotificationOutput, error) {
	caller := auth.CallerFrom(ctx)
	wanted, err := newNotification(caller, in)
	if err != nil {
		return nil, err
	}
	var made vpc.ConnectionNotification
	_, err = s.store.Update(ctx, func(tx *store.Tx) (err error) {
		var known bool
		made, known, err = byToken(s.store.ConnectionNotifications.By(tx, "token", wanted.ClientToken), wanted.Owner, wanted.ClientTokenSum,
			func(n vpc.ConnectionNotification) (vpc.Owner, string) { return n.Owner, n.ClientTokenSum })
		if known || err != nil {
			return err
		}
		if err := s.checkSubject(tx, caller, wanted); err != nil {
			return err
		}
		made = wanted
		s.store.ConnectionNotifications.Put(tx, made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.CreateVpcEndpointConnectionNotificationOutput{ConnectionNotification: notificationShape(made), ClientToken: in.ClientToken}, nil
}

// checkSubject wants what a notification is about to be the caller's.
func (s *Service) checkSubject(tx *store.Tx, caller auth.Caller, n vpc.ConnectionNotification) (err error) {
	if n.Service != "" {
		_, err = s.serviceConfiguration(tx, caller, n.Service)
	} else {
		_, err = s.endpoint(tx, caller, n.Endpoint)
	}
	return err
}

// newNotification checks a request as far as that needs no records, and returns
// the notification that it asks for.
func newNotification(caller auth.Caller, in *ec2.CreateVpcEndpointConnectionNotificationInput) (vpc.ConnectionNotification, error) {
	n := vpc.ConnectionNotification{
		Owner:       ownerOf(caller),
		ID:          vpc.NewID("vpce-nfn"),
		Service:     wire.Value(in.ServiceId),
		Endpoint:    wire.Value(in.VpcEndpointId),
		Topic:       wire.Value(in.ConnectionNotificationArn),
		Events:      distinct(in.ConnectionEvents),
		ClientToken: wire.Value(in.ClientToken),
	}
	if (n.Service == "") == (n.Endpoint == "") {
		return n, errNotificationSubject()
	}
	if err := checkNotification(n); err != nil {
		return n, err
	}
	if err := checkClientToken(n.ClientToken); err != nil {
		return n, err
	}
	var err error
	n.ClientTokenSum, err = tokenSum(in)
	return n, err
}

// checkNotification wants a topic and events that exist.
func checkNotification(n vpc.ConnectionNotification) error {
	if !topicARN.MatchString(n.Topic) {
		return errTopic(n.Topic)
	}
	for _, event := range n.Events {
		if !slices.Contains(connectionEvents, event) {
			return errConnectionEvent(event)
		}
	}
	return nil
}

// ModifyVpcEndpointConnectionNotification changes the topic of a notification
// and what it is about.
func (s *Service) ModifyVpcEndpointConnectionNotification(ctx context.Context, in *ec2.ModifyVpcEndpointConnectionNotificationInput) (*ec2.ModifyVpcEndpointConnectionNotificationOutput, error) {
	caller := auth.CallerFrom(ctx)
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		n, err := s.notification(tx, caller, wire.Value(in.ConnectionNotificationId))
		if err != nil {
			return err
		}
		if in.ConnectionNotificationArn != nil {
			n.Topic = *in.ConnectionNotificationArn
		}
		if len(in.ConnectionEvents) > 0 {
			n.Events = distinct(in.ConnectionEvents)
		}
		if err := checkNotification(n); err != nil {
			return err
		}
		s.store.ConnectionNotifications.Put(tx, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointConnectionNotificationOutput{ReturnValue: wire.Ptr(true)}, nil
}

// DeleteVpcEndpointConnectionNotifications removes notifications. One that does
// not exist is named in the answer and does not keep the others.
func (s *Service) DeleteVpcEndpointConnectionNotifications(ctx context.Context, in *ec2.DeleteVpcEndpointConnectionNotificationsInput) (*ec2.DeleteVpcEndpointConnectionNotificationsOutput, error) {
	caller := auth.CallerFrom(ctx)
	out := &ec2.DeleteVpcEndpointConnectionNotificationsOutput{}
	_, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		out.Unsuccessful, err = eachOf(in.ConnectionNotificationIds, func(id string) error {
			if _, err := s.notification(tx, caller, id); err != nil {
				return err
			}
			s.store.ConnectionNotifications.Delete(tx, key(caller, id))
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
