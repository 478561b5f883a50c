package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// dataDir is the path of a folder that holds everything of one Postern:
//
//	lock              held by its postern serve
//	daemon.json       where it serves, as long as it does
//	credentials.json  the root user's access key
//	store/ logs/      records; log events
//	audit/            records of calls
//	tls/              the CA, and the certificates that a client trusts
//	run/              sockets and files of the running world
type dataDir string

// DataDirFlag is on every command that needs the folder.
type DataDirFlag struct {
	DataDir dataDir `name:"data-dir" placeholder:"DIR" help:"Folder of Postern's state (default: the system's state folder for root, otherwise the user's)."`
}

// AfterApply fills in the default.
func (f *DataDirFlag) AfterApply() error {
	if f.DataDir == "" {
		d, err := defaultDataDir(os.Getuid(), os.Getenv)
		if err != nil {
			return err
		}
		f.DataDir = d
	}
	abs, err := filepath.Abs(string(f.DataDir))
	if err != nil {
		return fmt.Errorf("find data directory: %w", err)
	}
	f.DataDir = dataDir(abs)
	return nil
}

func defaultDataDir(uid int, getenv func(string) string) (dataDir, error) {
	if uid == 0 {
		return "/var/lib/postern", nil
	}
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return dataDir(filepath.Join(state, "postern")), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return dataDir(filepath.Join(home, ".local", "state", "postern")), nil
	}
	return "", errors.New("HOME is not set: say --data-dir")
}

func (d dataDir) path(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

func (d dataDir) store() string       { return d.path("store") }
func (d dataDir) logs() string        { return d.path("logs") }
func (d dataDir) audit() string       { return d.path("audit") }
func (d dataDir) tls() string         { return d.path("tls") }
func (d dataDir) credentials() string { return d.path("credentials.json") }
func (d dataDir) daemonInfo() string  { return d.path("daemon.json") }

// trust is the file of all certificates that a client of Postern trusts, the
// system's and Postern's; ca that of Postern's alone.
func (d dataDir) trust() string { return d.path("tls", "trust.pem") }
func (d dataDir) ca() string    { return d.path("tls", "ca.pem") }

// lock makes the folder where there is none, and takes it for this process:
// until the file is closed nobody else serves from it.
func (d dataDir) lock() (*os.File, error) {
	for _, dir := range []string{string(d), d.store(), d.logs(), d.audit(), d.tls()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make data directory: %w", err)
		}
	}
	f, err := os.OpenFile(d.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("another postern serve uses %s: stop it, or say --data-dir", d)
	}
	return nil, fmt.Errorf("lock %s: %w", d, err)
}

// daemonInfo says where a daemon serves.
type daemonInfo struct {
	Address string `json:"address"` // host:port
	Region  string `json:"region"`
	Account string `json:"account"`
}

// daemon returns where the daemon of d serves, or that there is none.
func (d dataDir) daemon() (daemonInfo, error) {
	c, err := d.dialControl()
	if err != nil {
		return daemonInfo{}, err
	}
	c.Close()
	var info daemonInfo
	if err := readJSON(d.daemonInfo(), &info); err != nil {
		return daemonInfo{}, fmt.Errorf("read where the daemon serves: %w", err)
	}
	return info, nil
}

// dialControl connects to the daemon of d.
func (d dataDir) dialControl() (*net.UnixConn, error) {
	c, err := world.Dial(string(d), controlSocket)
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return nil, fmt.Errorf("no daemon serves from %s: start one with postern serve, or say --data-dir", d)
	}
	return nil, fmt.Errorf("find the daemon: %w", err)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	return nil
}

// writeFile writes a whole file or nothing.
func writeFile(path string, b []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeJSON(path string, v any, mode fs.FileMode) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return writeFile(path, append(b, '\n'), mode)
}
