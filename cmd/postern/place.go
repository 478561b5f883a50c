package main

import (
	"context"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/service/ec2"
)

// places gives the commands of postern exec their network interfaces.
type places struct {
	ec2    *ec2.Service
	kernel *dataplane.Host
}

// Attach implements attacher.
func (p places) Attach(ctx context.Context, r attachRequest) (attachment, error) {
	eni, _, network, err := p.ec2.AttachWorkload(ctx, ec2.AttachWorkload{
		Subnet:      r.Subnet,
		Groups:      r.Groups,
		Session:     r.Session,
		Description: "postern exec " + r.Command,
	})
	if err != nil {
		return attachment{}, err
	}
	return attachment{ENI: eni, Network: network, Netns: p.kernel.Netns(eni.ID)}, nil
}

// Detach implements attacher.
func (p places) Detach(ctx context.Context, a attachment) error {
	return p.ec2.DetachWorkload(ctx, a.ENI.Owner, a.ENI.ID)
}
