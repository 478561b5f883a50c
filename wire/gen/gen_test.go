package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated regenerates every package and compares it with what is
// checked in.
func TestGenerated(t *testing.T) {
	for _, s := range services {
		m, err := load(filepath.Join("..", "model", s.Package+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := generate(s, m)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", s.goPackage(), "z"+s.goPackage()+".go")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what the model gives: run go generate ./wire", file)
		}
	}
}

// TestExceptions: every exception is still one to something in the models.
func TestExceptions(t *testing.T) {
	members, shapes, operations := map[string]bool{}, map[string]bool{}, map[string]bool{}
	paged := 0
	for _, s := range services {
		m, err := load(filepath.Join("..", "model", s.Package+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for name, shape := range m.Shapes {
			shapes[s.Package+"."+name] = true
			for member, ref := range shape.Members {
				if m.Shapes[ref.Shape].Type == "list" {
					members[name+"."+member] = true
				}
			}
		}
		for _, name := range s.Bound {
			operations[s.Package+"."+name] = m.Pagination[name] != nil
			if m.Pagination[name] != nil {
				paged++
			}
		}
	}
	for name := range emptyLists {
		if !members[name] {
			t.Errorf("emptyLists: no list %s", name)
		}
	}
	for name := range pages {
		if !operations[name] {
			t.Errorf("pages: %s is not a bound operation with pages", name)
		}
	}
	if len(pages) != paged {
		t.Errorf("pages has %d operations, the models have %d that are bound", len(pages), paged)
	}
	for name := range continued {
		if _, ok := pages[name]; !ok {
			t.Errorf("continued: %s has no pages", name)
		}
	}
	for _, names := range []map[string]bool{lowerEnums, ownRules, keys(enumCodes)} {
		for name := range names {
			if !shapes[name] {
				t.Errorf("no shape %s", name)
			}
		}
	}
}

func keys(m map[string]string) map[string]bool {
	set := map[string]bool{}
	for key := range m {
		set[key] = true
	}
	return set
}

func TestUnknownOperation(t *testing.T) {
	m, err := load(filepath.Join("..", "model", "sts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generate(service{"sts", "sts", []string{"Fly"}}, m); err == nil || err.Error() != "operation Fly is not in the model" {
		t.Error(err)
	}
}

func TestCamel(t *testing.T) {
	for value, want := range map[string]string{
		"Interface": "Interface", "ipv4": "Ipv4", "ALL_DOMAINS": "AllDomains", "cloud-watch-logs": "CloudWatchLogs",
		"enableDnsSupport": "EnableDnsSupport", "VPC": "Vpc", "service-defined": "ServiceDefined", "PendingAcceptance": "PendingAcceptance",
	} {
		if got := camel(value); got != want {
			t.Errorf("camel(%q) = %q, want %q", value, got, want)
		}
	}
}
