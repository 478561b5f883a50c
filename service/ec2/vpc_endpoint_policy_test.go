package ec2

import (
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestAllowsAll(t *testing.T) {
	for document, want := range map[string]bool{
		fullAccess: true,
		`{"Version":"2008-10-17","Statement":{"Sid":"a","Effect":"Allow","Principal":{"AWS":["*"]},"Action":["*"],"Resource":["*"]}}`:                      true,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"}]}`:                                                           true,
		`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`:                                                                    false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"eks:*","Resource":"*"}]}`:                                                               false,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]}`:                                                false,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*","Service":"x"},"Action":"*","Resource":"*"}]}`:                                             false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:eks:*"}]}`:                                                       false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}]}`:                                                                                  false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"a":"true"}}}]}`:                                 false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"eks:*","Resource":"*"}]}`: false,
		`{"Statement":"*"}`: false,
		`[]`:                false,
		`{`:                 false,
	} {
		if got := allowsAll(document); got != want {
			t.Errorf("%s: %v", document, got)
		}
	}
}

// TestServiceWithoutPolicies takes the one that says nothing.
func TestServiceWithoutPolicies(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	const all = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	id := createEndpoint(t, s, ctx, forService("com.amazonaws.us-east-1.oidc-eks"), func(in *ec2.CreateVpcEndpointInput) { in.PolicyDocument = wire.Ptr(all) })
	if got := *describeEndpoint(t, s, ctx, id).PolicyDocument; got != all {
		t.Errorf("policy %s", got)
	}
	refused(t, "modify", modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.PolicyDocument = wire.Ptr(evil) }),
		"InvalidParameter", "The VPC endpoint service com.amazonaws.us-east-1.oidc-eks does not support VPC endpoint policies")
	if err := modify(t, s, id, func(in *ec2.ModifyVpcEndpointInput) { in.ResetPolicy = wire.Ptr(true) }); err != nil {
		t.Error(err)
	}
	e := describeEndpoint(t, s, ctx, id)
	if *e.PolicyDocument != fullAccess {
		t.Errorf("policy after its reset %s", *e.PolicyDocument)
	}
	if names := endpointNames(e); len(names) != 2 || names[0] != "oidc.eks.us-east-1.amazonaws.com" || names[1] != "oidc-eks.us-east-1.api.aws" {
		t.Errorf("private names %v, want them in the order of the service", names)
	}
}
