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
	Scratch    string   // folder for this session's files; it is made, and removed at the end
	ResolvConf string   // text of its /etc/resolv.conf
	Trust      string   // file of the certificates that it trusts
	Argv, Env  []string // Argv[0] is looked up in the PATH of Env
	Dir        string   // working directory
	Umask      int
	Terminal   bool // Stdin is the command's controlling terminal

	Stdin, Stdout, Stderr *os.File
}

// runCommand is a Workload on its way to the keeper, which starts it. What
// need not be UTF-8 travels as bytes.
type runCommand struct {
	Netns      string   `json:"netns"`
	Scratch    string   `json:"scratch"`
	ResolvConf string   `json:"resolvConf"`
	Trust      string   `json:"trust"`
	Argv       [][]byte `json:"argv"`
	Env        [][]byte `json:"env"`
	Dir        []byte   `json:"dir"`
	Umask      int      `json:"umask"`
	Terminal   bool     `json:"terminal"`
}

func (w Workload) command() *runCommand {
	return &runCommand{
		Netns:      w.Netns,
		Scratch:    w.Scratch,
		ResolvConf: w.ResolvConf,
		Trust:      w.Trust,
		Argv:       byteTexts(w.Argv),
		Env:        byteTexts(w.Env),
		Dir:        []byte(w.Dir),
		Umask:      w.Umask,
		Terminal:   w.Terminal,
	}
}

// workloadSpec is what the command's new process needs. It travels as the
// argument before those of the command.
type workloadSpec struct {
	ResolvConf string
	Trust      string
	NetnsDir   string
	Dir        []byte // need not be UTF-8
	Umask      int
}

// start runs the command with three files, as a child of this process that
// leads a session and a process group. program is the path of Postern. Exit
// status 127 means that the command was not found, 126 that it cannot be
// executed, 125 that its surroundings cannot be made.
func (r *runCommand) start(program string, files []*os.File) (pid int, err error) {
	if len(r.Argv) == 0 {
		return 0, errors.New("start workload: no command")
	}
	if err := os.MkdirAll(r.Scratch, 0o700); err != nil {
		return 0, fmt.Errorf("make session's folder: %w", err)
	}
	resolvConf := filepath.Join(r.Scratch, "resolv.conf")
	if err := os.WriteFile(resolvConf, []byte(r.ResolvConf), 0o644); err != nil {
		return 0, fmt.Errorf("write resolv.conf: %w", err)
	}
	spec, err := json.Marshal(workloadSpec{
		ResolvConf: resolvConf,
		Trust:      r.Trust,
		NetnsDir:   filepath.Dir(r.Netns),
		Dir:        r.Dir,
		Umask:      r.Umask,
	})
	if err != nil {
		return 0, fmt.Errorf("encode workload: %w", err)
	}
	cmd := exec.Command(program)
	cmd.Args = append([]string{"postern", "workload", string(spec)}, texts(r.Argv)...)
	cmd.Env = texts(r.Env)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS,
		Setsid:     true,
		Setctty:    r.Terminal, // descriptor 0
	}
	if err := netns.Start(cmd, r.Netns); err != nil {
		return 0, fmt.Errorf("start workload: %w", err)
	}
	pid = cmd.Process.Pid
	return pid, cmd.Process.Release()
}

func texts(all [][]byte) []string {
	s := make([]string, len(all))
	for i, b := range all {
		s[i] = string(b)
	}
	return s
}

func byteTexts(all []string) [][]byte {
	b := make([][]byte, len(all))
	for i, s := range all {
		b[i] = []byte(s)
	}
	return b
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
