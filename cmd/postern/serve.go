package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
)

// serveCommand is the host side of the daemon.
type serveCommand struct {
	DaemonFlags
	Listen      string      `default:"127.0.0.1:4599" help:"Address of the AWS APIs on the host."`
	DNSUpstream dnsUpstream `name:"dns-upstream" placeholder:"ADDR:PORT|none" help:"Resolver for public names in VPCs (default: those of /etc/resolv.conf)."`
	Ephemeral   bool        `hidden:"" help:"End with this process, and remove the data directory then."`

	program string // path of this program when it was started
}

// DaemonFlags are what the daemon itself needs to know.
type DaemonFlags struct {
	DataDirFlag
	Account      string        `default:"111122223333" help:"The account that everything belongs to."`
	Region       string        `default:"us-east-1" help:"The default Region; others are served side by side."`
	Quotas       string        `enum:"none,aws" default:"none" help:"Limits on the number of objects: none, or AWS's defaults."`
	Availability string        `placeholder:"FILE" help:"JSON file that says where endpoint services are not offered: {\"eks\": [\"eu-west-3\"]} (default: AWS's)."`
	DNSLimit     int           `default:"1024" help:"DNS packets a second that a network interface may send to the resolver; 0: no limit."`
	EndpointIdle time.Duration `default:"350s" help:"Time after which a silent connection through an endpoint is forgotten."`
	ClampMSS     bool          `default:"true" negatable:"" help:"Make connections through endpoints use a segment size that fits."`
	AuditSize    int64         `default:"256" help:"How many MiB the records of calls may take on disk. None is older than 90 days."`
	FlowInterval time.Duration `hidden:"" help:"Aggregate flow logs for that long, whatever they ask for."`
	LogLevel     slog.Level    `default:"info" help:"debug, info, warn or error."`
}

// Validate refuses what is no account or no Region.
func (f DaemonFlags) Validate() error {
	if !vpc.IsAccount(f.Account) {
		return fmt.Errorf("--account: %q is not 12 digits", f.Account)
	}
	if _, ok := vpc.FindRegion(f.Region); !ok {
		return fmt.Errorf("--region: there is no Region %q", f.Region)
	}
	if f.AuditSize < 1 {
		return errors.New("--audit-size must be at least 1")
	}
	if f.DNSLimit < 0 || f.EndpointIdle < 0 {
		return errors.New("--dns-limit and --endpoint-idle cannot be negative")
	}
	_, err := f.availability()
	return err
}

// availability is what the operator's file says, or AWS's.
func (f DaemonFlags) availability() (vpc.Availability, error) {
	if f.Availability == "" {
		return vpc.DefaultAvailability(), nil
	}
	file, err := os.Open(f.Availability)
	if err != nil {
		return nil, fmt.Errorf("--availability: %w", err)
	}
	defer file.Close()
	return vpc.ReadAvailability(file)
}

// pathLimits are what the network does to packets on their way.
func (f DaemonFlags) pathLimits() vpc.PathLimits {
	return vpc.PathLimits{Queries: f.DNSLimit, EndpointIdle: f.EndpointIdle, ClampMSS: f.ClampMSS}
}

// args is the command line of the daemon with these flags.
func (f DaemonFlags) args() []string {
	return []string{
		"daemon",
		"--data-dir=" + string(f.DataDir),
		"--account=" + f.Account,
		"--region=" + f.Region,
		"--quotas=" + f.Quotas,
		"--availability=" + f.Availability,
		"--dns-limit=" + strconv.Itoa(f.DNSLimit),
		"--endpoint-idle=" + f.EndpointIdle.String(),
		"--clamp-mss=" + strconv.FormatBool(f.ClampMSS),
		"--audit-size=" + strconv.FormatInt(f.AuditSize, 10),
		"--flow-interval=" + f.FlowInterval.String(),
		"--log-level=" + f.LogLevel.String(),
	}
}

func (f DaemonFlags) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: f.LogLevel}))
}

// dnsUpstream says where public names are asked for.
type dnsUpstream struct {
	none bool
	addr netip.AddrPort // zero: the host's resolv.conf
}

func (u *dnsUpstream) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*u = dnsUpstream{none: true}
		return nil
	}
	a, err := netip.ParseAddrPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither ADDR:PORT nor none", text)
	}
	*u = dnsUpstream{addr: a}
	return nil
}

// resolvers returns the addresses to ask now: the host may have moved to
// another network since the last time.
func (u dnsUpstream) resolvers() []netip.AddrPort {
	switch {
	case u.none:
		return nil
	case u.addr.IsValid():
		return []netip.AddrPort{u.addr}
	}
	text, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return nil // a host without a resolver is none to ask
	}
	return world.ParseResolvers(string(text))
}

// Run serves until SIGINT or SIGTERM, or until the daemon ends by itself. The
// world goes on where a command runs in it.
func (s *serveCommand) Run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), heeded(unix.SIGTERM, unix.SIGINT, unix.SIGHUP)...)
	defer stop()
	if s.program, err = os.Executable(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	lock, err := s.DataDir.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := s.DataDir.openCredentials(); err != nil {
		return err
	}
	listener, err := s.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	f, err := listener.File()
	if err != nil {
		return fmt.Errorf("pass the listener on: %w", err)
	}
	defer f.Close()
	w, err := s.start(ctx, f)
	if err != nil {
		return err
	}
	err = s.serve(ctx, w, listener)
	if stopErr := w.Stop(context.Background()); err == nil {
		err = stopErr // otherwise the same, or a consequence
	}
	return err
}

// clientAddress is where a client on this host reaches a listener.
func clientAddress(a net.Addr) string {
	at := a.(*net.TCPAddr).AddrPort()
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return at.String()
}

// start finds or makes the world and starts the daemon in it.
func (s *serveCommand) start(ctx context.Context, listener *os.File) (*world.World, error) {
	return world.Start(ctx, world.Config{
		Dir:        string(s.DataDir),
		DaemonArgs: s.args(),
		Listeners:  []*os.File{listener},
		Resolvers:  s.DNSUpstream.resolvers,
		Ephemeral:  s.Ephemeral,
		Stderr:     os.Stderr,
		Log:        s.logger(),
	})
}

// serve says where the daemon serves, and waits for the end.
func (s *serveCommand) serve(ctx context.Context, w *world.World, l *net.TCPListener) error {
	if err := w.Ready(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it was ready
		}
		return err
	}
	info := daemonInfo{Address: clientAddress(l.Addr()), Region: s.Region, Account: s.Account}
	if err := writeJSON(s.DataDir.daemonInfo(), info, 0o644); err != nil {
		return fmt.Errorf("write where the daemon serves: %w", err)
	}
	defer os.Remove(s.DataDir.daemonInfo())
	fmt.Printf("postern: serving AWS APIs on https://%s (data in %s)\n", info.Address, s.DataDir)
	ended := make(chan error, 1)
	go func() { ended <- w.Wait() }() // ends with w.Stop at the latest
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return err
		case <-w.Upgrades():
			if err := s.upgrade(ctx, w, l); err != nil {
				return err
			}
		}
	}
}
