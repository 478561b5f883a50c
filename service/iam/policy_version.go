package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreatePolicyVersion adds a version to a managed policy, which comes into
// force at once if the request says so.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	if err := s.checkManaged(wire.Value(in.PolicyDocument)); err != nil {
		return nil, err
	}
	var made iam.PolicyVersion
	err := s.changePolicy(ctx, "CreatePolicyVersion", in.PolicyArn, func(_ *store.Tx, p *store.ManagedPolicy) error {
		if len(p.Versions) >= s.limits.VersionsPer {
			return errLimit("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", s.limits.VersionsPer)
		}
		p.Last++
		v := store.PolicyVersion{Number: p.Last, Document: *in.PolicyDocument, Created: s.time()}
		p.Versions = append(p.Versions, v)
		p.Updated = v.Created
		if wire.Value(in.SetAsDefault) {
			p.Default = v.Number
		}
		made = versionShape(*p, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &made}, nil
}

// version is the version of a policy that a request names.
func version(p store.ManagedPolicy, id *string) (store.PolicyVersion, error) {
	for _, v := range p.Versions {
		if *versionID(v.Number) == wire.Value(id) {
			return v, nil
		}
	}
	return store.PolicyVersion{}, errVersionNotFound(arn(p.Entity, "policy"), wire.Value(id))
}

// inForce is the default version of a policy.
func inForce(p store.ManagedPolicy) store.PolicyVersion {
	i := slices.IndexFunc(p.Versions, func(v store.PolicyVersion) bool { return v.Number == p.Default })
	return p.Versions[i]
}

// GetPolicyVersion answers with a version of a managed policy and its document.
func (s *Service) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	p, err := s.policy(ctx, s.store.Snapshot(), "GetPolicyVersion", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, err := version(p, in.VersionId)
	if err != nil {
		return nil, err
	}
	shape := versionShape(p, v)
	shape.Document = encoded(v.Document)
	return &iam.GetPolicyVersionOutput{PolicyVersion: &shape}, nil
}

// ListPolicyVersions lists the versions of a managed policy, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	p, err := s.policy(ctx, s.store.Snapshot(), "ListPolicyVersions", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &iam.ListPolicyVersionsOutput{Versions: []iam.PolicyVersion{}}
	for _, v := range slices.Backward(p.Versions) {
		out.Versions = append(out.Versions, versionShape(p, v))
	}
	return out, nil
}

// SetDefaultPolicyVersion puts a version of a managed policy into force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	err := s.changePolicy(ctx, "SetDefaultPolicyVersion", in.PolicyArn, func(_ *store.Tx, p *store.ManagedPolicy) error {
		v, err := version(*p, in.VersionId)
		if err != nil {
			return err
		}
		p.Default, p.Updated = v.Number, s.time()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.SetDefaultPolicyVersionOutput{}, nil
}

// DeletePolicyVersion deletes a version of a managed policy that is not in
// force.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	err := s.changePolicy(ctx, "DeletePolicyVersion", in.PolicyArn, func(_ *store.Tx, p *store.ManagedPolicy) error {
		v, err := version(*p, in.VersionId)
		switch {
		case err != nil:
			return err
		case v.Number == p.Default:
			return errConflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(other store.PolicyVersion) bool { return other.Number == v.Number })
		p.Updated = s.time()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyVersionOutput{}, nil
}

// versionShape is a version as lists show it: without its document.
func versionShape(p store.ManagedPolicy, v store.PolicyVersion) iam.PolicyVersion {
	return iam.PolicyVersion{
		CreateDate:       &v.Created,
		IsDefaultVersion: wire.Ptr(v.Number == p.Default),
		VersionId:        versionID(v.Number),
	}
}

// isServiceRolePolicy reports whether only AWS's own roles may have a policy.
func isServiceRolePolicy(p store.ManagedPolicy) bool {
	return p.Account == awsAccount && strings.HasPrefix(p.Path, servicePath)
}
