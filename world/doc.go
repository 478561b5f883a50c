// Package world runs Postern's processes in namespaces of their own.
//
// There are three of them. The host side (postern serve) opens what belongs to
// the host: the listener, and connections to the host's resolver. It starts the
// keeper, process 1 of new user (unless root), mount, network and PID
// namespaces, or finds the one that is there. The keeper starts the daemon,
// which does everything else, and the commands that run in subnets. It does
// little and so outlives the others: the daemon may stop, crash or be replaced
// by another version of the program while namespaces, links, filters and
// commands go on. When the keeper ends, the kernel ends every process in the
// world, and with the last one go the namespaces, their mounts and links:
// nothing of them was ever visible on the host.
//
//	host side ──starts or finds──▶ keeper ──starts──▶ daemon
//	     │                            └─────starts──▶ workloads, for the daemon
//	     └─ link: ready, failed; resolver connections ──┘
//
// The keeper remembers for the next daemon which commands run (Sessions), and
// holds a duplicate of each listening socket that a daemon leaves with it
// (Hold): connections that arrive while there is no daemon wait for the next
// one.
//
// Start, Ready, Wait, HandOver, Stop and the World's End are the host side;
// End and Upgrade act on it from outside; RunKeeper is the keeper; Inherited is
// the daemon's end; RunWorkload becomes a command in a subnet. The binary
// re-executes itself for each: its first argument is keeper, workload, or what
// Config.DaemonArgs says.
package world
