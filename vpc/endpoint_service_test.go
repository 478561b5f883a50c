package vpc

import (
	"slices"
	"testing"
)

func TestFindEndpointService(t *testing.T) {
	for _, row := range []struct {
		name, api string // api empty: not offered
	}{
		{"com.amazonaws.us-east-1.eks", "eks"},
		{"com.amazonaws.us-east-1.sts", "sts"},
		{"com.amazonaws.eu-west-1.ec2", "ec2"},
		{"com.amazonaws.eu-west-1.logs", "logs"},
		{"com.amazonaws.us-east-1.s3", ""},
		{"com.amazonaws.nowhere-1.eks", ""},
		{"com.amazonaws.us-east-1.", ""},
		{"com.amazonaws.us-east-1.eks.more", ""},
		{"eks", ""},
		{"", ""},
		{"com.amazonaws.us-east-1.eks-fips", "eks"},
		{"com.amazonaws.us-east-1.oidc-eks", "oidc-eks"},
	} {
		s, ok := FindEndpointService(row.name)
		if ok != (row.api != "") || s.API != row.api {
			t.Errorf("FindEndpointService(%q) = %q, %v", row.name, s.API, ok)
		}
	}
}

func TestEndpointNames(t *testing.T) {
	s, _ := FindEndpointService("com.amazonaws.us-east-1.eks")
	e := Endpoint{ID: "vpce-0a1b2c3d4e5f60718", Suffix: "q1w2e3r4"}
	for got, want := range map[string]string{
		e.RegionalName(s):            "vpce-0a1b2c3d4e5f60718-q1w2e3r4.eks.us-east-1.vpce.amazonaws.com",
		e.ZonalName(s, "us-east-1a"): "vpce-0a1b2c3d4e5f60718-q1w2e3r4-us-east-1a.eks.us-east-1.vpce.amazonaws.com",
		s.PrivateNames[0]:            "eks.us-east-1.amazonaws.com",
		s.PrivateNames[1]:            "eks.us-east-1.api.aws",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	want := []string{"eks.us-east-1.amazonaws.com", "eks.us-east-1.api.aws",
		"eks.us-east-1.vpce.amazonaws.com", "*.eks.us-east-1.vpce.amazonaws.com"}
	if got := s.CertificateNames(); !slices.Equal(got, want) {
		t.Errorf("certificate names %v", got)
	}
}

func TestPublicServiceRefuses(t *testing.T) {
	for _, name := range []string{"oidc.eks.us-east-1.amazonaws.com", "eks.us-east-1.example.com", "s3.us-east-1.amazonaws.com",
		"eks.amazonaws.com", "amazonaws.com", "", "eks.nowhere.amazonaws.com"} {
		if api, region, ok := PublicService(name); ok {
			t.Errorf("PublicService(%q) = %s, %s", name, api, region)
		}
	}
}

func TestZones(t *testing.T) {
	r, _ := FindRegion("us-east-1")
	if z, ok := r.Zone("us-east-1c"); !ok || z.ID != "use1-az3" {
		t.Errorf("us-east-1c is %+v, %v", z, ok)
	}
	if z, ok := r.Zone("use1-az2"); !ok || z.Name != "us-east-1b" {
		t.Errorf("use1-az2 is %+v, %v", z, ok)
	}
	if _, ok := r.Zone("us-east-1z"); ok {
		t.Error("us-east-1z exists")
	}
	seen := map[string]bool{}
	for _, r := range regions {
		for _, z := range r.AvailabilityZones() {
			if seen[z.Name] || seen[z.ID] {
				t.Errorf("%+v stands twice", z)
			}
			seen[z.Name], seen[z.ID] = true, true
		}
	}
}
