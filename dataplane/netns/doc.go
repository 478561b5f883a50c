// Package netns makes, enters and removes network namespaces that outlive
// processes: each is a bind mount on a file, as ip-netns(8) does it.
//
// A namespace belongs to a thread, and Go moves goroutines between threads.
// So nothing here lets a thread that has changed its namespace go back to the
// scheduler: Do and Create use a thread of their own that ends with the call,
// Start returns its thread to where it came from, or ends it too. A socket
// stays in the namespace it was opened in: open it in Do, use it anywhere.
//
// Everything works with root's rights in the user namespace that owns the
// mount and network namespaces; real root is not needed.
package netns
