package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// serviceRoles are the roles that services make for themselves: their trust
// and their policies are not the account's to change.
var serviceRoles = []struct{ service, role, policy, description string }{
	{"eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy", "Allows Amazon EKS to call AWS services on your behalf."},
	{"eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup", "This policy allows Amazon EKS to create and manage Nodegroups"},
	{"eks-fargate.amazonaws.com", "AWSServiceRoleForAmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy", "This policy grants necessary permissions to Amazon EKS to run fargate tasks"},
	{"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy", "Allows ELB to call AWS services on your behalf."},
}

// isServicePath reports whether a request wants AWS's own path.
func isServicePath(path *string) bool { return strings.HasPrefix(orRoot(path), servicePath) }

// CreateServiceLinkedRole makes the role of a service.
func (s *Service) CreateServiceLinkedRole(ctx context.Context, in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	r, err := s.newServiceRole(ownerFrom(ctx), wire.Value(in.AWSServiceName))
	if err != nil {
		return nil, err
	}
	if in.CustomSuffix != nil {
		return nil, errInput("Custom suffix is not allowed for %s", r.Service)
	}
	if in.Description != nil {
		r.Description = *in.Description
	}
	err = s.update(ctx, func(tx *store.Tx) error {
		if _, taken := s.store.Roles.Get(tx, r.Key(r.Name)); taken {
			return errInput("Service role name %s has been taken in this account, please try a different suffix.", r.Name)
		}
		return s.roles.create(tx, r, s.limits.Roles, s)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateServiceLinkedRoleOutput{Role: s.roleShape(s.store.Snapshot(), r)}, nil
}

// newServiceRole is the service-linked role of a service.
func (s *Service) newServiceRole(o store.GlobalOwner, service string) (store.Role, error) {
	for _, known := range serviceRoles {
		if known.service != service {
			continue
		}
		r := store.Role{
			Identity:    store.Identity{Entity: s.newEntity(o, idRole, &known.role, wire.Ptr(servicePath+service+"/"), nil)},
			Trust:       fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service),
			Description: known.description,
			MaxSession:  defaultSession,
			Service:     service,
		}
		r.Attached = []string{store.GlobalOwner{Account: awsAccount, Partition: o.Partition}.ARN("policy" + servicePath + known.policy)}
		return r, nil
	}
	return store.Role{}, errInput("Service %s does not have a service-linked role.", service)
}

// DeleteServiceLinkedRole deletes the role of a service, unless the service
// needs it. The answer names the task that says what became of it; it has
// ended when the call returns.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, in *iam.DeleteServiceLinkedRoleInput) (*iam.DeleteServiceLinkedRoleOutput, error) {
	var task store.RoleDeletion
	err := s.update(ctx, func(tx *store.Tx) error {
		r, err := s.roles.get(tx, ownerFrom(ctx), wire.Value(in.RoleName))
		if err != nil {
			return err
		}
		if r.Service == "" {
			return errInput("Role %s is not a service-linked role.", r.Name)
		}
		task = store.RoleDeletion{
			GlobalOwner: r.GlobalOwner,
			ID:          "task" + r.Path + r.Name + "/" + uuid.NewString(),
			Status:      iam.DeletionTaskStatusTypeSucceeded,
			Usage:       s.roleUsage(tx, r),
		}
		if len(task.Usage) > 0 {
			task.Status = iam.DeletionTaskStatusTypeFailed
			task.Reason = "A service-linked role cannot be deleted while resources of the service exist."
		} else {
			s.deleteRole(tx, r)
		}
		s.store.RoleDeletions.Put(tx, task)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteServiceLinkedRoleOutput{DeletionTaskId: &task.ID}, nil
}

// roleUsage are the resources, by Region, that need a service-linked role.
func (s *Service) roleUsage(tx *store.Tx, r store.Role) []store.RoleUsage {
	var usage []store.RoleUsage
	add := func(o vpc.Owner, arn string) {
		if vpc.PartitionOf(o.Region).Name != r.Partition {
			return
		}
		i := slices.IndexFunc(usage, func(u store.RoleUsage) bool { return u.Region == o.Region })
		if i < 0 {
			i, usage = len(usage), append(usage, store.RoleUsage{Region: o.Region})
		}
		usage[i].Resources = append(usage[i].Resources, arn)
	}
	switch r.Service {
	case "eks.amazonaws.com":
		for c := range s.store.Clusters.List(tx, r.Account, "") {
			add(c.Owner, wire.Value(c.Cluster.Arn))
		}
	case "elasticloadbalancing.amazonaws.com":
		for l := range s.store.LoadBalancers.List(tx, r.Account, "") {
			add(l.Owner, l.ARN)
		}
	}
	return usage
}

// GetServiceLinkedRoleDeletionStatus says what became of a deletion.
func (s *Service) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *iam.GetServiceLinkedRoleDeletionStatusInput) (*iam.GetServiceLinkedRoleDeletionStatusOutput, error) {
	task, ok := s.store.RoleDeletions.Get(s.store.Snapshot(), ownerFrom(ctx).Key(wire.Value(in.DeletionTaskId)))
	if !ok {
		return nil, errNoSuchEntity("Deletion task %s cannot be found for account %s.", wire.Value(in.DeletionTaskId), auth.CallerFrom(ctx).Account)
	}
	out := &iam.GetServiceLinkedRoleDeletionStatusOutput{Status: &task.Status}
	if task.Reason == "" {
		return out, nil
	}
	out.Reason = &iam.DeletionTaskFailureReasonType{Reason: &task.Reason}
	for _, u := range task.Usage {
		out.Reason.RoleUsageList = append(out.Reason.RoleUsageList, iam.RoleUsageType{Region: &u.Region, Resources: u.Resources})
	}
	return out, nil
}
