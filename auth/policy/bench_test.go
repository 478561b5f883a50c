package policy

import "testing"

// The policies that a developer of an EKS platform passes: four that are
// attached, a boundary, an endpoint's, and two levels of control policies.
var (
	viewer = `{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":["eks:DescribeCluster","eks:DescribeNodegroup","eks:DescribeAddon","eks:DescribeUpdate","eks:ListClusters","eks:ListNodegroups","eks:ListAddons","eks:ListUpdates","eks:ListTagsForResource","eks:AccessKubernetesApi"],"Resource":"*"},
		{"Sid":"Parameters","Effect":"Allow","Action":"ssm:GetParameter","Resource":"arn:aws:ssm:*:111122223333:parameter/eks/*"}]}`
	operations = `{"Version":"2012-10-17","Statement":[
		{"Sid":"Nodes","Effect":"Allow","Action":["eks:CreateNodegroup","eks:UpdateNodegroup*","eks:DeleteNodegroup"],"Resource":["arn:aws:eks:*:111122223333:cluster/dev-*","arn:aws:eks:*:111122223333:nodegroup/dev-*/*/*"]},
		{"Sid":"Team","Effect":"Allow","Action":"eks:*","Resource":"arn:aws:eks:us-east-1:111122223333:cluster/*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}]}`
	passRole = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/eks-*","Condition":{"StringEquals":{"iam:PassedToService":["eks.amazonaws.com","eks-nodegroup.amazonaws.com"]}}},
		{"Effect":"Allow","Action":["ec2:DescribeSubnets","ec2:DescribeVpcs","ec2:DescribeSecurityGroups","ec2:DescribeRouteTables"],"Resource":"*"}]}`
	network = `{"Version":"2012-10-17","Statement":[
		{"Sid":"OnlyPrivate","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":["vpce-0a1b2c3d4e5f60718","vpce-0a1b2c3d4e5f60719"]},"Bool":{"aws:ViaAWSService":"false"}}}]}`
	ceiling = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["eks:*","ec2:*","ssm:*","logs:*","iam:PassRole"],"Resource":"*"},
		{"Effect":"Deny","Action":["eks:DeleteCluster","eks:DeregisterCluster"],"Resource":"*"}]}`
	door = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"eks:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}},
		{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}]}`
	fullAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	regions    = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","NotAction":["iam:*","sts:*","organizations:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}}]}`
)

func platform(t testing.TB) (Request, Set) {
	named := func(name, text string) Named {
		d, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return Named{name, d}
	}
	set := Set{
		Identity: []Named{named("viewer", viewer), named("operations", operations), named("passrole", passRole), named("network", network)},
		Boundary: []Named{named("ceiling", ceiling)},
		Endpoint: []Named{named("", door)},
		SCPs:     [][]Named{{named("full", fullAccess)}, {named("regions", regions)}},
	}
	req := Request{
		Action: "eks:DescribeCluster", Resource: "arn:aws:eks:us-east-1:111122223333:cluster/dev-1", ResourceAccount: account,
		Principal: app,
		Context: MakeKeys(map[string][]string{
			"aws:SourceVpce": {"vpce-0a1b2c3d4e5f60718"}, "aws:SourceVpc": {"vpc-0123456789abcdef0"}, "aws:VpcSourceIp": {"10.0.1.5"},
			"aws:PrincipalArn": {app.Issuer}, "aws:PrincipalAccount": {account}, "aws:PrincipalOrgID": {"o-exampleorgid"},
			"aws:PrincipalTag/team": {"a"}, "aws:ResourceTag/team": {"a"}, "aws:RequestedRegion": {"us-east-1"},
			"aws:ViaAWSService": {"false"}, "aws:SecureTransport": {"true"}, "aws:CurrentTime": {"2026-01-02T03:04:05Z"},
		}),
	}
	return req, set
}

// BenchmarkDecide decides calls of a session through an endpoint, with all
// types of policies of an identity, and alone.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name, action, cluster string
		alone                 bool
		want                  Decision
	}{
		{"allowed", "eks:DescribeCluster", "dev-1", false, Allowed},
		{"allowed by tag", "eks:UpdateClusterConfig", "dev-1", false, Allowed},
		{"implicit deny", "ec2:RunInstances", "prod-1", false, ImplicitDeny},
		{"explicit deny", "eks:DeleteCluster", "dev-1", false, ExplicitDeny},
		{"identity alone", "eks:DescribeCluster", "dev-1", true, Allowed},
	} {
		b.Run(c.name, func(b *testing.B) {
			req, set := platform(b)
			req.Action, req.Resource = c.action, "arn:aws:eks:us-east-1:111122223333:cluster/"+c.cluster
			if c.alone {
				set = Set{Identity: set.Identity}
			}
			b.ReportAllocs()
			for b.Loop() {
				if got := Decide(req, set); got.Decision != c.want {
					b.Fatal(got)
				}
			}
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	req, set := platform(b)
	b.ReportAllocs()
	for b.Loop() {
		if got := Explain(req, set); got.Decision != Allowed {
			b.Fatal(got)
		}
	}
}

// TestDecideAllocates keeps the way of each call free of garbage.
func TestDecideAllocates(t *testing.T) {
	req, set := platform(t)
	for _, action := range []string{"eks:DescribeCluster", "eks:UpdateClusterConfig", "eks:DeleteCluster", "s3:GetObject"} {
		req.Action = action
		if n := testing.AllocsPerRun(100, func() { Decide(req, set) }); n > 0 {
			t.Errorf("%s: %v allocations", action, n)
		}
	}
}
