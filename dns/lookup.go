package dns

import (
	"context"
	"fmt"
	"strings"

	miekg "github.com/miekg/dns"
)

// LookupTXT returns the TXT records of a name as the upstream knows them now,
// each with its strings joined; none when the name has none or does not exist.
func LookupTXT(ctx context.Context, upstream Upstream, name string) ([]string, error) {
	q := new(miekg.Msg).SetQuestion(miekg.Fqdn(name), miekg.TypeTXT)
	q.SetEdns0(udpSize, false)
	m, err := upstream(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look up TXT of %s: %w", name, err)
	}
	if m.Rcode != miekg.RcodeSuccess && m.Rcode != miekg.RcodeNameError {
		return nil, fmt.Errorf("look up TXT of %s: upstream says %s", name, miekg.RcodeToString[m.Rcode])
	}
	var texts []string
	for _, rr := range m.Answer {
		if txt, ok := rr.(*miekg.TXT); ok {
			texts = append(texts, strings.Join(txt.Txt, ""))
		}
	}
	return texts, nil
}
