// Command postern is AWS PrivateLink for Amazon EKS that anyone can run: a
// private network with a private door to the EKS API, on one Linux host.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Demo    demoCommand    `cmd:"" help:"Show a private endpoint at work, in a world of its own."`
	Serve   serveCommand   `cmd:"" help:"Serve the AWS APIs and run the private network. Stopped, it leaves the network to the commands that run in it, until the next start or postern stop."`
	Env     envCommand     `cmd:"" help:"Print the shell exports that lead AWS clients to Postern."`
	Exec    execCommand    `cmd:"" help:"Run a command in a subnet."`
	Account accountCommand `cmd:"" help:"Work with the accounts of this installation."`
	Org     orgCommand     `cmd:"" help:"Work with the organization of the accounts, and its control policies."`
	Status  statusCommand  `cmd:"" help:"Show what runs."`
	Audit   auditCommand   `cmd:"" help:"Print the records of calls as events of CloudTrail, one JSON object a line."`
	Explain explainCommand `cmd:"" help:"Show why a call is allowed or denied."`
	Policy  policyCommand  `cmd:"" help:"Work with policies."`
	Upgrade upgradeCommand `cmd:"" help:"Let the program that is installed now take the place of the one that runs. No connection is refused or cut."`
	Stop    stopCommand    `cmd:"" help:"End everything: the daemon, the network and the commands that run in its subnets."`
	Doctor  doctorCommand  `cmd:"" help:"Show what this kernel and user can do, and what to change."`
	Version versionCommand `cmd:"" help:"Print the version."`

	// Started by the commands above.
	Client   clientCommand   `cmd:"" hidden:"" help:"Small clients of the demo."`
	Keeper   keeperCommand   `cmd:"" hidden:"" help:"Process 1 of a world."`
	Daemon   daemonCommand   `cmd:"" hidden:"" help:"The daemon in a world."`
	Workload workloadCommand `cmd:"" hidden:"" help:"Become a command in a subnet."`
}

// exitStatus ends the program with that status. Whoever returns it has said
// why.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() { os.Exit(run(os.Args[1:], runDaemon)) }

// run runs one command line and returns its exit status: 2 for one that cannot
// be understood, otherwise the command's.
func run(args []string, daemon daemonFunc) int {
	parser, err := kong.New(&cli{},
		kong.Name("postern"),
		kong.Description("AWS PrivateLink for Amazon EKS that anyone can run."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(daemon),
	)
	if err != nil {
		panic(err) // the command line's description is wrong
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "postern: %v (see postern --help)\n", err)
		return 2
	}
	return status(command.Run())
}

// status reports err and makes an exit status of it.
func status(err error) int {
	var s exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintf(os.Stderr, "postern: %v\n", err)
	return 1
}
