package netns

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A Sysctl is a setting of a network namespace: Name is its path below
// /proc/sys, such as net/ipv4/ip_forward.
type Sysctl struct {
	Name, Value string
	Optional    bool // a kernel without it is right too
}

// SetSysctls sets what differs, in order, in the namespace of the calling
// thread: call it inside Do or Create. Reading first matters: some writes
// have effects even if nothing changes (ip_forward resets other settings),
// and a read-only /proc/sys that is right is enough.
func SetSysctls(all []Sysctl) error {
	for _, s := range all {
		if err := s.set(); err != nil && !(s.Optional && errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	return nil
}

func (s Sysctl) set() error {
	path := "/proc/sys/" + s.Name
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read sysctl: %w", err)
	}
	if strings.TrimSpace(string(old)) == s.Value {
		return nil
	}
	if err := os.WriteFile(path, []byte(s.Value), 0); err != nil {
		return fmt.Errorf("set sysctl to %s: %w", s.Value, err)
	}
	return nil
}
