// Command gen writes the shapes and operation tables of package wire's
// subfolders from the API models in wire/model. It needs nothing but those
// files and the tables in this folder; "go generate ./wire" runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run generates every service below dir, the wire folder.
func run(dir string) error {
	for _, s := range services {
		m, err := load(filepath.Join(dir, "model", s.Package+".json"))
		if err != nil {
			return err
		}
		src, err := generate(s, m)
		if err != nil {
			return fmt.Errorf("generate %s: %w", s.Package, err)
		}
		folder := filepath.Join(dir, s.goPackage())
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "z"+s.goPackage()+".go"), src, 0o644); err != nil {
			return err
		}
	}
	return nil
}
