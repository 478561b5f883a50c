package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/postern/postern/service/organizations"
)

// orgCommand works with the organization of the accounts.
type orgCommand struct {
	Tree         orgTreeCommand         `cmd:"" help:"Show the organization."`
	Show         orgShowCommand         `cmd:"" help:"Show the root, a unit, an account or a policy as JSON."`
	CreateUnit   orgCreateUnitCommand   `cmd:"" help:"Make an organizational unit, and print its id."`
	DeleteUnit   orgDeleteUnitCommand   `cmd:"" help:"Remove an empty organizational unit."`
	Move         orgMoveCommand         `cmd:"" help:"Put an account or a unit below another parent."`
	PutPolicy    orgPutPolicyCommand    `cmd:"" help:"Make a control policy or change its document, and print its id."`
	DeletePolicy orgDeletePolicyCommand `cmd:"" help:"Remove a control policy that is attached nowhere."`
	Attach       orgAttachCommand       `cmd:"" help:"Attach a control policy to the root, a unit or an account."`
	Detach       orgDetachCommand       `cmd:"" help:"Detach a control policy."`
}

type orgTreeCommand struct {
	DataDirFlag
	JSON bool `name:"json" help:"Print JSON, with all policies."`
}

func (c *orgTreeCommand) Run() error {
	o, err := showOrganization(c.DataDir)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(o)
	}
	return o.write(os.Stdout)
}

// write draws the tree for a person. Policies that restrict nothing are left
// out.
func (o organizationReport) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "organization %s\n", o.ID)
	table(&b, "ID\tNAME\tPOLICIES", o.Tree, func(n organizations.Node) []any {
		name := strings.Repeat("  ", n.Depth) + n.Name
		if n.Management {
			name += " (management account)"
		}
		policies := slices.Concat(n.SCPs, n.RCPs)
		if slices.Contains(n.SCPs, "FullAWSAccess") { // otherwise its absence restricts
			policies = slices.DeleteFunc(policies, func(p string) bool { return p == "FullAWSAccess" })
		}
		policies = slices.DeleteFunc(policies, func(p string) bool { return p == "RCPFullAWSAccess" })
		return []any{n.ID, name, strings.Join(policies, ", ")}
	})
	_, err := io.WriteString(w, b.String())
	return err
}

type orgShowCommand struct {
	DataDirFlag
	ID string `arg:"" help:"Its id, or the name of a policy."`
}

func (c *orgShowCommand) Run() error {
	o, err := showOrganization(c.DataDir)
	if err != nil {
		return err
	}
	for _, n := range o.Tree {
		if n.ID == c.ID {
			return writeIndented(os.Stdout, n)
		}
	}
	for _, p := range o.Policies {
		if p.ID == c.ID || p.Name == c.ID {
			return writeIndented(os.Stdout, p)
		}
	}
	return fmt.Errorf("there is no %s in organization %s", c.ID, o.ID)
}

type orgCreateUnitCommand struct {
	DataDirFlag
	Parent string `placeholder:"ID" help:"The unit that it is below (default: the root)."`
	Name   string `arg:"" help:"What people call it."`
}

func (c *orgCreateUnitCommand) Run() error {
	return printID(askOrganization(c.DataDir, organizationRequest{CreateUnit: &unitRequest{Name: c.Name, Parent: c.Parent}}))
}

func printID(reply organizationReply, err error) error {
	if err == nil {
		_, err = fmt.Println(reply.ID)
	}
	return err
}

type orgDeleteUnitCommand struct {
	DataDirFlag
	ID string `arg:"" help:"The unit."`
}

func (c *orgDeleteUnitCommand) Run() error {
	_, err := askOrganization(c.DataDir, organizationRequest{DeleteUnit: &c.ID})
	return err
}

type orgMoveCommand struct {
	DataDirFlag
	ID     string `arg:"" help:"The account or unit."`
	Parent string `arg:"" help:"The root or the unit that it is put below."`
}

func (c *orgMoveCommand) Run() error {
	_, err := askOrganization(c.DataDir, organizationRequest{Move: &moveRequest{ID: c.ID, Parent: c.Parent}})
	return err
}

type orgPutPolicyCommand struct {
	DataDirFlag
	Type string `enum:"scp,rcp" default:"scp" help:"scp: service control policy, of what identities of an account may do; rcp: resource control policy, of who may do what to its resources."`
	Name string `arg:"" help:"What people call it."`
	File string `arg:"" help:"The file of its document; -: stdin."`
}

func (c *orgPutPolicyCommand) Run() error {
	file := os.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("read the policy: %w", err)
		}
		defer f.Close()
		file = f
	}
	document, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	return printID(askOrganization(c.DataDir, organizationRequest{
		PutPolicy: &policyRequest{Name: c.Name, Type: c.Type, Document: strings.TrimSpace(string(document))}}))
}

type orgDeletePolicyCommand struct {
	DataDirFlag
	Policy string `arg:"" help:"Its id or name."`
}

func (c *orgDeletePolicyCommand) Run() error {
	_, err := askOrganization(c.DataDir, organizationRequest{DeletePolicy: &c.Policy})
	return err
}

type orgAttachCommand struct {
	DataDirFlag
	Policy string `arg:"" help:"Its id or name."`
	Target string `arg:"" help:"The root, unit or account."`
}

func (c *orgAttachCommand) Run() error {
	_, err := askOrganization(c.DataDir, organizationRequest{Attach: &attachPolicy{c.Policy, c.Target}})
	return err
}

type orgDetachCommand struct{ orgAttachCommand }

func (c *orgDetachCommand) Run() error {
	_, err := askOrganization(c.DataDir, organizationRequest{Detach: &attachPolicy{c.Policy, c.Target}})
	return err
}
