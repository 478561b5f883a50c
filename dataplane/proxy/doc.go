// Package proxy carries a TCP connection from a client to a target where the
// kernel's own way cannot: where the target wants to be told about the client
// (PROXY protocol version 2), or is of the other address family.
//
// The bytes stay in the kernel: both ends are *net.TCPConn, between which
// io.Copy uses splice(2). A connection ends as it would without the proxy: an
// end of data of one side is passed on while the other may go on sending, a
// reset is passed on as a reset, and so is silence for longer than the idle
// timeout. What TCP keepalive sends is no data here and ends no silence.
package proxy
