package dns

import "testing"

func TestOwnedZone(t *testing.T) {
	for _, row := range []struct{ name, apex string }{
		{"1.0.0.0.in-addr.arpa.", "0.in-addr.arpa."},
		{"1.2.3.10.in-addr.arpa.", "10.in-addr.arpa."},
		{"10.in-addr.arpa.", "10.in-addr.arpa."},
		{"1.1.63.100.in-addr.arpa.", ""},
		{"1.1.64.100.in-addr.arpa.", "64.100.in-addr.arpa."},
		{"1.1.127.100.in-addr.arpa.", "127.100.in-addr.arpa."},
		{"1.1.128.100.in-addr.arpa.", ""},
		{"253.169.254.169.in-addr.arpa.", "254.169.in-addr.arpa."},
		{"1.1.15.172.in-addr.arpa.", ""},
		{"1.1.16.172.in-addr.arpa.", "16.172.in-addr.arpa."},
		{"1.1.31.172.in-addr.arpa.", "31.172.in-addr.arpa."},
		{"1.1.32.172.in-addr.arpa.", ""},
		{"1.1.016.172.in-addr.arpa.", ""},
		{"1.1.168.192.in-addr.arpa.", "168.192.in-addr.arpa."},
		{"1.2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa."},
		{"1.3.0.192.in-addr.arpa.", ""},
		{"1.31.18.198.in-addr.arpa.", "18.198.in-addr.arpa."},
		{"255.255.255.255.in-addr.arpa.", "255.255.255.255.in-addr.arpa."},
		{"1.8.8.8.in-addr.arpa.", ""},
		{"in-addr.arpa.", ""},
		{"1.0.d.f.ip6.arpa.", "d.f.ip6.arpa."},
		{"1.0.c.f.ip6.arpa.", ""},
		{"0.8.e.f.ip6.arpa.", "8.e.f.ip6.arpa."},
		{"1.8.b.d.0.1.0.0.2.ip6.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa."},
		{loopback6, loopback6},
		{"x." + loopback6, loopback6},
		{"2" + loopback6[1:], ""},
		{"sts.us-east-1.vpce.amazonaws.com.", "sts.us-east-1.vpce.amazonaws.com."},
		{"a.b.sts.us-east-1.vpce.amazonaws.com.", "sts.us-east-1.vpce.amazonaws.com."},
		{"us-east-1.vpce.amazonaws.com.", ""},
		{"sts.us-east-1.vpce.amazonaws.com.cn.", ""},
		{"sts.cn-north-1.vpce.amazonaws.com.cn.", "sts.cn-north-1.vpce.amazonaws.com.cn."},
		{"sts.cn-north-1.vpce.amazonaws.com.", ""},
		{"ec2.internal.", "ec2.internal."},
		{"internal.", ""},
		{"notlocalhost.", ""},
		{".", ""},
	} {
		apex, ok := ownedZone(row.name)
		if apex != row.apex || ok != (row.apex != "") {
			t.Errorf("%s: got %q, want %q", row.name, apex, row.apex)
		}
	}
}
