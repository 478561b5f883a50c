package storetest

import (
	"fmt"
	"iter"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

const account, region = "111122223333", "us-east-1"

var owner = vpc.Owner{Account: account, Region: region}

func subnet(o vpc.Owner, id, network string) vpc.Subnet {
	return vpc.Subnet{Owner: o, ID: id, VPC: network}
}

func ids(seq iter.Seq[vpc.Subnet]) string {
	var ids []string
	for s := range seq {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

// testRestart writes a record of each kind with every kind of field and reads
// it from another store.
func testRestart(t *testing.T, open func(testing.TB) *store.Store) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	tags := vpc.Tags{"Name": "a <b> & \"c\"", "": "é"}
	network := vpc.Network{Owner: owner, ID: "vpc-0a", CIDR: netip.MustParsePrefix("10.0.0.0/16"), DNSSupport: true, Created: at, Tags: tags}
	group := vpc.SecurityGroup{Owner: owner, ID: "sg-0a", VPC: "vpc-0a", Rules: []vpc.SecurityGroupRule{
		{ID: "sgr-0a", Protocol: vpc.ProtocolTCP, FromPort: 443, ToPort: 443, CIDR: netip.MustParsePrefix("10.0.0.0/8")},
		{ID: "sgr-0b", Egress: true, Protocol: vpc.ProtocolAll, Group: "sg-0a", Tags: tags},
	}}
	eni := vpc.ENI{Owner: owner, ID: "eni-0a", Type: vpc.InterfaceEndpoint, Address: netip.MustParseAddr("10.0.0.4"), Groups: []string{"sg-0a", "sg-0b"}}
	endpoint := vpc.Endpoint{Owner: owner, ID: "vpce-0a", PrivateZones: map[string]string{"eks.us-east-1.amazonaws.com": "Z0"}, Policy: "{\n}"}
	flow := vpc.FlowLog{Owner: owner, ID: "fl-0a", Interval: time.Minute, Format: vpc.DefaultFlowFormat}
	cluster := store.Cluster{Owner: owner, ClientToken: "t", Cluster: eks.Cluster{Name: wire.Ptr("c1"), CreatedAt: &at, Tags: map[string]string{"k": "v"}}}
	logs := store.LogGroup{Owner: owner, Name: "/flow/logs", Created: at, RetentionDays: 7, Tags: tags}
	stream := store.LogStream{Owner: owner, Group: "/flow/logs", Name: "eni-0a-all", Created: at}

	s := open(t)
	written := update(t, s, func(tx *store.Tx) {
		s.Networks.Put(tx, network)
		s.SecurityGroups.Put(tx, group)
		s.ENIs.Put(tx, eni)
		s.Endpoints.Put(tx, endpoint)
		s.FlowLogs.Put(tx, flow)
		s.Clusters.Put(tx, cluster)
		s.LogGroups.Put(tx, logs)
		s.LogStreams.Put(tx, stream)
	})
	closeStore(t, s)

	s = open(t)
	defer closeStore(t, s)
	r := s.Snapshot()
	if r.Revision() < written {
		t.Errorf("revision %d after a restart, wrote %d", r.Revision(), written)
	}
	same(t, s.Networks, r, network)
	same(t, s.SecurityGroups, r, group)
	same(t, s.ENIs, r, eni)
	same(t, s.Endpoints, r, endpoint)
	same(t, s.FlowLogs, r, flow)
	same(t, s.Clusters, r, cluster)
	same(t, s.LogGroups, r, logs)
	same(t, s.LogStreams, r, stream)
	if got := s.Networks.Revision(r, s.Networks.Key(network)); got != written {
		t.Errorf("record's revision = %d, want %d", got, written)
	}
}

func same[T any](t *testing.T, table *store.Table[T], r store.Reader, want T) {
	t.Helper()
	got, ok := table.Get(r, table.Key(want))
	if !ok {
		t.Errorf("%s: no record %v", table.Name(), table.Key(want))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", table.Name(), got, want)
	}
}

func testReads(t *testing.T, s *store.Store) {
	west := vpc.Owner{Account: account, Region: "us-west-2"}
	other := vpc.Owner{Account: "444455556666", Region: region}
	update(t, s, func(tx *store.Tx) {
		for _, n := range []vpc.Subnet{
			subnet(owner, "subnet-0c", "vpc-0a"), subnet(owner, "subnet-0a", "vpc-0a"),
			subnet(owner, "subnet-0b", "vpc-0ab"), subnet(west, "subnet-0d", "vpc-0w"),
			subnet(other, "subnet-0e", "vpc-0a"),
		} {
			s.Subnets.Put(tx, n)
		}
	})
	read := func(t *testing.T, r store.Reader) {
		for _, row := range []struct{ what, got, want string }{
			{"one account and Region", ids(s.Subnets.List(r, account, region)), "subnet-0a subnet-0b subnet-0c"},
			{"all Regions", ids(s.Subnets.List(r, account, "")), "subnet-0a subnet-0b subnet-0c subnet-0d"},
			{"all accounts", ids(s.Subnets.List(r, "", region)), "subnet-0a subnet-0b subnet-0c subnet-0e"},
			{"all", ids(s.Subnets.List(r, "", "")), "subnet-0a subnet-0b subnet-0c subnet-0d subnet-0e"},
			{"unknown account", ids(s.Subnets.List(r, "11112222333", "")), ""},
			{"start of a Region's name", ids(s.Subnets.List(r, account, "us-east")), ""},
			{"index", ids(s.Subnets.By(r, "vpc", "vpc-0a")), "subnet-0a subnet-0c subnet-0e"},
			{"start of an indexed value", ids(s.Subnets.By(r, "vpc", "vpc-0")), ""},
			{"empty value", ids(s.Subnets.By(r, "vpc", "")), ""},
		} {
			if row.got != row.want {
				t.Errorf("%s: %q, want %q", row.what, row.got, row.want)
			}
		}
		if _, ok := s.Subnets.Get(r, store.Key{Account: account, Region: "us-west-2", ID: "subnet-0a"}); ok {
			t.Error("found a record in another Region")
		}
		for range s.Subnets.List(r, "", "") {
			break // an iteration may end early
		}
	}
	read(t, s.Snapshot())
	update(t, s, func(tx *store.Tx) { read(t, tx) })
	update(t, s, func(tx *store.Tx) { // the same with pending writes in between
		s.Subnets.Put(tx, subnet(owner, "subnet-0a", "vpc-0a"))
		s.Subnets.Put(tx, subnet(owner, "subnet-0f", "vpc-0a"))
		s.Subnets.Delete(tx, store.Key{Account: account, Region: region, ID: "subnet-0f"})
		read(t, tx)
	})
}

func testIndexes(t *testing.T, s *store.Store) {
	eni := vpc.ENI{Owner: owner, ID: "eni-0a", VPC: "vpc-0a", Groups: []string{"sg-0a", "sg-0b", "sg-0a"}}
	holds := func(group string) bool {
		for range s.ENIs.By(s.Snapshot(), "group", group) {
			return true
		}
		return false
	}
	update(t, s, func(tx *store.Tx) { s.ENIs.Put(tx, eni) })
	if !holds("sg-0a") || !holds("sg-0b") || holds("sg-0c") {
		t.Error("not found under its groups alone")
	}
	eni.Groups = []string{"sg-0c"}
	update(t, s, func(tx *store.Tx) { s.ENIs.Put(tx, eni) })
	if holds("sg-0a") || holds("sg-0b") || !holds("sg-0c") {
		t.Error("index did not follow a change")
	}
	update(t, s, func(tx *store.Tx) { s.ENIs.Delete(tx, s.ENIs.Key(eni)) })
	if holds("sg-0c") {
		t.Error("index did not follow a delete")
	}

	peer := vpc.SecurityGroup{Owner: owner, ID: "sg-0a", Rules: []vpc.SecurityGroupRule{{Group: "sg-0p"}, {}, {Group: "sg-0q"}}}
	update(t, s, func(tx *store.Tx) { s.SecurityGroups.Put(tx, peer) })
	if n := len(slices.Collect(s.SecurityGroups.By(s.Snapshot(), "peer", "sg-0q"))); n != 1 {
		t.Errorf("%d groups refer to sg-0q, want 1", n)
	}
}

func testOddIDs(t *testing.T, s *store.Store) {
	names := []string{"/aws/vpc/flow", "//", "a/b:c", "é\x00\n", "..", "a", "a/"}
	update(t, s, func(tx *store.Tx) {
		for _, name := range names {
			s.LogGroups.Put(tx, store.LogGroup{Owner: owner, Name: name})
		}
	})
	var got []string
	for g := range s.LogGroups.List(s.Snapshot(), account, region) {
		got = append(got, g.Name)
		if _, ok := s.LogGroups.Get(s.Snapshot(), store.Key{Account: account, Region: region, ID: g.Name}); !ok {
			t.Errorf("listed %q and did not find it", g.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("listed %q, want %q", got, names)
	}
}

func testMany(t *testing.T, s *store.Store) {
	id := func(i int) store.Key {
		return store.Key{Account: account, Region: region, ID: fmt.Sprintf("subnet-%03d", i)}
	}
	update(t, s, func(tx *store.Tx) {
		for i := range 100 {
			if _, ok := s.Subnets.Get(tx, id(i)); !ok {
				s.Subnets.Put(tx, subnet(owner, id(i).ID, "vpc-0a"))
			}
		}
	})
	if n := len(slices.Collect(s.Subnets.By(s.Snapshot(), "vpc", "vpc-0a"))); n != 100 {
		t.Fatalf("%d records, want 100", n)
	}
	update(t, s, func(tx *store.Tx) {
		for i := range 100 {
			s.Subnets.Delete(tx, id(i))
		}
	})
	if got := ids(s.Subnets.List(s.Snapshot(), "", "")); got != "" {
		t.Errorf("left after delete: %s", got)
	}
}
