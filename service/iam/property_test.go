package iam

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/iam"
)

// model is what a plain reading of the rules says that an account has: users
// with groups and policies, groups with policies.
type model struct {
	users    map[string]map[string]bool // user: groups
	policies map[string]map[string]bool // "u ann" or "g devs": ARNs
}

// TestProperty: whatever is created, renamed, attached, taken away and deleted
// in whatever order, the service refuses what the rules refuse, and shows what
// they leave.
func TestProperty(t *testing.T) {
	b := fixture(t)
	policies := []string{b.addPolicy("one", allowAll), b.addPolicy("two", allowAll), readOnly}
	rapid.Check(t, func(t *rapid.T) {
		b.clear()
		m := &model{map[string]map[string]bool{}, map[string]map[string]bool{}}
		user := rapid.SampledFrom([]string{"ann", "bea", "cid"})
		group := rapid.SampledFrom([]string{"devs", "ops"})
		policy := rapid.SampledFrom(policies)
		t.Repeat(map[string]func(*rapid.T){
			"create user": func(t *rapid.T) {
				name := user.Draw(t, "user")
				_, err := b.CreateUser(b.ctx, &iam.CreateUserInput{UserName: &name})
				m.check(t, err, m.users[name] != nil, "EntityAlreadyExists", func() { m.users[name], m.policies["u "+name] = map[string]bool{}, map[string]bool{} })
			},
			"create group": func(t *rapid.T) {
				name := group.Draw(t, "group")
				_, err := b.CreateGroup(b.ctx, &iam.CreateGroupInput{GroupName: &name})
				m.check(t, err, m.policies["g "+name] != nil, "EntityAlreadyExists", func() { m.policies["g "+name] = map[string]bool{} })
			},
			"rename user": func(t *rapid.T) {
				from, to := user.Draw(t, "from"), user.Draw(t, "to")
				_, err := b.UpdateUser(b.ctx, &iam.UpdateUserInput{UserName: &from, NewUserName: &to})
				if m.users[from] == nil {
					m.check(t, err, true, "NoSuchEntity", nil)
					return
				}
				m.check(t, err, from != to && m.users[to] != nil, "EntityAlreadyExists", func() {
					m.move(m.users, from, to)
					m.move(m.policies, "u "+from, "u "+to)
				})
			},
			"rename group": func(t *rapid.T) {
				from, to := group.Draw(t, "from"), group.Draw(t, "to")
				_, err := b.UpdateGroup(b.ctx, &iam.UpdateGroupInput{GroupName: &from, NewGroupName: &to})
				if m.policies["g "+from] == nil {
					m.check(t, err, true, "NoSuchEntity", nil)
					return
				}
				m.check(t, err, from != to && m.policies["g "+to] != nil, "EntityAlreadyExists", func() {
					m.move(m.policies, "g "+from, "g "+to)
					for _, groups := range m.users {
						if groups[from] {
							delete(groups, from)
							groups[to] = true
						}
					}
				})
			},
			"add": func(t *rapid.T) {
				u, g := user.Draw(t, "user"), group.Draw(t, "group")
				_, err := b.AddUserToGroup(b.ctx, &iam.AddUserToGroupInput{UserName: &u, GroupName: &g})
				m.check(t, err, m.users[u] == nil || m.policies["g "+g] == nil, "NoSuchEntity", func() { m.users[u][g] = true })
			},
			"remove": func(t *rapid.T) {
				u, g := user.Draw(t, "user"), group.Draw(t, "group")
				_, err := b.RemoveUserFromGroup(b.ctx, &iam.RemoveUserFromGroupInput{UserName: &u, GroupName: &g})
				m.check(t, err, m.users[u] == nil || m.policies["g "+g] == nil, "NoSuchEntity", func() { delete(m.users[u], g) })
			},
			"attach to user": func(t *rapid.T) {
				u, p := user.Draw(t, "user"), policy.Draw(t, "policy")
				_, err := b.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: &u, PolicyArn: &p})
				m.check(t, err, m.users[u] == nil, "NoSuchEntity", func() { m.policies["u "+u][p] = true })
			},
			"detach from user": func(t *rapid.T) {
				u, p := user.Draw(t, "user"), policy.Draw(t, "policy")
				_, err := b.DetachUserPolicy(b.ctx, &iam.DetachUserPolicyInput{UserName: &u, PolicyArn: &p})
				m.check(t, err, !m.policies["u "+u][p], "NoSuchEntity", func() { delete(m.policies["u "+u], p) })
			},
			"attach to group": func(t *rapid.T) {
				g, p := group.Draw(t, "group"), policy.Draw(t, "policy")
				_, err := b.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: &g, PolicyArn: &p})
				m.check(t, err, m.policies["g "+g] == nil, "NoSuchEntity", func() { m.policies["g "+g][p] = true })
			},
			"detach from group": func(t *rapid.T) {
				g, p := group.Draw(t, "group"), policy.Draw(t, "policy")
				_, err := b.DetachGroupPolicy(b.ctx, &iam.DetachGroupPolicyInput{GroupName: &g, PolicyArn: &p})
				m.check(t, err, !m.policies["g "+g][p], "NoSuchEntity", func() { delete(m.policies["g "+g], p) })
			},
			"delete user": func(t *rapid.T) {
				u := user.Draw(t, "user")
				_, err := b.DeleteUser(b.ctx, &iam.DeleteUserInput{UserName: &u})
				if m.users[u] == nil {
					m.check(t, err, true, "NoSuchEntity", nil)
					return
				}
				m.check(t, err, len(m.users[u]) > 0 || len(m.policies["u "+u]) > 0, "DeleteConflict", func() { delete(m.users, u); delete(m.policies, "u "+u) })
			},
			"delete group": func(t *rapid.T) {
				g := group.Draw(t, "group")
				_, err := b.DeleteGroup(b.ctx, &iam.DeleteGroupInput{GroupName: &g})
				if m.policies["g "+g] == nil {
					m.check(t, err, true, "NoSuchEntity", nil)
					return
				}
				m.check(t, err, m.members(g) > 0 || len(m.policies["g "+g]) > 0, "DeleteConflict", func() { delete(m.policies, "g "+g) })
			},
			"": func(t *rapid.T) { m.compare(t, b, policies) },
		})
	})
}

// check wants a refusal of that code, or success, after which it changes the
// model.
func (m *model) check(t *rapid.T, err error, refused bool, code string, change func()) {
	var e *wire.Error
	switch {
	case refused && (!errors.As(err, &e) || e.Code != code):
		t.Fatalf("got %v, want %s", err, code)
	case refused:
	case err != nil:
		t.Fatal(err)
	default:
		change()
	}
}

func (m *model) move(in map[string]map[string]bool, from, to string) {
	value := in[from]
	delete(in, from)
	in[to] = value
}

func (m *model) members(group string) int {
	n := 0
	for _, groups := range m.users {
		if groups[group] {
			n++
		}
	}
	return n
}

// compare reads everything back.
func (m *model) compare(t *rapid.T, b *bench, policies []string) {
	details, err := b.GetAccountAuthorizationDetails(b.ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []string{"User", "Group"}})
	if err != nil {
		t.Fatal(err)
	}
	got := &model{map[string]map[string]bool{}, map[string]map[string]bool{}}
	set := func(attached []iam.AttachedPolicy) map[string]bool {
		all := map[string]bool{}
		for _, a := range attached {
			all[*a.PolicyArn] = true
		}
		return all
	}
	for _, u := range details.UserDetailList {
		got.users[*u.UserName] = map[string]bool{}
		for _, g := range u.GroupList {
			got.users[*u.UserName][g] = true
		}
		got.policies["u "+*u.UserName] = set(u.AttachedManagedPolicies)
	}
	for _, g := range details.GroupDetailList {
		got.policies["g "+*g.GroupName] = set(g.AttachedManagedPolicies)
	}
	same := func(a, b map[string]map[string]bool) bool { return maps.EqualFunc(a, b, maps.Equal[map[string]bool]) }
	if !same(m.users, got.users) || !same(m.policies, got.policies) {
		t.Fatalf("there are %+v\nwant %+v", got, m)
	}
	for _, p := range policies {
		want := 0
		for _, has := range m.policies {
			if has[p] {
				want++
			}
		}
		out, err := b.GetPolicy(b.ctx, &iam.GetPolicyInput{PolicyArn: &p})
		if err != nil || int(*out.Policy.AttachmentCount) != want {
			t.Fatalf("%s is attached %d times, want %d: %v", p, *out.Policy.AttachmentCount, want, err)
		}
	}
}

// clear deletes all users and groups.
func (b *bench) clear() {
	b.write(func(tx *store.Tx) {
		for _, u := range slices.Collect(b.store.Users.List(tx, "", "")) {
			b.store.Users.Delete(tx, u.Key(u.Name))
		}
		for _, g := range slices.Collect(b.store.Groups.List(tx, "", "")) {
			b.store.Groups.Delete(tx, g.Key(g.Name))
		}
	})
}

// FuzzARN: any text is the ARN of something or not, and an ARN that was read
// is written the same.
func FuzzARN(f *testing.F) {
	f.Add(readOnly)
	f.Add("arn:aws:iam::111122223333:user/a/b/c")
	f.Add("arn:aws:iam::1:oidc-provider/x/y")
	f.Add("arn:aws:iam::1:user//")
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := parseARN(text)
		if !ok {
			return
		}
		if got := n.ARN(n.kind + n.path + n.name); got != text || strings.Contains(n.name, "/") {
			t.Errorf("%q is %+v, written %q", text, n, got)
		}
	})
}
