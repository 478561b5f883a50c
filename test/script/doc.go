// Package script holds the scenarios: one file a user story, played with the
// built program, the real AWS CLI, the SDKs for Go and JavaScript, and real
// packets.
//
// Besides testscript's own commands the scenarios use
//
//	serve [FLAG]...        start postern serve; its `postern env` becomes the environment
//	halt                   stop it with SIGTERM, within two seconds
//	crash [daemon]         stop it with SIGKILL, or its daemon only
//	on SUBNET[,GROUP] CMD  run CMD in a subnet with postern exec
//	set VAR PATH           set VAR from the JSON that the last command printed
//	part VAR BLOCK N       set VAR to the /64 of number N in an IPv6 block
//	until REGEXP CMD...    repeat CMD until its output matches
//	sdk SERVICE OP [JSON]  call an operation with the SDK for Go
//	node $JS SERVICE OP [JSON]  the same with the SDK for JavaScript
//	query TYPE NAME        ask the resolver; prints rcode, addresses and SOA
//	queries N TYPE NAME    ask N times at once; counts the answers
//	fetch URL [HOST]       get URL without a signature; prints status and body
//	handshake ADDR NAME [WITH]  TLS with a server that has to prove that it is NAME
//	ping ADDRESS           one ICMP echo
//	traffic KIND ... FILE  traffic that goes on until FILE.stop appears
//	addresses              the interfaces that a process sees
//	listen NAME PORT [proxy]  answer on TCP and UDP with who asks, and what the PROXY header says
//	talk tcp|udp ADDR TEXT    send TEXT, print the answer
//
// The condition [aws] holds where the AWS CLI is on PATH, and [node] where make
// tools has installed the SDK for JavaScript.
package script
