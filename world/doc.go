// Package world runs Postern's processes in namespaces of their own.
//
// There are three of them. The host side (postern serve) opens what belongs to
// the host: the listener, and connections to the host's resolver. It starts the
// keeper, process 1 of new user (unless root), mount, network and PID
// namespaces, which does little and so outlives the others. The keeper starts
// the daemon, which does everything else. When the keeper ends, the kernel ends
// every process in the world, and with the last one go the namespaces, their
// mounts and links: nothing of them was ever visible on the host.
//
//	host side ──starts──▶ keeper ──starts──▶ daemon ──starts──▶ workloads
//	     └───── link: ready, failed; resolver connections ─────┘
//
// Start, Ready, Wait and Stop are the host side; RunKeeper is the keeper;
// Inherited is the daemon's end; Workload and RunWorkload put a command into a
// subnet. The binary re-executes itself for each: its first argument is keeper,
// workload, or what Config.DaemonArgs says.
package world
