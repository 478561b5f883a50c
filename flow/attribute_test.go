package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
)

// inWords writes a flow as "eni direction src>dst action packets/bytes".
func inWords(f vpc.Flow) string {
	direction := "ingress"
	if f.Egress {
		direction = "egress"
	}
	name := strings.NewReplacer(appID, "app", doorID, "door").Replace(f.ENI)
	return fmt.Sprintf("%s %s %v>%v %s %d/%d", name, direction, f.Tuple.Src, f.Tuple.Dst, f.Action, f.Packets, f.Bytes)
}

func conversation(src, dst string, packets, bytes [2]uint64) vpc.Conversation {
	return vpc.Conversation{Tuple: tcp(src, dst), Packets: packets, Bytes: bytes}
}

func TestAttribution(t *testing.T) {
	now := time.Unix(946684810, 0)
	dropped := func(eni string, egress bool, src, dst string) vpc.Drop {
		return vpc.Drop{ENI: eni, Egress: egress, Tuple: tcp(src, dst), Bytes: 60, Time: now}
	}
	a := newAttribution(VPC{
		ENIs:     []vpc.ENI{app, door},
		Unlogged: []netip.Addr{netip.MustParseAddr("10.0.0.2")},
	})
	for _, row := range []struct {
		what string
		c    []vpc.Conversation
		d    []vpc.Drop
		want []string
	}{
		{"both ends are interfaces", []vpc.Conversation{
			conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{10, 8}, [2]uint64{840, 5200}),
		}, nil, []string{
			"app egress 10.0.1.5:40000>10.0.2.9:443 ACCEPT 10/840",
			"door ingress 10.0.1.5:40000>10.0.2.9:443 ACCEPT 10/840",
			"door egress 10.0.2.9:443>10.0.1.5:40000 ACCEPT 8/5200",
			"app ingress 10.0.2.9:443>10.0.1.5:40000 ACCEPT 8/5200",
		}},
		{"no answer yet", []vpc.Conversation{
			conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{1, 0}, [2]uint64{60, 0}),
		}, nil, []string{
			"app egress 10.0.1.5:40000>10.0.2.9:443 ACCEPT 1/60",
			"door ingress 10.0.1.5:40000>10.0.2.9:443 ACCEPT 1/60",
		}},
		{"only answers since the last time", []vpc.Conversation{
			conversation("10.0.1.5:40000", "10.0.2.9:443", [2]uint64{0, 1}, [2]uint64{0, 60}),
		}, nil, []string{
			"door egress 10.0.2.9:443>10.0.1.5:40000 ACCEPT 1/60",
			"app ingress 10.0.2.9:443>10.0.1.5:40000 ACCEPT 1/60",
		}},
		{"the other end is elsewhere", []vpc.Conversation{
			conversation("10.0.1.5:40000", "203.0.113.9:443", [2]uint64{1, 1}, [2]uint64{60, 70}),
		}, nil, []string{
			"app egress 10.0.1.5:40000>203.0.113.9:443 ACCEPT 1/60",
			"app ingress 203.0.113.9:443>10.0.1.5:40000 ACCEPT 1/70",
		}},
		{"stopped at the receiver: the sender let it go", nil, []vpc.Drop{
			dropped(doorID, false, "10.0.1.5:40000", "10.0.2.9:443"),
		}, []string{
			"door ingress 10.0.1.5:40000>10.0.2.9:443 REJECT 1/60",
			"app egress 10.0.1.5:40000>10.0.2.9:443 ACCEPT 1/60",
		}},
		{"stopped at the receiver, from elsewhere", nil, []vpc.Drop{
			dropped(doorID, false, "203.0.113.9:40000", "10.0.2.9:443"),
		}, []string{
			"door ingress 203.0.113.9:40000>10.0.2.9:443 REJECT 1/60",
		}},
		{"stopped at the sender: the receiver saw nothing", nil, []vpc.Drop{
			dropped(appID, true, "10.0.1.5:40000", "10.0.2.9:443"),
		}, []string{
			"app egress 10.0.1.5:40000>10.0.2.9:443 REJECT 1/60",
		}},
		{"a forged source is not its sender's egress", nil, []vpc.Drop{
			dropped(appID, false, "10.0.1.5:40000", "10.0.1.5:443"),
		}, []string{
			"app ingress 10.0.1.5:40000>10.0.1.5:443 REJECT 1/60",
		}},

		// "Flow log limitations": not logged.
		{"resolver", []vpc.Conversation{
			conversation("10.0.1.5:40000", "10.0.0.2:53", [2]uint64{1, 1}, [2]uint64{60, 70}),
			conversation("10.0.1.5:40000", "169.254.169.253:53", [2]uint64{1, 1}, [2]uint64{60, 70}),
		}, []vpc.Drop{dropped(appID, true, "10.0.1.5:40000", "10.0.0.2:53")}, nil},
		{"other link-local services", []vpc.Conversation{
			conversation("10.0.1.5:40000", "169.254.169.254:80", [2]uint64{1, 1}, [2]uint64{60, 70}),
		}, nil, nil},
	} {
		var got []string
		for _, f := range a.flows(row.c, row.d) {
			got = append(got, inWords(f))
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", row.what, strings.Join(got, "\n"), strings.Join(row.want, "\n"))
		}
	}
}

// An address that passed to another interface still counts for the old one.
func TestAttributionWith(t *testing.T) {
	heir := eni("eni-0c333333333333333", subnetA, "111122223333", "10.0.1.5")
	before := newAttribution(VPC{ENIs: []vpc.ENI{app}})
	after := newAttribution(VPC{ENIs: []vpc.ENI{heir, door}})
	both := before.with(after)
	for address, want := range map[string]string{"10.0.1.5": appID, "10.0.2.9": doorID} {
		if got := both.byAddress[netip.MustParseAddr(address)]; got != want {
			t.Errorf("%s belongs to %s, want %s", address, got, want)
		}
	}
}
