package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

// writeForever writes subnets from a few goroutines and prints the id of each
// one when it is acknowledged.
func writeForever(dir string) {
	s, err := store.Open(context.Background(), store.Config{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for range 4 {
		go func() {
			for {
				n := vpc.Subnet{Owner: owner, ID: vpc.NewID("subnet")}
				if _, err := s.Update(context.Background(), func(tx *store.Tx) error {
					s.Subnets.Put(tx, n)
					return nil
				}); err == nil {
					fmt.Println(n.ID) // one write: never torn
				}
			}
		}()
	}
	select {}
}

var owner = vpc.Owner{Account: "111122223333", Region: "us-east-1"}

func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for round := range 3 {
		writer := exec.Command(os.Args[0], "write", dir)
		writer.Stderr = os.Stderr
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			ids = append(ids, lines.Text())
			if len(ids) == 100+50*round {
				if err := writer.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		writer.Wait() // its error is that it was killed
		acknowledged += len(ids)

		s := open(t, store.Config{Dir: dir})
		for _, id := range ids {
			if _, ok := s.Subnets.Get(s.Snapshot(), store.Key{Account: owner.Account, Region: owner.Region, ID: id}); !ok {
				t.Errorf("round %d: %s was acknowledged and is lost", round, id)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acknowledged < 300 {
		t.Errorf("only %d writes were acknowledged", acknowledged)
	}
}
