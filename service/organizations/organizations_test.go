package organizations

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/store"
	"github.com/postern/postern/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	management = "111122223333"
	member     = "444455556666"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fixture is an organization with one member.
func fixture(t *testing.T) (*Service, *store.Store) {
	t.Helper()
	records := storetest.Open(t)
	s := open(t, records, management)
	if _, err := s.CreateAccount(t.Context(), "shop", member); err != nil {
		t.Fatal(err)
	}
	return s, records
}

func open(t *testing.T, records *store.Store, management string) *Service {
	t.Helper()
	s, err := Open(t.Context(), Config{Store: records, Management: management, Name: "main", Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unit(t *testing.T, s *Service, name, parent string) string {
	t.Helper()
	id, err := s.CreateUnit(t.Context(), name, parent)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// outline draws the tree.
func outline(s *Service) string {
	var b strings.Builder
	for _, n := range s.Tree() {
		name := n.Name
		if n.Management {
			name += " (management)"
		}
		fmt.Fprintf(&b, "%s%s %s %s\n", strings.Repeat(" ", n.Depth), name, n.SCPs, n.RCPs)
	}
	return b.String()
}

func TestOpen(t *testing.T) {
	s, records := fixture(t)
	for id, form := range map[string]string{s.id: `^o-[a-z0-9]{10}$`, s.root: `^r-[a-z0-9]{4}$`} {
		if !regexp.MustCompile(form).MatchString(id) {
			t.Errorf("id %s", id)
		}
	}
	if again := open(t, records, management); again.id != s.id || again.root != s.root || s.ID() != s.id {
		t.Errorf("opened as %s %s, then as %s %s", s.id, s.root, again.id, again.root)
	}
	want := `Root [FullAWSAccess] [RCPFullAWSAccess]
 main (management) [FullAWSAccess] [RCPFullAWSAccess]
 shop [FullAWSAccess] [RCPFullAWSAccess]
`
	if d := cmp.Diff(want, outline(s)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// The installation is started with another account.
	other := open(t, records, "777788889999")
	if !other.Member("777788889999", member) || !other.Member("777788889999", management) || other.Member(management, member) {
		t.Errorf("%s", outline(other))
	}
}

func TestAccounts(t *testing.T) {
	s, _ := fixture(t)
	a, err := s.CreateAccount(t.Context(), "drawn", "")
	must(t, err)
	if !regexp.MustCompile(`^[1-9][0-9]{11}$`).MatchString(a.ID) || !a.Created.Equal(at) {
		t.Errorf("%+v", a)
	}
	if got, err := s.Account(a.ID); err != nil || got != a {
		t.Errorf("%+v %v, want %+v", got, err, a)
	}
	if owner, ok := auth.AccessKeyAccount(a.AccessKeyID); !ok || owner != a.ID {
		t.Errorf("%s tells account %s", a.AccessKeyID, owner)
	}
	secret, caller, ok := s.RootKey(a.AccessKeyID)
	if d := cmp.Diff(auth.RootOf(a.ID), caller); !ok || secret != a.SecretAccessKey || d != "" {
		t.Errorf("%q %v\n%s", secret, ok, d)
	}
	if _, _, ok := s.RootKey("AKIAIOSFODNN7EXAMPLE"); ok {
		t.Error("an unknown key is somebody's")
	}
	if got, err := s.Account(management); err != nil || got.AccessKeyID != "" || got.Name != "main" {
		t.Errorf("the management account: %+v %v", got, err)
	}
	for id, want := range map[string]string{
		member: "create account: there is an account 444455556666 already",
		"12":   `account id "12" is not 12 digits`,
		s.root: `account id "` + s.root + `" is not 12 digits`,
	} {
		_, err := s.CreateAccount(t.Context(), "x", id)
		wantError(t, err, want)
	}
	_, err = s.CreateAccount(t.Context(), " ", "")
	wantError(t, err, `" " is no name: 1 to 128 characters in one line`)
	for _, id := range []string{"123456789012", s.root, ""} {
		_, err := s.Account(id)
		wantError(t, err, "there is no account "+id)
	}
}

func TestTree(t *testing.T) {
	s, _ := fixture(t)
	prod := unit(t, s, "prod", "")
	web := unit(t, s, "web", prod)
	if !regexp.MustCompile(`^ou-` + s.root[2:] + `-[a-z0-9]{8}$`).MatchString(prod) {
		t.Errorf("id %s", prod)
	}
	must(t, s.Move(t.Context(), member, web))
	if path := s.Path(member); path != s.id+"/"+s.root+"/"+prod+"/"+web+"/" {
		t.Errorf("path %s", path)
	}
	if path := s.Path(management); path != s.id+"/"+s.root+"/" {
		t.Errorf("path %s", path)
	}
	if path := s.Path("123456789012"); path != "" {
		t.Error("a stranger has a path")
	}
	deep := web
	for _, name := range []string{"3", "4", "5"} {
		deep = unit(t, s, name, deep)
	}
	_, err := s.CreateUnit(t.Context(), "6", deep)
	wantError(t, err, "create unit: units can be 5 levels deep")
	_, err = s.CreateUnit(t.Context(), "web", prod)
	wantError(t, err, `create unit: there is a unit "web" in `+prod+" already")
	_, err = s.CreateUnit(t.Context(), "x", member)
	wantError(t, err, "create unit: there is no unit "+member)
	must(t, s.Move(t.Context(), member, deep)) // accounts do not count

	test := unit(t, s, "test", "")
	for _, c := range []struct{ id, parent, want string }{
		{"x", prod, "move: there is no x"},
		{s.root, prod, "move: the root stays where it is"},
		{member, "x", "move: there is no unit x"},
		{member, management, "move: there is no unit " + management},
		{prod, web, "move: " + web + " is in " + prod},
		{prod, prod, "move: " + prod + " is in " + prod},
		{prod, test, "move: units can be 5 levels deep"},
	} {
		wantError(t, s.Move(t.Context(), c.id, c.parent), c.want)
	}
	must(t, s.Move(t.Context(), web, test))
	wantError(t, s.DeleteUnit(t.Context(), test), "delete unit: "+web+" is in it")
	wantError(t, s.DeleteUnit(t.Context(), member), "delete unit: there is no unit "+member)
	must(t, s.DeleteUnit(t.Context(), prod))
	want := `Root [FullAWSAccess] [RCPFullAWSAccess]
 main (management) [FullAWSAccess] [RCPFullAWSAccess]
 test [FullAWSAccess] [RCPFullAWSAccess]
  web [FullAWSAccess] [RCPFullAWSAccess]
   3 [FullAWSAccess] [RCPFullAWSAccess]
    4 [FullAWSAccess] [RCPFullAWSAccess]
     5 [FullAWSAccess] [RCPFullAWSAccess]
      shop [FullAWSAccess] [RCPFullAWSAccess]
`
	if d := cmp.Diff(want, outline(s)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

const (
	onlyEKS = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks:*","Resource":"*"}]}`
	noEC2   = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ec2:*","Resource":"*"}]}`
	inOrg   = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`
)

func put(t *testing.T, s *Service, name, kind, document string) string {
	t.Helper()
	id, err := s.PutPolicy(t.Context(), name, kind, document)
	must(t, err)
	return id
}

func TestAttach(t *testing.T) {
	s, _ := fixture(t)
	prod := unit(t, s, "prod", "")
	id := put(t, s, "no-ec2", SCP, noEC2)
	put(t, s, "in-org", RCP, inOrg)
	must(t, s.Attach(t.Context(), "no-ec2", prod))
	must(t, s.Attach(t.Context(), id, prod)) // again: nothing changes
	must(t, s.Attach(t.Context(), "in-org", s.root))
	must(t, s.Detach(t.Context(), "FullAWSAccess", prod))
	want := `Root [FullAWSAccess] [RCPFullAWSAccess in-org]
 main (management) [FullAWSAccess] [RCPFullAWSAccess]
 shop [FullAWSAccess] [RCPFullAWSAccess]
 prod [no-ec2] [RCPFullAWSAccess]
`
	if d := cmp.Diff(want, outline(s)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	wantError(t, s.Detach(t.Context(), "no-ec2", prod), "detach policy: it is the last one there: attach another before")
	wantError(t, s.Detach(t.Context(), "no-ec2", member), "detach policy: no-ec2 is not attached to "+member)
	wantError(t, s.Detach(t.Context(), "RCPFullAWSAccess", prod), "detach policy: RCPFullAWSAccess is attached everywhere")
	wantError(t, s.Attach(t.Context(), "x", prod), "attach policy: there is no policy x")
	wantError(t, s.Attach(t.Context(), "no-ec2", "x"), "attach policy: there is no x")
	wantError(t, s.DeletePolicy(t.Context(), "no-ec2"), "delete policy: no-ec2 is attached to "+prod)
	wantError(t, s.DeletePolicy(t.Context(), "FullAWSAccess"), "delete policy: FullAWSAccess is AWS's")
	for i := range 4 {
		must(t, s.Attach(t.Context(), put(t, s, fmt.Sprint(i), SCP, noEC2), prod))
	}
	wantError(t, s.Attach(t.Context(), put(t, s, "5", SCP, noEC2), prod), "attach policy: "+prod+" has 5 policies of this type already")
	must(t, s.Detach(t.Context(), "no-ec2", prod))
	must(t, s.DeletePolicy(t.Context(), "no-ec2"))
	wantError(t, s.DeletePolicy(t.Context(), "no-ec2"), "delete policy: there is no policy no-ec2")
}

func TestPutPolicy(t *testing.T) {
	s, _ := fixture(t)
	id := put(t, s, "p", SCP, noEC2)
	if !regexp.MustCompile(`^p-[a-z0-9]{8}$`).MatchString(id) {
		t.Errorf("id %s", id)
	}
	if again := put(t, s, "p", SCP, onlyEKS); again != id {
		t.Errorf("changed as %s, was %s", again, id)
	}
	must(t, s.Attach(t.Context(), "p", member))
	all := s.Policies()
	if len(all) != 3 || all[0].Name != "FullAWSAccess" || len(all[0].Targets) != 3 {
		t.Errorf("%+v", all)
	}
	if d := cmp.Diff(Policy{ID: id, Name: "p", Type: SCP, Document: onlyEKS, Updated: at, Targets: []string{member}}, all[2]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for _, c := range []struct{ name, kind, document, want string }{
		{"p", RCP, inOrg, "put policy: p is of type scp"},
		{"p", "x", noEC2, `policy p: type "x" is neither scp nor rcp`},
		{"", SCP, noEC2, `"" is no name: 1 to 128 characters in one line`},
		{"FullAWSAccess", SCP, noEC2, "put policy: FullAWSAccess is AWS's"},
		{"q", SCP, "{", "policy q: Syntax errors in policy."},
		{"q", RCP, noEC2, "policy q: Statement 1: Missing required field Principal"},
		{"q", SCP, strings.Repeat(" ", 5121), "policy q: 5121 characters are more than 5120"},
	} {
		_, err := s.PutPolicy(t.Context(), c.name, c.kind, c.document)
		wantError(t, err, c.want)
	}
}

// TestLevels decides by what applies to an account.
func TestLevels(t *testing.T) {
	s, records := fixture(t)
	prod := unit(t, s, "prod", "")
	must(t, s.Move(t.Context(), member, prod))
	decide := func(account, action string) string {
		scps, rcps := s.Levels(account)
		v := policy.Decide(policy.Request{Action: action, Resource: "*", ResourceAccount: account,
			Principal: policy.Principal{ARN: "arn:aws:iam::" + account + ":root", Account: account}}, policy.Set{SCPs: scps, RCPs: rcps})
		if v.Decision == policy.Allowed {
			return "allowed"
		}
		return v.Cause(action)
	}
	check := func(name, account, action, want string) {
		t.Helper()
		if got := decide(account, action); got != want {
			t.Errorf("%s: %s %s: %q, want %q", name, account, action, got, want)
		}
	}
	if scps, rcps := s.Levels(member); scps != nil || rcps != nil {
		t.Errorf("policies apply where nothing is restricted: %v %v", scps, rcps)
	}
	id := put(t, s, "no-ec2", SCP, noEC2)
	must(t, s.Attach(t.Context(), "no-ec2", s.root))
	arn := "arn:aws:organizations::" + management + ":policy/" + s.id + "/service_control_policy/" + id
	check("denied at the root", member, "ec2:DescribeVpcs", " with an explicit deny in a service control policy: "+arn)
	check("denied at the root", member, "eks:ListClusters", "allowed")
	check("the management account", management, "ec2:DescribeVpcs", "allowed")
	check("a stranger", "123456789012", "ec2:DescribeVpcs", "allowed")
	must(t, s.Detach(t.Context(), "no-ec2", s.root))

	put(t, s, "only-eks", SCP, onlyEKS)
	must(t, s.Attach(t.Context(), "only-eks", prod))
	check("beside FullAWSAccess", member, "ec2:DescribeVpcs", "allowed")
	must(t, s.Detach(t.Context(), "FullAWSAccess", prod))
	check("alone in the unit", member, "ec2:DescribeVpcs", " because no service control policy allows the ec2:DescribeVpcs action")
	check("alone in the unit", member, "eks:ListClusters", "allowed")
	must(t, s.Move(t.Context(), member, s.root))
	check("out of the unit", member, "ec2:DescribeVpcs", "allowed")

	put(t, s, "in-org", RCP, inOrg)
	must(t, s.Attach(t.Context(), "in-org", member))
	check("a resource control policy", member, "sts:AssumeRole", " with an explicit deny in a resource control policy: "+
		"arn:aws:organizations::"+management+":policy/"+s.id+"/resource_control_policy/"+s.Policies()[slicesIndex(s.Policies(), "in-org")].ID)
	check("a resource control policy", member, "eks:ListClusters", "allowed")

	// A document that this version does not understand denies.
	_, err := records.Update(t.Context(), func(tx *store.Tx) error {
		records.OrganizationPolicies.Put(tx, store.OrganizationPolicy{ID: "p-x", Name: "x", Type: SCP, Document: "{}"})
		return nil
	})
	must(t, err)
	must(t, s.Attach(t.Context(), "x", member))
	if got := decide(member, "eks:ListClusters"); !strings.HasPrefix(got, " with an explicit deny in a service control policy") {
		t.Errorf("not understood: %s", got)
	}
}

func slicesIndex(all []Policy, name string) int {
	for i, p := range all {
		if p.Name == name {
			return i
		}
	}
	return -1
}

func BenchmarkLevels(b *testing.B) {
	records := storetest.Open(b)
	s, err := Open(b.Context(), Config{Store: records, Management: management, Name: "main"})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.CreateAccount(b.Context(), "shop", member); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Levels(member)
	}
}
