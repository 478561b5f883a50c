package wire_test

import (
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/eksauth"
	"github.com/postern/postern/wire/sts"
)

func TestCoverage(t *testing.T) {
	got := wire.Coverage([]wire.Covered{
		{Service: sts.Model, Implemented: []string{"GetCallerIdentity", "NotInTheModel"}},
		{Service: eksauth.Model},
	})
	_, got, _ = strings.Cut(got, "unknown one (InvalidAction, UnknownOperationException).\n\n")
	want := `1 of 12 operations of 2 services are implemented.

## AWS Security Token Service (sts)

Protocol query, API version 2011-06-15. Implemented: 1 of 11.

Implemented:
GetCallerIdentity

Answers UnsupportedOperation:
AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage, GetAccessKeyInfo,
GetDelegatedAccessToken, GetFederationToken, GetSessionToken, GetWebIdentityToken

## Amazon EKS Auth (eks-auth)

Protocol rest-json, API version 2023-11-26. Implemented: 0 of 1.

Answers UnsupportedOperationException:
AssumeRoleForPodIdentity
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for line := range strings.Lines(wire.Coverage([]wire.Covered{{Service: eks.Model}})) {
		if len(line) > 121 {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
}
