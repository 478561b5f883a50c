// Package netns makes, enters and removes network namespaces that outlive
// processes: each is a bind mount on a file, as ip-netns(8) does it.
//
// A namespace belongs to a thread, and Go moves goroutines between threads.
// So what runs in another namespace runs locked to its thread, and the thread
// goes back to the scheduler only when it is back in its own namespace. It
// does not just end, as is often done: a parent-death signal (Pdeathsig) comes
// when the thread ends that started the child, and any thread of the pool may
// have. A socket stays in the namespace it was opened in: open it in Do, use
// it anywhere.
//
// Everything works with root's rights in the user namespace that owns the
// mount and network namespaces; real root is not needed.
package netns
