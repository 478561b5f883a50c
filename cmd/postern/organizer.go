package main

import (
	"context"
	"errors"

	"github.com/postern/postern/service/organizations"
)

// organizationRequest asks for one thing of the organization: exactly one
// member is set.
type organizationRequest struct {
	Show          *showRequest    `json:"show,omitempty"`
	CreateAccount *accountRequest `json:"createAccount,omitempty"`
	Account       *string         `json:"account,omitempty"` // its id: the account with its key
	CreateUnit    *unitRequest    `json:"createUnit,omitempty"`
	DeleteUnit    *string         `json:"deleteUnit,omitempty"` // its id
	Move          *moveRequest    `json:"move,omitempty"`
	PutPolicy     *policyRequest  `json:"putPolicy,omitempty"`
	DeletePolicy  *string         `json:"deletePolicy,omitempty"` // its id or name
	Attach        *attachPolicy   `json:"attach,omitempty"`
	Detach        *attachPolicy   `json:"detach,omitempty"`
}

// showRequest asks for all of the organization.
type showRequest struct{}

type accountRequest struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"` // empty: one is drawn
}

type unitRequest struct {
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"` // empty: the root
}

type moveRequest struct {
	ID     string `json:"id"`
	Parent string `json:"parent"`
}

type policyRequest struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Document string `json:"document"`
}

type attachPolicy struct {
	Policy string `json:"policy"` // id or name
	Target string `json:"target"` // root, unit or account
}

// organizationReply answers with the member of what was asked for. A change
// that makes nothing is answered without one.
type organizationReply struct {
	ID           string                 `json:"id,omitempty"` // of what was made
	Account      *organizations.Account `json:"account,omitempty"`
	Organization *organizationReport    `json:"organization,omitempty"`
}

// organizationReport is the whole organization. Its JSON form is for programs:
// members are added, never changed.
type organizationReport struct {
	ID       string                 `json:"id"`
	Tree     []organizations.Node   `json:"tree"`
	Policies []organizations.Policy `json:"policies"`
}

// organizer does what the commands account and org ask for.
type organizer struct {
	organization *organizations.Service
	management   string    // the management account
	key          accessKey // of its root user
}

func (o organizer) do(ctx context.Context, r organizationRequest) (organizationReply, error) {
	s := o.organization
	var out organizationReply
	var err error
	switch {
	case r.Show != nil:
		out.Organization = &organizationReport{ID: s.ID(), Tree: s.Tree(), Policies: s.Policies()}
	case r.CreateAccount != nil:
		var a organizations.Account
		a, err = s.CreateAccount(ctx, r.CreateAccount.Name, r.CreateAccount.ID)
		out.Account = &a
	case r.Account != nil:
		out.Account, err = o.account(*r.Account)
	case r.CreateUnit != nil:
		out.ID, err = s.CreateUnit(ctx, r.CreateUnit.Name, r.CreateUnit.Parent)
	case r.DeleteUnit != nil:
		err = s.DeleteUnit(ctx, *r.DeleteUnit)
	case r.Move != nil:
		err = s.Move(ctx, r.Move.ID, r.Move.Parent)
	case r.PutPolicy != nil:
		out.ID, err = s.PutPolicy(ctx, r.PutPolicy.Name, r.PutPolicy.Type, r.PutPolicy.Document)
	case r.DeletePolicy != nil:
		err = s.DeletePolicy(ctx, *r.DeletePolicy)
	case r.Attach != nil:
		err = s.Attach(ctx, r.Attach.Policy, r.Attach.Target)
	case r.Detach != nil:
		err = s.Detach(ctx, r.Detach.Policy, r.Detach.Target)
	default:
		err = errors.New("this daemon does not know the request: is it of another version?")
	}
	return out, err
}

// account is an account with its root user's key.
func (o organizer) account(id string) (*organizations.Account, error) {
	a, err := o.organization.Account(id)
	if err == nil && id == o.management {
		a.AccessKeyID, a.SecretAccessKey = o.key.AccessKeyID, o.key.SecretAccessKey
	}
	return &a, err
}

// askOrganization asks the daemon of d.
func askOrganization(d dataDir, r organizationRequest) (organizationReply, error) {
	reply, err := askControl(d, controlRequest{Organization: &r})
	if err != nil {
		return organizationReply{}, err
	}
	if reply.Organization == nil {
		return organizationReply{}, errors.New("the daemon does not say what became of it")
	}
	return *reply.Organization, nil
}

// showOrganization asks the daemon of d for all of the organization.
func showOrganization(d dataDir) (organizationReport, error) {
	reply, err := askOrganization(d, organizationRequest{Show: &showRequest{}})
	if err == nil && reply.Organization == nil {
		err = errors.New("the daemon does not show the organization")
	}
	if err != nil {
		return organizationReport{}, err
	}
	return *reply.Organization, nil
}
