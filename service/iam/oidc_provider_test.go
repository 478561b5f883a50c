package iam

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

func TestOpenIDConnectProvider(t *testing.T) {
	b := fixture(t)
	thumb := strings.Repeat("0A", 20)
	const host = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	out := must(b.CreateOpenIDConnectProvider(b.ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: wire.Ptr("https://" + host), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{thumb}}))(t)
	arn := out.OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::111122223333:oidc-provider/"+host {
		t.Errorf("ARN %s", *arn)
	}
	must(b.AddClientIDToOpenIDConnectProvider(b.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: wire.Ptr("a")}))(t)
	must(b.AddClientIDToOpenIDConnectProvider(b.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: wire.Ptr("a")}))(t)
	must(b.RemoveClientIDFromOpenIDConnectProvider(b.ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: wire.Ptr("sts.amazonaws.com")}))(t)
	must(b.UpdateOpenIDConnectProviderThumbprint(b.ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{thumb, thumb}}))(t)
	got := must(b.GetOpenIDConnectProvider(b.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t)
	if *got.Url != host || strings.Join(got.ClientIDList, " ") != "a" || len(got.ThumbprintList) != 2 {
		t.Errorf("%+v", got)
	}
	if p, ok := b.Provider(*arn); !ok || p.URL != host || p.ARN != *arn || len(p.ClientIDs) != 1 {
		t.Errorf("for others %+v", p)
	}
	_, err := b.CreateOpenIDConnectProvider(b.ctx, &iam.CreateOpenIDConnectProviderInput{Url: wire.Ptr("https://" + host)})
	wantError(t, "again", err, "EntityAlreadyExists", "Provider with url https://"+host+" already exists.")
	must(b.DeleteOpenIDConnectProvider(b.ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))(t)
	_, err = b.GetOpenIDConnectProvider(b.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantError(t, "deleted", err, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+*arn)
	if _, ok := b.Provider(*arn); ok {
		t.Error("a deleted provider is there for others")
	}
}

func TestOpenIDConnectProviderRefusals(t *testing.T) {
	b := fixture(t)
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprint(i))
	}
	hex := strings.Repeat("a", 40)
	for _, row := range []struct {
		url        string
		clients    []string
		thumbs     []string
		code, text string
	}{
		{"http://example.org", nil, nil, "ValidationError", "https"},
		{"example.org", nil, nil, "InvalidInput", "Invalid Open ID Connect Provider URL"},
		{"https://example.org:8443", nil, nil, "InvalidInput", "port"},
		{"https://example.org/a?b", nil, nil, "InvalidInput", "query"},
		{"https://example.org", many, nil, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"},
		{"https://example.org", nil, []string{hex, hex, hex, hex, hex, hex}, "InvalidInput", "Thumbprint list must contain fewer than 6 entries."},
		{"https://example.org", nil, []string{strings.Repeat("x", 40)}, "InvalidInput", "hexadecimal"},
	} {
		_, err := b.CreateOpenIDConnectProvider(b.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &row.url, ClientIDList: row.clients, ThumbprintList: row.thumbs})
		wantError(t, row.url, err, row.code, row.text)
	}
	_, err := b.GetOpenIDConnectProvider(b.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: wire.Ptr("arn:aws:iam::111122223333:user/x")})
	wantError(t, "ARN", err, "InvalidInput", "is not valid")
}
