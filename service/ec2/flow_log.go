package ec2

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeFlowLogs answers with the caller's flow logs.
func (s *Service) DescribeFlowLogs(ctx context.Context, in *ec2.DescribeFlowLogsInput) (*ec2.DescribeFlowLogsOutput, error) {
	match, err := compileFilters(flowLogFilters, in.Filter)
	if err != nil {
		return nil, err
	}
	rows, err := s.flowLogs(s.store.Snapshot(), auth.CallerFrom(ctx), in.FlowLogIds)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeFlowLogsOutput{}
	for _, l := range rows {
		if f := flowLogShape(l); match(f) {
			out.FlowLogs = append(out.FlowLogs, *f)
		}
	}
	return out, nil
}

var flowLogFilters = filters[*ec2.FlowLog]{
	"deliver-log-status":   func(f *ec2.FlowLog) []string { return one(f.DeliverLogsStatus) },
	"log-destination-type": func(f *ec2.FlowLog) []string { return one(f.LogDestinationType) },
	"flow-log-id":          func(f *ec2.FlowLog) []string { return one(f.FlowLogId) },
	"log-group-name":       func(f *ec2.FlowLog) []string { return one(f.LogGroupName) },
	"resource-id":          func(f *ec2.FlowLog) []string { return one(f.ResourceId) },
	"traffic-type":         func(f *ec2.FlowLog) []string { return one(f.TrafficType) },
	tagFilter:              func(f *ec2.FlowLog) []string { return tagSetPairs(f.Tags) },
}

// flowLogs are the caller's flow logs of those ids, or all of them.
func (s *Service) flowLogs(r store.Reader, caller auth.Caller, ids []string) ([]vpc.FlowLog, error) {
	if len(ids) == 0 {
		return slices.Collect(s.store.FlowLogs.List(r, caller.Account, caller.Region)), nil
	}
	var rows []vpc.FlowLog
	var absent []string
	for _, id := range distinct(ids) {
		if l, ok := s.store.FlowLogs.Get(r, key(caller, id)); ok {
			rows = append(rows, l)
		} else {
			absent = append(absent, id)
		}
	}
	if len(absent) > 0 {
		return nil, errFlowLogsNotFound(absent)
	}
	slices.SortFunc(rows, func(a, b vpc.FlowLog) int { return cmp.Compare(a.ID, b.ID) })
	return rows, nil
}

// flowLogShape is a flow log as it is answered. What makes AWS's delivery
// fail, a role without permission or a rate, does not exist here.
func flowLogShape(l vpc.FlowLog) *ec2.FlowLog {
	f := &ec2.FlowLog{
		FlowLogId:                &l.ID,
		FlowLogStatus:            wire.Ptr("ACTIVE"),
		ResourceId:               &l.Resource,
		TrafficType:              &l.Traffic,
		LogDestinationType:       wire.Ptr(ec2.LogDestinationTypeCloudWatchLogs),
		LogGroupName:             &l.LogGroup,
		DeliverLogsPermissionArn: &l.PermissionARN,
		DeliverLogsStatus:        wire.Ptr("SUCCESS"),
		LogFormat:                &l.Format,
		MaxAggregationInterval:   wire.Ptr(int32(l.Interval.Seconds())),
		CreationTime:             wire.Ptr(l.Created),
		Tags:                     tagList(l.Tags),
	}
	if l.DestinationARN != "" {
		f.LogDestination = &l.DestinationARN
	}
	return f
}

// DeleteFlowLogs removes flow logs: all that the request names, or none if
// one of them does not exist.
func (s *Service) DeleteFlowLogs(ctx context.Context, in *ec2.DeleteFlowLogsInput) (*ec2.DeleteFlowLogsOutput, error) {
	caller := auth.CallerFrom(ctx)
	var gone []vpc.FlowLog
	revision, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		if gone, err = s.flowLogs(tx, caller, in.FlowLogIds); err != nil {
			return err
		}
		for _, l := range gone {
			s.store.FlowLogs.Delete(tx, s.store.FlowLogs.Key(l))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	changed := make(map[string]int64)
	for _, l := range gone {
		if id, err := s.watched(s.store.Snapshot(), l); err == nil {
			changed[id] = revision
		}
	}
	return &ec2.DeleteFlowLogsOutput{}, s.waitAll(ctx, changed)
}

// watched is the VPC whose traffic a flow log may see.
func (s *Service) watched(r store.Reader, l vpc.FlowLog) (vpcID string, err error) {
	k := ownKey(l.Owner, l.Resource)
	if n, ok := s.store.Networks.Get(r, k); ok {
		return n.ID, nil
	}
	if sn, ok := s.store.Subnets.Get(r, k); ok {
		return sn.VPC, nil
	}
	if eni, ok := s.store.ENIs.Get(r, k); ok {
		return eni.VPC, nil
	}
	return "", errFlowLogResource(l.Resource)
}
