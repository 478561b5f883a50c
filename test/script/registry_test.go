package script

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// registry is a map that the parallel scenarios share.
type registry[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func newRegistry[K comparable, V any]() *registry[K, V] {
	return &registry[K, V]{m: map[K]V{}}
}

func (r *registry[K, V]) put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m[k] = v
}

// take removes and returns what is at k, the zero value if nothing is.
func (r *registry[K, V]) take(k K) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.m[k]
	delete(r.m, k)
	return v
}

// lookPath finds a program on the scenario's PATH.
func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	ts.Fatalf("no %s on PATH", name)
	return ""
}
