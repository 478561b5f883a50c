package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// exitOwn is the exit status of postern exec where the command did not run at
// all, as env(1) and nohup(1) have it.
const exitOwn = 125

// execCommand runs a command in a subnet.
type execCommand struct {
	DataDirFlag
	ActAs
	Subnet        string   `required:"" placeholder:"ID" help:"The subnet that the command runs in."`
	SecurityGroup []string `placeholder:"ID" help:"A security group of its network interface, up to five (default: the VPC's default group)."`
	Argv          rawArgs  `arg:"" passthrough:"partial" name:"cmd" help:"The command and its arguments."`
}

// rawArgs takes the rest of a command line as it is, UTF-8 or not.
type rawArgs []string

// Decode implements kong.MapperValue.
func (a *rawArgs) Decode(ctx *kong.DecodeContext) error {
	for _, t := range ctx.Scan.PopWhile(kong.Token.IsValue) {
		*a = append(*a, t.String())
	}
	return nil
}

func (e *execCommand) Run() error {
	code, err := e.run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "postern: %v\n", err)
		return exitStatus(exitOwn)
	}
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

func (e *execCommand) run() (code int, err error) {
	r, err := e.request()
	if err != nil {
		return 0, err
	}
	c, err := e.DataDir.dialControl()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	if r.Terminal {
		t, err := openTerminal(files)
		if err != nil {
			return 0, err
		}
		defer t.Close()
		files = t.files
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, heeded(unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2)...)
	defer signal.Stop(signals)
	if err := world.WriteFrame(c, controlRequest{Exec: r}, files...); err != nil {
		return 0, fmt.Errorf("ask the daemon: %w", err)
	}
	if r.Terminal {
		files[0].Close() // from now on only the command has the terminal open
	}
	return wait(c, signals)
}

// heeded returns first, and those of others that whoever started this process
// did not have it ignore, as nohup(1) and a shell's & do.
func heeded(first os.Signal, others ...os.Signal) []os.Signal {
	return append([]os.Signal{first}, slices.DeleteFunc(others, signal.Ignored)...)
}

// request is what the caller has around it.
func (e *execCommand) request() (*execRequest, error) {
	if len(e.Argv) > 0 && e.Argv[0] == "--" {
		e.Argv = e.Argv[1:]
	}
	if len(e.Argv) == 0 {
		return nil, fmt.Errorf("no command: say postern exec --subnet %s -- CMD", e.Subnet)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find working directory: %w", err)
	}
	umask := unix.Umask(0)
	unix.Umask(umask)
	return &execRequest{
		Subnet:   e.Subnet,
		Groups:   e.SecurityGroup,
		As:       e.ActAs.request("exec"),
		Argv:     byteTexts(e.Argv),
		Env:      byteTexts(os.Environ()),
		Dir:      []byte(dir),
		Umask:    umask,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())),
	}, nil
}

// wait forwards signals until the command has ended.
func wait(c *net.UnixConn, signals <-chan os.Signal) (code int, err error) {
	ended := make(chan struct{})
	var reply controlReply
	go func() { // ends at the latest when the caller closes c
		defer close(ended)
		reply, err = readReply(c)
	}()
	for {
		select {
		case s := <-signals:
			// An error means that the other end is gone, which is heard, too.
			world.WriteFrame(c, world.SessionSignal{Signal: int(s.(syscall.Signal))})
		case <-ended:
			if err != nil {
				return 0, err
			}
			if reply.Exec == nil {
				return 0, errors.New("nobody says how the command ended")
			}
			return reply.Exec.Code, nil
		}
	}
}
