package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/postern/postern/service/organizations"
	"github.com/postern/postern/vpc"
)

// accountCommand works with the installation's accounts.
type accountCommand struct {
	Create      accountCreateCommand      `cmd:"" help:"Make an account, and print the access key of its root user."`
	List        accountListCommand        `cmd:"" help:"List the accounts."`
	Credentials accountCredentialsCommand `cmd:"" help:"Print the access key of an account's root user, as a credential_process of the AWS CLI does."`
}

type accountCreateCommand struct {
	DataDirFlag
	ID   string `name:"id" placeholder:"DIGITS" help:"12 digits (default: drawn)."`
	Name string `arg:"" help:"What people call it."`
}

func (c *accountCreateCommand) Run() error {
	reply, err := askOrganization(c.DataDir, organizationRequest{CreateAccount: &accountRequest{Name: c.Name, ID: c.ID}})
	if err == nil && reply.Account == nil {
		err = errors.New("the daemon does not say which account it has made")
	}
	if err != nil {
		return err
	}
	a := reply.Account
	return writeIndented(os.Stdout, struct {
		Account         string
		AccessKeyId     string
		SecretAccessKey string
	}{a.ID, a.AccessKeyID, a.SecretAccessKey})
}

type accountListCommand struct {
	DataDirFlag
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *accountListCommand) Run() error {
	o, err := showOrganization(c.DataDir)
	if err != nil {
		return err
	}
	accounts := []organizations.Node{}
	for _, n := range o.Tree {
		if vpc.IsAccount(n.ID) {
			accounts = append(accounts, n)
		}
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(accounts)
	}
	table(os.Stdout, "ACCOUNT\tNAME\tPARENT\tCREATED", accounts, func(n organizations.Node) []any {
		name := n.Name
		if n.Management {
			name += " (management account)"
		}
		return []any{n.ID, name, n.Parent, n.Created.Format("2006-01-02 15:04")}
	})
	return nil
}

type accountCredentialsCommand struct {
	DataDirFlag
	ID string `arg:"" help:"The account."`
}

func (c *accountCredentialsCommand) Run() error {
	key, err := askCredentials(c.DataDir, credentialsRequest{Account: c.ID})
	if err != nil {
		return err
	}
	return writeIndented(os.Stdout, struct {
		Version         int
		AccessKeyId     string
		SecretAccessKey string
	}{1, key.AccessKeyID, key.SecretAccessKey})
}

func writeIndented(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	if err := out.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
