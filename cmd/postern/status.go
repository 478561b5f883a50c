package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// statusCommand shows what runs.
type statusCommand struct {
	DataDirFlag
	JSON bool `name:"json" help:"Print JSON."`
}

// statusRequest asks for a statusReport.
type statusRequest struct{}

// statusReport is what runs. Its JSON form is for programs: members are added,
// never changed.
type statusReport struct {
	Version    build             `json:"version"`
	Started    time.Time         `json:"started"`
	Account    string            `json:"account"`
	Region     string            `json:"region"`
	Keeper     statusKeeper      `json:"keeper"`
	Health     []statusHealth    `json:"health"`
	VPCs       []statusVPC       `json:"vpcs"`
	Endpoints  []statusEndpoint  `json:"endpoints"`
	Interfaces []statusInterface `json:"interfaces"`
	Sessions   []statusSession   `json:"sessions"`
}

// statusKeeper is the process that holds the world.
type statusKeeper struct {
	Since   time.Time `json:"since"`
	Daemons int       `json:"daemons"` // how many there were in this world, with this one
}

// adopted says whether the daemon has found its world or made it.
func (k statusKeeper) adopted() string {
	if k.Daemons > 1 {
		return fmt.Sprintf("adopted by daemon no. %d", k.Daemons)
	}
	return "with its first daemon"
}

// statusHealth says whether one part of the daemon works.
type statusHealth struct {
	Part  string `json:"part"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

type statusVPC struct {
	ID     string       `json:"id"`
	Region string       `json:"region"`
	CIDR   netip.Prefix `json:"cidr"`
	State  string       `json:"state"` // applied, pending or failed
	Error  string       `json:"error,omitempty"`
}

type statusEndpoint struct {
	ID        string       `json:"id"`
	VPC       string       `json:"vpc"`
	Service   string       `json:"service"`
	State     string       `json:"state"` // as the EC2 API has it
	Addresses []netip.Addr `json:"addresses"`
}

type statusInterface struct {
	ID      string     `json:"id"`
	VPC     string     `json:"vpc"`
	Subnet  string     `json:"subnet"`
	Address netip.Addr `json:"address"`
	Groups  []string   `json:"groups"`
	Owner   string     `json:"owner"` // vpce-… or session-…
}

type statusSession struct {
	ID        string     `json:"id"`
	Interface string     `json:"interface"`
	Subnet    string     `json:"subnet"`
	Address   netip.Addr `json:"address"`
	Command   string     `json:"command"`
	Started   time.Time  `json:"started"`
}

// Run exits with 1 where a part is not healthy.
func (s *statusCommand) Run() error {
	reply, err := askControl(s.DataDir, controlRequest{Status: &statusRequest{}})
	if err != nil {
		return err
	}
	if reply.Status == nil {
		return errors.New("the daemon does not say what runs")
	}
	if s.JSON {
		err = json.NewEncoder(os.Stdout).Encode(reply.Status)
	} else {
		err = reply.Status.write(os.Stdout, time.Now())
	}
	if err == nil && !reply.Status.healthy() {
		return exitStatus(1)
	}
	return err
}

func (s *statusReport) healthy() bool {
	for _, h := range s.Health {
		if !h.OK {
			return false
		}
	}
	return true
}

// write prints s for a person: one table a kind, nothing for kinds that do not
// exist.
func (s *statusReport) write(w io.Writer, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "postern %s, up %s, account %s, Region %s\n", s.Version, now.Sub(s.Started).Round(time.Second), s.Account, s.Region)
	fmt.Fprintf(&b, "keeper up %s, %s\n", now.Sub(s.Keeper.Since).Round(time.Second), s.Keeper.adopted())
	table(&b, "PART\tHEALTH", s.Health, func(h statusHealth) []any { return []any{h.Part, orOK(h.Error)} })
	table(&b, "VPC\tREGION\tCIDR\tSTATE", s.VPCs, func(v statusVPC) []any {
		return []any{v.ID, v.Region, v.CIDR, strings.TrimSpace(v.State + " " + v.Error)}
	})
	table(&b, "ENDPOINT\tVPC\tSERVICE\tSTATE\tADDRESSES", s.Endpoints, func(e statusEndpoint) []any {
		return []any{e.ID, e.VPC, e.Service, e.State, words(e.Addresses)}
	})
	table(&b, "INTERFACE\tSUBNET\tADDRESS\tGROUPS\tOWNER", s.Interfaces, func(i statusInterface) []any {
		return []any{i.ID, i.Subnet, i.Address, words(i.Groups), i.Owner}
	})
	table(&b, "SESSION\tINTERFACE\tADDRESS\tCOMMAND\tFOR", s.Sessions, func(s statusSession) []any {
		return []any{s.ID, s.Interface, s.Address, s.Command, now.Sub(s.Started).Round(time.Second)}
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func table[T any](w io.Writer, head string, rows []T, cells func(T) []any) {
	if len(rows) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\n", head)
	for _, row := range rows {
		c := cells(row)
		fmt.Fprintf(t, strings.Repeat("\t%v", len(c))[1:]+"\n", c...)
	}
	t.Flush() // w is memory
}

func orOK(problem string) string {
	if problem == "" {
		return "ok"
	}
	return problem
}

func words[T any](all []T) string { return strings.Trim(fmt.Sprint(all), "[]") }
