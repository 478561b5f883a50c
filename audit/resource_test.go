package audit

import (
	"crypto/tls"
	"testing"
)

func TestResource(t *testing.T) {
	for text, want := range map[string]Resource{
		"vpc-0123456789abcdef0":      {"AWS::EC2::VPC", "vpc-0123456789abcdef0"},
		"vpce-svc-0123456789abcdef0": {"AWS::EC2::VPCEndpointService", "vpce-svc-0123456789abcdef0"},
		"sg-01234567":                {"AWS::EC2::SecurityGroup", "sg-01234567"},
		cluster + "one":              {"AWS::EKS::Cluster", "one"},
		cluster + "*":                {},
		"arn:aws:eks:us-east-1:111122223333:nodegroup/one/ng/uuid":                 {"AWS::EKS::Nodegroup", "one/ng/uuid"},
		"arn:aws:iam::111122223333:role/eks/node":                                  {"AWS::IAM::Role", "node"},
		"arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow:log-stream:x":     {"AWS::Logs::LogGroup", "/vpc/flow"},
		"arn:aws:ec2:us-east-1:111122223333:vpc-endpoint/vpce-0123456789abcdef0":   {"AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef0"},
		"arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/a/0123ab": {"AWS::ElasticLoadBalancingV2::TargetGroup", "0123ab"},
		"arn:aws:logs:us-east-1:111122223333:log-group/flow":                       {"AWS::Logs::LogGroup", "flow"},
		"arn:aws:eks:us-east-1:111122223333:cluster:one":                           {"AWS::EKS::Cluster", "one"},
		"arn:aws:logs:us-east-1:111122223333:log-group:":                           {},
		"arn:aws:eks:us-east-1:111122223333:cluster/":                              {},
		"arn:aws:eks:us-east-1:111122223333:cluster":                               {},
		"arn:aws:sts::111122223333:assumed-role/x/y":                               {},
		"arn:::::":     {},
		"vpc-xyz":      {},
		"x-0123456789": {},
		"":             {},
	} {
		got, ok := resource(text)
		if got != want && ok || ok != (want != Resource{}) {
			t.Errorf("%q is %+v, %v, want %+v", text, got, ok, want)
		}
	}
}

func FuzzResource(f *testing.F) {
	f.Add(cluster + "one")
	f.Add("arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow:log-stream:x")
	f.Add("arn:aws:eks::1:cluster/a/")
	f.Add("arn:aws:logs::1:log-group/x")
	f.Add("arn:aws:eks::1:cluster:x")
	f.Add("arn:aws:iam::1:role/a/")
	f.Fuzz(func(t *testing.T, text string) {
		if r, ok := resource(text); ok && (r.Type == "" || r.Name == "") {
			t.Errorf("%q is %+v", text, r)
		}
	})
}

func TestSuiteNames(t *testing.T) {
	for suite, want := range map[uint16]string{
		tls.TLS_AES_128_GCM_SHA256:                "TLS_AES_128_GCM_SHA256",
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
	} {
		if got := suiteNames[suite]; got != want {
			t.Errorf("%#x is %q, want %q", suite, got, want)
		}
	}
}
