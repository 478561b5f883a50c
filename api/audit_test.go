package api

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/eks"
)

// calls is an Audit that remembers.
type calls struct {
	mu  sync.Mutex
	all []audit.Call
}

func (c *calls) Record(one audit.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
}

// take waits for the one call since the last take.
func (c *calls) take(t *testing.T) audit.Call {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		c.mu.Lock()
		all := c.all
		c.mu.Unlock()
		if len(all) == 1 {
			c.mu.Lock()
			c.all = nil
			c.mu.Unlock()
			return all[0]
		}
	}
	t.Fatal("no call was recorded")
	return audit.Call{}
}

func TestEveryCallIsRecordedOnce(t *testing.T) {
	f := newFixture(t)
	heard := &calls{}
	f.server.config.Audit = heard
	private, public := f.listen(arrivalOn("eks")), f.listen(vpc.Arrival{})
	cluster := []string{"arn:aws:eks:us-east-1:111122223333:cluster/c1"}
	near := good
	near.url = "https://" + public
	wrongSecret := near
	wrongSecret.secret += "x"
	for _, row := range []struct {
		name, address string
		user          user
		policy        string
		endpoint      string
		resources     []string
		denied        string
		code          string
		out           bool
	}{
		{"allowed", public, near, "", "", cluster, "", "", true},
		{"allowed through an endpoint", private, good, "", endpoint, cluster, "", "", true},
		{"denied by its policy", private, good, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"eks:List*","Resource":"*"}]}`,
			endpoint, cluster, "endpoint", "AccessDeniedException", false},
		{"refused signature", public, wrongSecret, "", "", nil, "", "InvalidSignatureException", false},
	} {
		f.set(func() { f.policy = row.policy })
		err := asks["eks"](t.Context(), f.config(row.address, row.user))
		if (err != nil) != (row.code != "") {
			t.Fatalf("%s: %v", row.name, err)
		}
		c := heard.take(t)
		if c.Operation != eks.OpDescribeCluster || c.Service != eks.Model || c.ID == "" || c.Region != region || c.AccessKey != accessKey {
			t.Errorf("%s: call %+v", row.name, c)
		}
		if got := c.Arrival.Endpoint; got != row.endpoint {
			t.Errorf("%s: through %q", row.name, got)
		}
		if (c.Caller.Account == "") != (row.resources == nil) {
			t.Errorf("%s: by %q", row.name, c.Caller.Account)
		}
		if !slices.Equal(c.Outcome.Resources, row.resources) {
			t.Errorf("%s: resources %q", row.name, c.Outcome.Resources)
		}
		if denied := c.Outcome.Denied.Action == "eks:DescribeCluster"; denied != (row.denied != "") || denied && c.Outcome.Verdict.Type != policy.Endpoint {
			t.Errorf("%s: outcome %+v", row.name, c.Outcome)
		}
		if (c.Error != nil) != (row.code != "") || c.Error != nil && c.Error.Code != row.code {
			t.Errorf("%s: error %v", row.name, c.Error)
		}
		if (c.Out != nil) != row.out || (c.In != nil) != (row.resources != nil) {
			t.Errorf("%s: in %v, out %v", row.name, c.In, c.Out)
		}
		if c.TLS.Version == 0 || c.TLS.Host == "" || c.Source == "" || c.UserAgent == "" {
			t.Errorf("%s: %+v from %q with %q", row.name, c.TLS, c.Source, c.UserAgent)
		}
	}
}
