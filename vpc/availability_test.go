package vpc

import (
	"strings"
	"testing"
)

func TestAvailability(t *testing.T) {
	own, err := ReadAvailability(strings.NewReader(`{"eks": ["us-west-2"], "sts": ["eu-west-1"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		service       string
		offered, mine bool
	}{
		{"com.amazonaws.us-east-1.eks", true, true},
		// Regions without PrivateLink for the EKS API, by AWS's page on it.
		{"com.amazonaws.ap-southeast-5.eks", false, true},
		{"com.amazonaws.ap-southeast-7.eks", false, true},
		{"com.amazonaws.mx-central-1.eks", false, true},
		{"com.amazonaws.ap-east-2.eks", false, true},
		{"com.amazonaws.ap-southeast-5.eks-auth", true, true},
		{"com.amazonaws.ap-southeast-5.eks-fips", false, false},
		{"com.amazonaws.us-west-2.eks", true, false},
		{"com.amazonaws.eu-west-1.sts", true, false},
	} {
		s, ok := FindEndpointService(row.service)
		if !ok {
			t.Fatalf("%s does not exist", row.service)
		}
		if got := DefaultAvailability().Offers(s); got != row.offered {
			t.Errorf("%s is offered: %v", s.Name, got)
		}
		if got := own.Offers(s); got != row.mine {
			t.Errorf("%s is offered by the operator's data: %v", s.Name, got)
		}
	}
}

func TestReadAvailabilityRefuses(t *testing.T) {
	for _, text := range []string{"", "[]", `{"eks": "us-east-1"}`, `{"eks": ["nowhere-1"]}`, `{"s3": ["us-east-1"]}`, `{} {}`} {
		if a, err := ReadAvailability(strings.NewReader(text)); err == nil {
			t.Errorf("%s gives %v", text, a)
		}
	}
}
