package agent

import "context"

// task is a goroutine with its end.
type task struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// start runs f until stop; f returns when its context ends.
func start(ctx context.Context, f func(context.Context)) task {
	ctx, cancel := context.WithCancel(ctx)
	t := task{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		f(ctx)
	}()
	return t
}

// stop ends the task and waits for it.
func (t task) stop() {
	t.cancel()
	<-t.done
}
