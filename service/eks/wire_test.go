package eks

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

// TestOnTheWire compares whole answers with what the service sends.
func TestOnTheWire(t *testing.T) {
	s, ctx := fixture(t)
	_, err := s.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: wire.Ptr("x")})
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	eks.Model.EncodeError(w, "5a6b7c8d-0000-4000-8000-000000000000", e)
	got := []string{w.Result().Status, w.Header().Get("X-Amzn-Errortype"), w.Body.String()}
	want := []string{"404 Not Found", "ResourceNotFoundException",
		`{"addonName":null,"clusterName":"x","fargateProfileName":null,"message":"No cluster found for name: x.","nodegroupName":null,"subscriptionId":null}`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("error (-want +got):\n%s", d)
	}

	if _, err := s.CreateCluster(ctx, request("one")); err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: wire.Ptr("one")})
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	if err := eks.Model.Encode(w, eks.OpDescribeCluster, "5a6b7c8d-0000-4000-8000-000000000000", out); err != nil {
		t.Fatal(err)
	}
	const body = `{"cluster":{"accessConfig":{"authenticationMode":"CONFIG_MAP","bootstrapClusterCreatorAdminPermissions":true},` +
		`"arn":"arn:aws:eks:us-east-1:111122223333:cluster/one","certificateAuthority":{},` +
		`"controlPlaneScalingConfig":{"tier":"standard"},"createdAt":1767323045,"deletionProtection":false,"health":{"issues":[]},` +
		`"kubernetesNetworkConfig":{"elasticLoadBalancing":{"enabled":false},"ipFamily":"ipv4","serviceIpv4Cidr":"172.20.0.0/16"},` +
		`"logging":{"clusterLogging":[{"enabled":false,"types":["api","audit","authenticator","controllerManager","scheduler"]}]},"name":"one",` +
		`"resourcesVpcConfig":{"endpointPrivateAccess":false,"endpointPublicAccess":true,"publicAccessCidrs":["0.0.0.0/0"],"securityGroupIds":[],` +
		`"subnetIds":["` + subnetA + `","` + subnetB + `"],"vpcId":"` + network + `"},"roleArn":"` + role + `","status":"CREATING","tags":{},` +
		`"upgradePolicy":{"supportType":"EXTENDED"},"version":"1.35"}}`
	if d := cmp.Diff(body, w.Body.String()); d != "" {
		t.Errorf("cluster (-want +got):\n%s", d)
	}
}
