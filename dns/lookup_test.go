package dns

import (
	"context"
	"errors"
	"testing"

	miekg "github.com/miekg/dns"
)

func TestLookupTXT(t *testing.T) {
	for _, row := range []struct {
		upstreamOf
		want []string
		ok   bool
	}{
		{upstreamOf{zone: `_a.example.org. 60 IN TXT "vpce:" "abc"` + "\n" + `_a.example.org. 60 IN TXT "other"`}, []string{"vpce:abc", "other"}, true},
		{upstreamOf{zone: "_a.example.org. 60 IN CNAME b.example.org.\n" + `b.example.org. 60 IN TXT "vpce:abc"`}, []string{"vpce:abc"}, true},
		{upstreamOf{}, nil, true},
		{upstreamOf{rcode: miekg.RcodeNameError}, nil, true},
		{upstreamOf{rcode: miekg.RcodeServerFailure}, nil, false},
	} {
		got, err := LookupTXT(t.Context(), row.ask, "_a.example.org")
		diff(t, got, row.want)
		if (err == nil) != row.ok {
			t.Errorf("error %v", err)
		}
	}
	_, err := LookupTXT(t.Context(), func(_ context.Context, q *miekg.Msg) (*miekg.Msg, error) { return nil, context.Canceled }, "x.example.org")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
