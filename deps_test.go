package postern_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/postern/postern/"

// imports is the drawing of who may import whom, folder by folder: a line
// lists all of our packages that a top-level folder may import outside its
// tests. An arrow that nobody uses fails the test too, so the text stays the
// true drawing.
const imports = `
vpc:
wire:
auth:
journal:
audit:     vpc wire auth journal
store:     vpc wire
service:   vpc wire auth store journal audit
api:       vpc wire auth audit
dataplane: vpc
dns:       vpc
flow:      vpc
agent:     vpc store dataplane dns flow
world:     dataplane
cmd:       vpc wire auth store service api dataplane dns flow agent world audit
`

// walls says which folders may import a third-party package (by prefix).
// A package that is not listed is free.
var walls = map[string][]string{
	"golang.org/x/sys/unix":           {"dataplane", "world", "cmd"},
	"github.com/vishvananda/":         {"dataplane", "world"},
	"github.com/google/nftables":      {"dataplane"},
	"github.com/ti-mo/conntrack":      {"dataplane"},
	"github.com/florianl/go-nflog":    {"dataplane"},
	"github.com/miekg/dns":            {"dns"},
	"go.etcd.io/":                     {"store"},
	"github.com/cilium/statedb":       {"store"},
	"github.com/alecthomas/kong":      {"cmd"},
	"github.com/aws/aws-sdk-go-v2":    {"cmd"},
	"net/http":                        {"api", "wire", "auth", "cmd"},
	"log":                             {"cmd"},
	"unsafe":                          {"dataplane", "world"},
	"github.com/golang-jwt/jwt":       {},
	"github.com/google/go-cmp":        {},
	"pgregory.net/rapid":              {},
	"go.uber.org/goleak":              {},
	"github.com/rogpeppe/go-internal": {},
}

func TestImports(t *testing.T) {
	allowed := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(imports)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), ":")
		allowed[from] = strings.Fields(to)
	}
	used := map[string]map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "test/") {
			continue
		}
		from := top(file)
		if from == file { // a file of the root folder
			continue
		}
		may, known := allowed[from]
		if !known {
			t.Errorf("%s: top-level folder %s has no line in the drawing", file, from)
			continue
		}
		for _, path := range fileImports(t, file) {
			checkWall(t, file, from, path)
			if !strings.HasPrefix(path, module) {
				continue
			}
			to := top(strings.TrimPrefix(path, module))
			if to == from {
				checkService(t, file, path)
				continue
			}
			if !slices.Contains(may, to) {
				t.Errorf("%s: %s may not import %s", file, from, to)
			}
			if used[from] == nil {
				used[from] = map[string]bool{}
			}
			used[from][to] = true
		}
	}
	for _, from := range slices.Sorted(maps.Keys(allowed)) {
		for _, to := range allowed[from] {
			if !used[from][to] {
				t.Errorf("the drawing has an arrow %s -> %s that no import uses", from, to)
			}
		}
	}
}

// checkService keeps the folders under service apart from each other.
func checkService(t *testing.T, file, path string) {
	parts := strings.Split(file, "/")
	if parts[0] == "service" && len(parts) > 2 && !strings.HasPrefix(path, module+"service/"+parts[1]) {
		t.Errorf("%s: services do not import one another (%s)", file, path)
	}
}

func checkWall(t *testing.T, file, from, path string) {
	for prefix, folders := range walls {
		match := path == prefix || (strings.HasSuffix(prefix, "/") || strings.Contains(prefix, ".")) && strings.HasPrefix(path, prefix)
		if match && !slices.Contains(folders, from) {
			t.Errorf("%s: %s is only for %v", file, path, folders)
		}
	}
}

func fileImports(t *testing.T, file string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// goFiles lists every Go file of the repository, with slashes.
func goFiles(t *testing.T) []string {
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func top(path string) string {
	folder, _, _ := strings.Cut(path, "/")
	return folder
}
