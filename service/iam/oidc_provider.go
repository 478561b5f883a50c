package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// CreateOpenIDConnectProvider makes an identity provider whose tokens the
// trust policies of roles may accept.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error) {
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	issuer, err := issuer(wire.Value(in.Url))
	if err != nil {
		return nil, err
	}
	p := store.OIDCProvider{
		GlobalOwner: ownerFrom(ctx), URL: issuer, ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList,
		Created: s.time(), Tags: tags,
	}
	if err := s.checkProvider(p); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx *store.Tx) error {
		if _, taken := s.store.OIDCProviders.Get(tx, p.Key(p.URL)); taken {
			return errExists("Provider with url https://%s already exists.", p.URL)
		}
		if s.limits.Account && count(s.store.OIDCProviders.List(tx, p.Account, p.Partition)) >= s.limits.Providers {
			return errQuota("OpenIdConnectProvidersPerAccount", s.limits.Providers)
		}
		s.store.OIDCProviders.Put(tx, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: providerARN(p), Tags: tagShapes(p.Tags)}, nil
}

// issuer checks the URL of a provider, and returns it as it stands in ARNs and
// condition keys: without its scheme.
func issuer(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "", errInput("Invalid Open ID Connect Provider URL")
	case u.Scheme != "https":
		return "", errValidation("Invalid Open ID Connect Provider URL: the scheme must be https")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Port() != "":
		return "", errInput("Invalid Open ID Connect Provider URL: no user, port, query and fragment are allowed")
	}
	return strings.TrimPrefix(text[len("https://"):], "/"), nil
}

// checkProvider checks the lists of a provider. Without thumbprints the
// provider's certificate is trusted as its authority is.
func (s *Service) checkProvider(p store.OIDCProvider) error {
	if len(p.ClientIDs) > s.limits.ClientIDsPer {
		return errQuota("ClientIdsPerOpenIdConnectProvider", s.limits.ClientIDsPer)
	}
	if len(p.Thumbprints) > s.limits.ThumbprintsPer {
		return errInput("Thumbprint list must contain fewer than %d entries.", s.limits.ThumbprintsPer+1)
	}
	for _, t := range p.Thumbprints {
		if strings.Trim(strings.ToLower(t), "0123456789abcdef") != "" {
			return errInput("Thumbprint %s is not a hexadecimal number.", t)
		}
	}
	return nil
}

func providerARN(p store.OIDCProvider) *string { return wire.Ptr(p.ARN("oidc-provider/" + p.URL)) }

// provider reads the caller's identity provider of an ARN.
func (s *Service) provider(ctx context.Context, r store.Reader, arn *string) (store.OIDCProvider, error) {
	o := ownerFrom(ctx)
	if n, ok := parseARN(wire.Value(arn)); !ok || n.kind != "oidc-provider" {
		return store.OIDCProvider{}, errARN(wire.Value(arn))
	}
	issuer, mine := strings.CutPrefix(*arn, o.ARN("oidc-provider/"))
	p, ok := s.store.OIDCProviders.Get(r, o.Key(issuer))
	if !mine || !ok {
		return p, errProviderNotFound(*arn)
	}
	return p, nil
}

// changeProvider lets fn change the caller's identity provider of an ARN.
func (s *Service) changeProvider(ctx context.Context, arn *string, fn func(p *store.OIDCProvider) error) error {
	return s.update(ctx, func(tx *store.Tx) error {
		p, err := s.provider(ctx, tx, arn)
		if err != nil {
			return err
		}
		if err := fn(&p); err != nil {
			return err
		}
		if err := s.checkProvider(p); err != nil {
			return err
		}
		s.store.OIDCProviders.Put(tx, p)
		return nil
	})
}

// GetOpenIDConnectProvider answers with an identity provider.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	p, err := s.provider(ctx, s.store.Snapshot(), in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetOpenIDConnectProviderOutput{
		Url: &p.URL, ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints, CreateDate: &p.Created, Tags: tagShapes(p.Tags),
	}, nil
}

// ListOpenIDConnectProviders lists the identity providers of the account.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
	o := ownerFrom(ctx)
	out := &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []iam.OpenIDConnectProviderListEntry{}}
	for p := range s.store.OIDCProviders.List(s.store.Snapshot(), o.Account, o.Partition) {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, iam.OpenIDConnectProviderListEntry{Arn: providerARN(p)})
	}
	return out, nil
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints of a provider.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *iam.UpdateOpenIDConnectProviderThumbprintInput) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	return &iam.UpdateOpenIDConnectProviderThumbprintOutput{}, s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *store.OIDCProvider) error {
		p.Thumbprints = in.ThumbprintList
		return nil
	})
}

// AddClientIDToOpenIDConnectProvider adds an audience to a provider, which it
// may have already.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error) {
	return &iam.AddClientIDToOpenIDConnectProviderOutput{}, s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *store.OIDCProvider) error {
		if !slices.Contains(p.ClientIDs, wire.Value(in.ClientID)) {
			p.ClientIDs = append(slices.Clone(p.ClientIDs), *in.ClientID)
		}
		return nil
	})
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience from a provider,
// which need not have it.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *iam.RemoveClientIDFromOpenIDConnectProviderInput) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return &iam.RemoveClientIDFromOpenIDConnectProviderOutput{}, s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *store.OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(slices.Clone(p.ClientIDs), func(id string) bool { return id == wire.Value(in.ClientID) })
		return nil
	})
}

// DeleteOpenIDConnectProvider deletes an identity provider, whatever roles
// still trust it.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error) {
	err := s.update(ctx, func(tx *store.Tx) error {
		p, err := s.provider(ctx, tx, in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		s.store.OIDCProviders.Delete(tx, p.Key(p.URL))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteOpenIDConnectProviderOutput{}, nil
}
