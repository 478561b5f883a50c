package ec2

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// maxFlowLogResources is how many resources one request may name.
const maxFlowLogResources = 1000

// CreateFlowLogs makes a flow log for each resource of the request. A
// resource that cannot have it is named in the answer and does not keep the
// others. The records begin with the next packet.
func (s *Service) CreateFlowLogs(ctx context.Context, in *ec2.CreateFlowLogsInput) (*ec2.CreateFlowLogsOutput, error) {
	wanted, err := s.newFlowLog(auth.CallerFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.flowLogByToken(s.store.Snapshot(), wanted); err != nil {
		return nil, err
	}
	out := &ec2.CreateFlowLogsOutput{ClientToken: in.ClientToken}
	changed := make(map[string]int64)
	for _, id := range distinct(in.ResourceIds) {
		made, err := s.createFlowLog(ctx, wanted, id, in, changed)
		if refused, ok := errors.AsType[*wire.Error](err); ok {
			out.Unsuccessful = append(out.Unsuccessful, unsuccessful(id, refused))
			continue
		}
		if err != nil {
			return nil, err
		}
		out.FlowLogIds = append(out.FlowLogIds, made.ID)
	}
	return out, s.waitAll(ctx, changed)
}

// newFlowLog checks what a request says about all of its resources, and
// returns the flow log that it asks for, without a resource and id.
func (s *Service) newFlowLog(caller auth.Caller, in *ec2.CreateFlowLogsInput) (vpc.FlowLog, error) {
	l := vpc.FlowLog{
		Owner:          ownerOf(caller),
		Traffic:        wire.Value(in.TrafficType),
		DestinationARN: wire.Value(in.LogDestination),
		PermissionARN:  wire.Value(in.DeliverLogsPermissionArn),
		Format:         cmp.Or(wire.Value(in.LogFormat), vpc.DefaultFlowFormat),
		Interval:       time.Duration(cmp.Or(wire.Value(in.MaxAggregationInterval), 600)) * time.Second,
		ClientToken:    wire.Value(in.ClientToken),
		Created:        s.now().UTC(),
	}
	if err := checkFlowLog(in, l); err != nil {
		return vpc.FlowLog{}, err
	}
	if err := checkClientToken(l.ClientToken); err != nil {
		return vpc.FlowLog{}, err
	}
	var err error
	if l.LogGroup, err = logGroup(caller, in); err != nil {
		return vpc.FlowLog{}, err
	}
	if l.Tags, err = s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeVpcFlowLog); err != nil {
		return vpc.FlowLog{}, err
	}
	l.ClientTokenSum, err = tokenSum(in)
	return l, err
}

// flowLogByToken looks for the flow log on l's resource that an earlier
// request with l's client token made.
func (s *Service) flowLogByToken(r store.Reader, l vpc.FlowLog) (made vpc.FlowLog, known bool, err error) {
	if l.ClientToken == "" {
		return vpc.FlowLog{}, false, nil
	}
	for other := range s.store.FlowLogs.By(r, "token", l.ClientToken) {
		if other.Owner != l.Owner {
			continue
		}
		if other.ClientTokenSum != l.ClientTokenSum {
			return vpc.FlowLog{}, false, errIdempotentMismatch()
		}
		if other.Resource == l.Resource {
			made, known = other, true
		}
	}
	return made, known, nil
}

// createFlowLog makes the wanted flow log for one resource, and notes the
// revision of its VPC in changed.
func (s *Service) createFlowLog(ctx context.Context, wanted vpc.FlowLog, resource string, in *ec2.CreateFlowLogsInput, changed map[string]int64) (vpc.FlowLog, error) {
	wanted.Resource = resource
	var made vpc.FlowLog
	var vpcID string
	revision, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		vpcID = ""
		var known bool
		if made, known, err = s.flowLogByToken(tx, wanted); known || err != nil {
			return err
		}
		if vpcID, err = s.flowLogResource(tx, wanted.Owner, wire.Value(in.ResourceType), resource); err != nil {
			return err
		}
		if err := absentDestination(in); err != nil {
			return err
		}
		if err := s.checkOtherFlowLogs(tx, wanted); err != nil {
			return err
		}
		made = wanted
		made.ID = vpc.NewID("fl")
		s.store.FlowLogs.Put(tx, made)
		return nil
	})
	if err == nil && vpcID != "" {
		changed[vpcID] = revision
	}
	return made, err
}

// flowLogResource finds the resource of that type and returns its VPC.
func (s *Service) flowLogResource(tx *store.Tx, o vpc.Owner, kind, id string) (vpcID string, err error) {
	k := ownKey(o, id)
	switch kind {
	case ec2.FlowLogsResourceTypeVpc:
		if n, ok := s.store.Networks.Get(tx, k); ok {
			return n.ID, nil
		}
		return "", errVpcNotFound(id)
	case ec2.FlowLogsResourceTypeSubnet:
		if sn, ok := s.store.Subnets.Get(tx, k); ok {
			return sn.VPC, nil
		}
		return "", errSubnetNotFound(id)
	case ec2.FlowLogsResourceTypeNetworkInterface:
		if eni, ok := s.store.ENIs.Get(tx, k); ok {
			return eni.VPC, nil
		}
		return "", errInterfaceNotFound(id)
	}
	return "", errFlowLogResource(id) // of the other types there are none
}

// checkOtherFlowLogs refuses a second flow log of the same traffic to the
// same log group, and one more than the resource may have.
func (s *Service) checkOtherFlowLogs(tx *store.Tx, wanted vpc.FlowLog) error {
	others := 0
	for l := range s.store.FlowLogs.By(tx, "resource", wanted.Resource) {
		if l.Owner != wanted.Owner {
			continue
		}
		if l.Traffic == wanted.Traffic && l.LogGroup == wanted.LogGroup {
			return errFlowLogExists()
		}
		others++
	}
	if others >= s.limits.FlowLogsPer {
		return errFlowLogLimit(s.limits.FlowLogsPer)
	}
	return nil
}
