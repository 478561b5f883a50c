package ec2

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// zone is public DNS with these TXT records.
type zone map[string][]string

func (z zone) lookup(_ context.Context, name string) ([]string, error) {
	if values, ok := z[name]; ok {
		return values, nil
	}
	return nil, errors.New("lookup " + name + ": no such host")
}

func verify(t *testing.T, s *Service, ctx context.Context, id string) string {
	t.Helper()
	out, err := s.StartVpcEndpointServicePrivateDnsVerification(ctx, &ec2.StartVpcEndpointServicePrivateDnsVerificationInput{ServiceId: &id})
	if err != nil || !*out.ReturnValue {
		t.Fatal(err)
	}
	return *describeService(t, s, ctx, id).PrivateDnsNameConfiguration.State
}

// Where the record may be, and what it must say.
func TestVerification(t *testing.T) {
	s, ctx := serviceFixture(t)
	for _, row := range []struct {
		private, domain string
		edit            func(value string) []string
		want            string
	}{
		{"api.example.com", "api.example.com", nil, "verified"},
		{"api.example.com", "example.com", nil, "verified"}, // the domain that it belongs to
		{"*.example.com", "example.com", nil, "verified"},   // a wildcard's domain is its parent
		{"*.dev.example.com", "example.com", nil, "verified"},
		{"api.example.com", "other.example.com", nil, "pendingVerification"},
		{"api.example.com", "com", nil, "pendingVerification"}, // that is nobody's
		{"*.example.com", "*.example.com", nil, "pendingVerification"},
		{"api.example.com", "api.example.com", func(v string) []string { return []string{"v=spf1", v} }, "verified"},
		{"api.example.com", "api.example.com", func(v string) []string { return []string{v + "x", v[5:]} }, "pendingVerification"},
		{"api.example.com", "api.example.com", func(string) []string { return nil }, "pendingVerification"},
	} {
		id := offerService(t, s, ctx, withPrivateName(row.private))
		proof := describeService(t, s, ctx, id).PrivateDnsNameConfiguration
		values := []string{*proof.Value}
		if row.edit != nil {
			values = row.edit(*proof.Value)
		}
		s.lookupTXT = zone{*proof.Name + "." + row.domain: values}.lookup
		if got := verify(t, s, ctx, id); got != row.want {
			t.Errorf("%s with %q at %s: %s, want %s", row.private, values, row.domain, got, row.want)
		}
		if _, err := s.DeleteVpcEndpointServiceConfigurations(ctx, &ec2.DeleteVpcEndpointServiceConfigurationsInput{ServiceIds: []string{id}}); err != nil {
			t.Fatal(err)
		}
	}
}

// A name is not proven for ever: a pending verification fails after two days,
// another start begins again, and another name needs another record.
func TestVerificationStates(t *testing.T) {
	s, ctx := serviceFixture(t)
	now := then
	s.now = func() time.Time { return now }
	id := offerService(t, s, ctx, withPrivateName("api.example.com"))
	state := func() string { return *describeService(t, s, ctx, id).PrivateDnsNameConfiguration.State }
	wants := func(when, want string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	proof := describeService(t, s, ctx, id).PrivateDnsNameConfiguration
	records := zone{}

	verify(t, s, ctx, id)
	wants("without a resolver", "pendingVerification")
	s.lookupTXT = records.lookup
	now = now.Add(vpc.VerificationTime)
	wants("after two days", "failed")
	verify(t, s, ctx, id)
	wants("started again", "pendingVerification")
	records[*proof.Name+".example.com"] = []string{*proof.Value}
	verify(t, s, ctx, id)
	wants("with the record", "verified")
	now = now.Add(1000 * vpc.VerificationTime)
	wants("long after", "verified")

	modify := func(name string) {
		t.Helper()
		if _, err := s.ModifyVpcEndpointServiceConfiguration(ctx, &modifyService{ServiceId: &id, PrivateDnsName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	modify("api.example.com")
	wants("the same name again", "verified")
	modify("www.example.com")
	wants("another name", "pendingVerification")
	verify(t, s, ctx, id)
	wants("another name with the record of the first", "pendingVerification")
	if again := describeService(t, s, ctx, id).PrivateDnsNameConfiguration; *again.Name == *proof.Name || *again.Value == *proof.Value {
		t.Errorf("the record of the new name is that of the old one: %s %s", *again.Name, *again.Value)
	}
}

// A name that is changed while the record of the old one is looked up is not
// verified by that.
func TestVerificationOfAChangedName(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx, withPrivateName("api.example.com"))
	proof := describeService(t, s, ctx, id).PrivateDnsNameConfiguration
	s.lookupTXT = func(ctx context.Context, name string) ([]string, error) {
		_, err := s.ModifyVpcEndpointServiceConfiguration(ctx, &modifyService{ServiceId: &id, PrivateDnsName: wire.Ptr("bank.example.net")})
		return []string{*proof.Value}, err
	}
	if got := verify(t, s, as(t, me.Account, me.Region), id); got != "pendingVerification" {
		t.Errorf("bank.example.net is %s by the record of api.example.com", got)
	}
}

func TestStartVerificationRefuses(t *testing.T) {
	s, ctx := serviceFixture(t)
	id := offerService(t, s, ctx)
	for _, row := range []struct{ id, code, message string }{
		{id, "InvalidParameter", "The VPC endpoint service " + id + " does not have a private DNS name"},
		{noService, "InvalidVpcEndpointServiceId.NotFound", "The VpcEndpointService Id '" + noService + "' does not exist"},
	} {
		_, err := s.StartVpcEndpointServicePrivateDnsVerification(ctx, &ec2.StartVpcEndpointServicePrivateDnsVerificationInput{ServiceId: &row.id})
		refused(t, row.code, err, row.code, row.message)
	}
}
