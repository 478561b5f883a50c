package netns

import "os"

// HasIPv6 reports whether this kernel speaks IPv6 at all.
func HasIPv6() bool {
	_, err := os.Stat("/proc/sys/net/ipv6/conf")
	return err == nil
}
