package audit

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/iam"
	"github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/sts"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestEvents compares what calls lead to with testdata/NAME.json.
func TestEvents(t *testing.T) {
	calls := map[string]func() Call{
		"root": func() Call { return listClusters("root", root) },
		"user_own_endpoint": func() Call {
			c := describe("user", ann, "one")
			c.Arrival, c.Source = through(account), "10.0.1.5"
			return c
		},
		"role_foreign_endpoint": func() Call {
			c := listClusters("role", node)
			c.Arrival, c.Source = through(other), "10.0.1.5"
			return c
		},
		"denied_by_own_endpoint": func() Call {
			c := describe("own", node, "one")
			c.Arrival, c.Source = through(account), "10.0.1.5"
			return denied(c, policy.Endpoint)
		},
		"denied_by_foreign_endpoint": func() Call {
			c := describe("foreign", node, "one")
			c.Arrival, c.Source = through(other), "10.0.1.5"
			return denied(c, policy.Endpoint)
		},
		"denied_by_identity_through_foreign_endpoint": func() Call {
			c := describe("identity", ann, "one")
			c.Arrival, c.Source = through(other), "10.0.1.5"
			return denied(c, policy.Identity)
		},
		"create_vpc": func() Call {
			c := listClusters("vpc", root)
			c.Service, c.Operation, c.Outcome.Resources = ec2.Model, ec2.OpCreateVpc, []string{"*"}
			c.In = &ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16")}
			c.Out = &ec2.CreateVpcOutput{Vpc: &ec2.Vpc{VpcId: wire.Ptr("vpc-0123456789abcdef0"),
				CidrBlockAssociationSet: []ec2.VpcCidrBlockAssociation{{CidrBlock: wire.Ptr("10.0.0.0/16")}}, IsDefault: wire.Ptr(false)}}
			return c
		},
		"ec2_error": func() Call {
			c := listClusters("error", root)
			c.Service, c.Operation, c.Outcome.Resources = ec2.Model, ec2.OpDescribeVpcs, []string{"*"}
			c.In, c.Out = &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-00000000000000000"}}, nil
			c.Error = &wire.Error{Code: "InvalidVpcID.NotFound", Message: "The vpc ID 'vpc-00000000000000000' does not exist"}
			return c
		},
		"create_access_key": func() Call {
			c := listClusters("key", root)
			c.Service, c.Operation, c.Outcome.Resources = iam.Model, iam.OpCreateAccessKey, []string{"arn:aws:iam::111122223333:user/team/ann"}
			c.In = &iam.CreateAccessKeyInput{UserName: wire.Ptr("ann")}
			c.Out = &iam.CreateAccessKeyOutput{AccessKey: &iam.AccessKey{UserName: wire.Ptr("ann"), AccessKeyId: wire.Ptr("AKIAIOSFODNN7EXAMPL2"),
				SecretAccessKey: wire.Ptr("wJalrXUtnFEMI"), CreateDate: wire.Ptr(at(0)), Status: wire.Ptr("Active")}}
			return c
		},
		"web_identity": func() Call {
			c := listClusters("web", auth.Caller{Region: region})
			c.Service, c.Operation, c.Outcome.Resources = sts.Model, sts.OpAssumeRoleWithWebIdentity, []string{"arn:aws:iam::111122223333:role/app"}
			c.In = &sts.AssumeRoleWithWebIdentityInput{RoleArn: wire.Ptr("arn:aws:iam::111122223333:role/app"), RoleSessionName: wire.Ptr("pod"),
				WebIdentityToken: wire.Ptr("eyJhbGciOi")}
			c.Out = &sts.AssumeRoleWithWebIdentityOutput{Provider: wire.Ptr("arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/E1"),
				Audience: wire.Ptr("sts.amazonaws.com"), SubjectFromWebIdentityToken: wire.Ptr("system:serviceaccount:default:app"),
				AssumedRoleUser: &sts.AssumedRoleUser{Arn: wire.Ptr("arn:aws:sts::111122223333:assumed-role/app/pod"), AssumedRoleId: wire.Ptr("AROADBQP57FF2AEXAMPLE:pod")},
				Credentials: &sts.Credentials{AccessKeyId: wire.Ptr("ASIAIOSFODNN7EXAMPLE"), SecretAccessKey: wire.Ptr("s"), SessionToken: wire.Ptr("t"),
					Expiration: wire.Ptr(at(time.Hour))}}
			return c
		},
		"federated": func() Call {
			return listClusters("federated", auth.Caller{Account: account, Region: region, ARN: "arn:aws:sts::111122223333:federated-user/bob",
				UserID: "111122223333:bob", AccessKey: "ASIAIOSFODNN7EXAMPLF", Kind: auth.Federated, Identity: ann.ARN,
				Session: &auth.Session{Name: "bob", Issued: at(-time.Hour)}})
		},
		"unauthenticated": func() Call {
			c := listClusters("nobody", auth.Caller{})
			c.AccessKey, c.Outcome, c.In, c.Out = "AKIAI44QH8DHBEXAMPLE", Outcome{}, nil, nil
			c.Error = &wire.Error{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid.", Status: 403}
			return c
		},
		"data": func() Call {
			c := listClusters("data", ann)
			c.Arrival, c.Source = through(account), "10.0.1.5"
			c.Service, c.Operation, c.Outcome.Resources = logs.Model, logs.OpPutLogEvents, []string{"arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s"}
			c.In, c.Out = &logs.PutLogEventsInput{LogEvents: []logs.InputLogEvent{{Message: wire.Ptr("body")}}}, &logs.PutLogEventsOutput{}
			return c
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			l := open(t, Config{Dir: t.TempDir()})
			l.Record(call())
			p, err := l.Read(t.Context(), Query{})
			if err != nil || len(p.Records) != 1 {
				t.Fatalf("%d records, %v", len(p.Records), err)
			}
			events := p.Records[0].Events()
			got, err := json.MarshalIndent(events, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, append(got, '\n'))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(string(want), string(got)))
	}
}

func TestDeniedByAnotherAccountsEndpointIsNotInTheCallersEvents(t *testing.T) {
	l := open(t, Config{Dir: t.TempDir()})
	c := describe("1", node, "one")
	c.Arrival = through(other)
	l.Record(denied(c, policy.Endpoint))
	for _, row := range []struct {
		owner      string
		management bool
		network    bool
	}{{account, false, false}, {other, false, true}} {
		o := home
		o.Account = row.owner
		p, err := l.Read(t.Context(), Query{Owner: o})
		if err != nil || len(p.Records) != 1 {
			t.Fatalf("%s has %d records, %v", row.owner, len(p.Records), err)
		}
		var management, network bool
		for _, e := range p.Records[0].Events() {
			if e.RecipientAccountID != row.owner {
				continue
			}
			management = management || e.EventCategory == "Management"
			network = network || e.EventCategory == "NetworkActivity" && e.ErrorCode == "VpceAccessDenied"
			if e.UserIdentity.ARN != "" {
				t.Errorf("%s learns who the caller is: %s", row.owner, e.UserIdentity.ARN)
			}
		}
		if management != row.management || network != row.network {
			t.Errorf("%s: management event %v, network activity %v", row.owner, management, network)
		}
	}
}

func TestReadOnly(t *testing.T) {
	for _, row := range []struct {
		operation *wire.Operation
		want      bool
	}{
		{eks.OpDescribeCluster, true},
		{eks.OpListClusters, true},
		{eks.OpCreateCluster, false},
		{sts.OpGetCallerIdentity, true},
		{sts.OpAssumeRole, true},
		{iam.OpPutRolePolicy, false},
		{ec2.OpModifyVpcEndpoint, false},
	} {
		if got := readOnly(row.operation); got != row.want {
			t.Errorf("%s is read-only: %v", row.operation.Name, got)
		}
	}
}
