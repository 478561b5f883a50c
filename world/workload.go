package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

// Workload is a command to run behind an ENI. The files remain the caller's.
type Workload struct {
	Netns      string   // the ENI's network namespace
	Scratch    string   // folder for this session's files; Start makes it, Wait removes it
	ResolvConf string   // text of its /etc/resolv.conf
	Trust      string   // file of the certificates that it trusts
	Argv, Env  []string // Argv[0] is looked up in the PATH of Env
	Dir        string   // working directory
	Umask      int
	Terminal   bool // Stdin is the command's controlling terminal

	Stdin, Stdout, Stderr *os.File
}

// Process is a running workload. It leads a session and a process group.
type Process struct {
	cmd     *exec.Cmd
	netns   string
	scratch string
}

// Exit says how a command ended.
type Exit struct {
	Status int            // of exit(2)
	Signal syscall.Signal // that ended it; 0: it ended by itself
}

// Code is what a shell makes of e.
func (e Exit) Code() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Status
}

// workloadSpec is Workload as its new process needs it. It travels as the
// argument before those of the command.
type workloadSpec struct {
	ResolvConf string
	Trust      string
	NetnsDir   string
	Dir        []byte // need not be UTF-8
	Umask      int
}

// Start runs the command: exit status 127 of its process means that it was not
// found, 126 that it cannot be executed, 125 that its surroundings cannot be
// made.
func (w Workload) Start() (*Process, error) {
	if len(w.Argv) == 0 {
		return nil, errors.New("start workload: no command")
	}
	if err := os.MkdirAll(w.Scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make session's folder: %w", err)
	}
	p, err := w.start()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(w.Scratch))
	}
	return p, nil
}

func (w Workload) start() (*Process, error) {
	resolvConf := filepath.Join(w.Scratch, "resolv.conf")
	if err := os.WriteFile(resolvConf, []byte(w.ResolvConf), 0o644); err != nil {
		return nil, fmt.Errorf("write resolv.conf: %w", err)
	}
	spec, err := json.Marshal(workloadSpec{
		ResolvConf: resolvConf,
		Trust:      w.Trust,
		NetnsDir:   filepath.Dir(w.Netns),
		Dir:        []byte(w.Dir),
		Umask:      w.Umask,
	})
	if err != nil {
		return nil, fmt.Errorf("encode workload: %w", err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{"postern", "workload", string(spec)}, w.Argv...)
	cmd.Env = w.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = w.Stdin, w.Stdout, w.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS,
		Setsid:     true,
		Setctty:    w.Terminal, // descriptor 0
	}
	if err := netns.Start(cmd, w.Netns); err != nil {
		return nil, fmt.Errorf("start workload: %w", err)
	}
	return &Process{cmd: cmd, netns: w.Netns, scratch: w.Scratch}, nil
}

// Signal sends s to the command. Signals that a terminal sends go to the
// command's process group, as a terminal does it.
func (p *Process) Signal(s syscall.Signal) error {
	switch s {
	case unix.SIGINT, unix.SIGQUIT, unix.SIGHUP:
		if err := unix.Kill(-p.cmd.Process.Pid, s); !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal workload: %w", err)
	}
	return nil
}

// Wait returns when the command has ended, and with it whatever it left
// running behind its ENI. It is called once.
func (p *Process) Wait() (Exit, error) {
	err := p.cmd.Wait()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return Exit{}, fmt.Errorf("wait for workload: %w", err)
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	e := Exit{Status: status.ExitStatus()}
	if status.Signaled() {
		e = Exit{Signal: status.Signal()}
	}
	return e, errors.Join(evict(p.netns), os.RemoveAll(p.scratch))
}

// evict kills every process in a network namespace.
func evict(path string) error {
	home, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("find network namespace: %w", err)
	}
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		inhabitants, err := inhabitants(home)
		if err != nil || len(inhabitants) == 0 {
			return err
		}
		for _, pid := range inhabitants {
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	return fmt.Errorf("kill the processes in %s: some do not end", path)
}

// inhabitants lists the processes in a network namespace, without this one.
// Where /proc is that of an outer PID namespace, the names of its folders are
// not the numbers that this process knows the others by.
func inhabitants(home os.FileInfo) ([]int, error) {
	self, err := processIDs("self")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		ns, err := os.Stat(filepath.Join("/proc", e.Name(), "ns", "net"))
		if err != nil || !os.SameFile(home, ns) {
			continue // not one of ours, or gone
		}
		ids, err := processIDs(e.Name())
		if err != nil || len(ids) < len(self) {
			continue
		}
		if pid := ids[len(self)-1]; pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// processIDs returns a process's numbers in the PID namespaces that it is in,
// from that of /proc inwards.
func processIDs(name string) ([]int, error) {
	b, err := os.ReadFile(filepath.Join("/proc", name, "status"))
	if err != nil {
		return nil, err
	}
	return parseNSpid(string(b))
}

func parseNSpid(status string) ([]int, error) {
	for line := range strings.Lines(status) {
		list, ok := strings.CutPrefix(line, "NSpid:")
		if !ok {
			continue
		}
		var ids []int
		for _, field := range strings.Fields(list) {
			id, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("parse NSpid: %w", err)
			}
			ids = append(ids, id)
		}
		return ids, nil
	}
	return nil, errors.New("parse status of process: no NSpid")
}
