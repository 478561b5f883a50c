package flow

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/vpc"
)

// The lines of "Flow log records", AWS's own examples.
func TestLine(t *testing.T) {
	accepted := vpc.Flow{
		ENI: "eni-1235b8ca123456789",
		Tuple: vpc.Tuple{
			Protocol: vpc.ProtocolTCP,
			Src:      netip.MustParseAddrPort("172.31.16.139:20641"),
			Dst:      netip.MustParseAddrPort("172.31.16.21:22"),
		},
		Action:  vpc.Accept,
		Packets: 20,
		Bytes:   4249,
		Start:   time.Unix(1418530010, 999_000_000),
		End:     time.Unix(1418530070, 0),
	}
	rejected := accepted
	rejected.Action = vpc.Reject
	ping := accepted
	ping.Tuple = vpc.Tuple{
		Protocol: vpc.ProtocolICMP,
		Src:      netip.MustParseAddrPort("203.0.113.12:0"),
		Dst:      netip.MustParseAddrPort("172.31.16.139:0"),
	}
	const account = "123456789010"
	for _, row := range []struct {
		format string
		row    row
		want   string
	}{
		{vpc.DefaultFlowFormat, row{OK, account, accepted},
			"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"},
		{vpc.DefaultFlowFormat, row{OK, account, rejected},
			"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 REJECT OK"},
		{vpc.DefaultFlowFormat, row{OK, account, ping},
			"2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 20 4249 1418530010 1418530070 ACCEPT OK"},
		{vpc.DefaultFlowFormat, row{NoData, account, accepted},
			"2 123456789010 eni-1235b8ca123456789 - - - - - - - 1418530010 1418530070 - NODATA"},
		{vpc.DefaultFlowFormat, row{SkipData, account, accepted},
			"2 123456789010 eni-1235b8ca123456789 - - - - - - - 1418530010 1418530070 - SKIPDATA"},
		{"${action}  ${srcaddr} ${bytes}", row{OK, account, accepted}, "ACCEPT 172.31.16.139 4249"},
		{"${action}  ${srcaddr} ${bytes}", row{NoData, account, accepted}, "- - -"},
	} {
		f, err := ParseFormat(row.format)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.line(row.row); got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.format, got, row.want)
		}
	}
}

func TestParseFormatRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "  ", "version", "${version", "$version}", "${}", "${Version}", "${vpc-id}",
		"${version},${bytes}", "${version}${bytes}", "${version} bytes", "${ version}",
	} {
		if _, err := ParseFormat(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What parses has a value for each field, in every kind of record.
func FuzzParseFormat(f *testing.F) {
	f.Add(vpc.DefaultFlowFormat)
	f.Add("${action} ${bytes}")
	f.Add("${version}${bytes}")
	f.Fuzz(func(t *testing.T, s string) {
		format, err := ParseFormat(s)
		if err != nil {
			return
		}
		flow := vpc.Flow{ENI: appID, Tuple: tcp("10.0.1.5:1", "10.0.2.9:2"), Action: vpc.Accept}
		for _, status := range []Status{OK, NoData, SkipData} {
			line := format.line(row{status, "111122223333", flow})
			if got, want := len(strings.Split(line, " ")), len(strings.Fields(s)); got != want {
				t.Errorf("%q gives %q: %d values for %d fields", s, line, got, want)
			}
		}
	})
}

func TestStreamName(t *testing.T) {
	for traffic, want := range map[string]string{"ALL": appID + "-all", "ACCEPT": appID + "-accept", "REJECT": appID + "-reject"} {
		if got := StreamName(appID, traffic); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
