package vpc

import (
	"net/netip"
	"testing"
)

func TestHostNames(t *testing.T) {
	a := netip.MustParseAddr("10.0.1.5")
	for got, want := range map[string]string{
		HostName(a, "us-east-1"):                           "ip-10-0-1-5.ec2.internal",
		HostName(a, "eu-west-1"):                           "ip-10-0-1-5.eu-west-1.compute.internal",
		ResourceName("eni-0a1b2c3d4e5f60718", "us-east-1"): "i-0a1b2c3d4e5f60718.ec2.internal",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
