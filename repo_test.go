package postern_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// longFiles are the hand-written files that may exceed 500 lines, each with
// its reason.
var longFiles = map[string]string{}

func TestFileSizes(t *testing.T) {
	for _, file := range goFiles(t) {
		if generated(file) || strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n > 500 && longFiles[file] == "" {
			t.Errorf("%s has %d lines: split it by subject, or give a reason here", file, n)
		}
	}
}

// TestPackageComments wants one sentence for every package, in its doc.go or
// main file.
func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(file)
		documented[dir] = documented[dir] || f.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

// TestNoMachinePaths keeps the paths of somebody's machine out of the tree.
func TestNoMachinePaths(t *testing.T) {
	machine := regexp.MustCompile(`(^|[^A-Za-z0-9_./-])/(home/[a-z]+|Users/[a-z]+|work/[a-z]+|root/go)/`)
	for _, file := range tracked(t) {
		b, err := os.ReadFile(file)
		if err != nil || bytes.IndexByte(b, 0) >= 0 {
			continue
		}
		if m := machine.Find(b); m != nil {
			t.Errorf("%s names a path of one machine: %s", file, m)
		}
	}
}

// TestNothingLeftForLater keeps unfinished work out of the tree.
func TestNothingLeftForLater(t *testing.T) {
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for _, file := range goFiles(t) {
		if generated(file) {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := later.Find(b); m != nil {
			t.Errorf("%s: %s: finish it, or leave it out", file, m)
		}
	}
}

func generated(file string) bool { return strings.HasPrefix(filepath.Base(file), "z") }

// tracked lists the files that git knows; outside a checkout, the Go files.
func tracked(t *testing.T) []string {
	out, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		return goFiles(t)
	}
	return strings.Fields(string(out))
}
