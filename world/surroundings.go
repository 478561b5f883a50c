package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Exit statuses of RunWorkload, as those of env(1) and nohup(1).
const (
	exitSurroundings = 125
	exitNotRunnable  = 126
	exitNotFound     = 127
)

// trustFiles are where programs look for the system's certificates.
var trustFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine
	"/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, Amazon Linux
	"/etc/ssl/cert.pem",                  // Alpine, the BSDs
	"/etc/ssl/ca-bundle.pem",             // openSUSE
}

// resolverDoors are the folders of sockets through which glibc would ask the
// host's resolver, not the VPC's.
var resolverDoors = []string{"/run/systemd/resolve", "/run/nscd", "/var/run/nscd"}

// RunWorkload turns this process, which Workload.Start has started, into the
// command. It returns only when that is not possible: with the exit status and
// why.
func RunWorkload(args []string) (status int, err error) {
	if len(args) < 2 {
		return exitSurroundings, errors.New("this command is started by postern itself")
	}
	var spec workloadSpec
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		return exitSurroundings, fmt.Errorf("decode workload: %w", err)
	}
	if err := surround(spec); err != nil {
		return exitSurroundings, err
	}
	// Ignored signals would stay so after exec; caught ones become default.
	for _, s := range []os.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	return run(args[1:], os.Environ())
}

// surround gives this mount namespace the files that belong to the session.
func surround(spec workloadSpec) error {
	if err := privateTree(); err != nil { // as the world's own is already
		return err
	}
	// The other namespaces of the world are none of the command's business,
	// and its copies of their mounts would keep them from going away.
	if err := unix.Unmount(spec.NetnsDir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("hide namespaces: %w", err)
	}
	var masked []string
	for _, dir := range resolverDoors {
		switch err := unix.Mount("postern", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); {
		case err == nil:
			masked = append(masked, dir)
		case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR):
			return fmt.Errorf("mask %s: %w", dir, err)
		}
	}
	if err := bindResolvConf(spec.ResolvConf, "/etc/resolv.conf", masked); err != nil {
		return err
	}
	if err := bindTrust(spec.Trust, trustFiles); err != nil {
		return err
	}
	unix.Umask(spec.Umask)
	if err := os.Chdir(string(spec.Dir)); err != nil {
		return fmt.Errorf("go to working directory: %w", err)
	}
	return nil
}

// bindResolvConf puts file over path. Where path is a symbolic link into a
// masked folder, what it leads to is made anew.
func bindResolvConf(file, path string, masked []string) error {
	target, err := finalTarget(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		if !slices.ContainsFunc(masked, func(dir string) bool { return strings.HasPrefix(target, dir+"/") }) {
			return fmt.Errorf("%s does not exist: make an empty one for the session's to be mounted on", target)
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("make folder of resolv.conf: %w", err)
		}
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return fmt.Errorf("make resolv.conf: %w", err)
		}
	}
	return bind(file, target)
}

// finalTarget follows the symbolic links that path is, also to a file that
// does not exist.
func finalTarget(path string) (string, error) {
	for range 40 {
		link, err := os.Readlink(path)
		if err != nil { // no link, or nothing at all
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return path, nil
			}
			return filepath.Join(dir, filepath.Base(path)), nil
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", fmt.Errorf("follow %s: %w", path, unix.ELOOP)
}

// bindTrust puts file, read-only, over those of paths that exist.
func bindTrust(file string, paths []string) error {
	var done []string
	for _, path := range paths {
		target, err := filepath.EvalSymlinks(path)
		if err != nil || slices.Contains(done, target) {
			continue // another distribution's
		}
		if err := bind(file, target); err != nil {
			return err
		}
		attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		if err := unix.MountSetattr(unix.AT_FDCWD, target, 0, &attr); err != nil {
			return fmt.Errorf("make %s read-only: %w", target, err)
		}
		done = append(done, target)
	}
	return nil
}

func bind(file, target string) error {
	if err := unix.Mount(file, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", file, target, err)
	}
	return nil
}

// run replaces this process by a command.
func run(argv, env []string) (status int, err error) {
	path, err := exec.LookPath(argv[0])
	if err != nil && !errors.Is(err, exec.ErrDot) { // the caller's PATH may well say so
		if errors.Is(err, fs.ErrPermission) {
			return exitNotRunnable, err
		}
		return exitNotFound, err
	}
	err = unix.Exec(path, argv, env)
	if errors.Is(err, unix.ENOEXEC) { // a script without #!, as execvp(3) does it
		err = unix.Exec("/bin/sh", append([]string{"/bin/sh", path}, argv[1:]...), env)
	}
	if errors.Is(err, unix.ENOENT) { // its interpreter is missing
		return exitNotFound, fmt.Errorf("execute %s: %w", path, err)
	}
	return exitNotRunnable, fmt.Errorf("execute %s: %w", path, err)
}
