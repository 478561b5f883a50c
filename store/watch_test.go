package store

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/postern/postern/vpc"
)

// TestCompactedWatch begins to follow at a revision that etcd no longer has.
func TestCompactedWatch(t *testing.T) {
	ctx := t.Context()
	writer, err := Open(ctx, Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	put := func(id, network string) {
		t.Helper()
		if _, err := writer.Update(ctx, func(tx *Tx) error {
			writer.Subnets.Put(tx, vpc.Subnet{Owner: vpc.Owner{Account: "1", Region: "r"}, ID: id, VPC: network})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	put("kept", "a")
	put("changed", "a")
	put("deleted", "a")

	var log strings.Builder
	late, err := load(ctx, Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, writer.client, nil)
	if err != nil {
		t.Fatal(err)
	}
	feed := late.Changes(ctx)
	feed.take()

	put("changed", "b")
	put("created", "b")
	revision, err := writer.Update(ctx, func(tx *Tx) error {
		writer.Subnets.Delete(tx, Key{"1", "r", "deleted"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.client.Compact(ctx, revision); err != nil {
		t.Fatal(err)
	}

	running, cancel := context.WithCancel(ctx)
	late.closing = running.Done()
	go late.run(running)
	if err := late.wait(ctx, revision); err != nil {
		t.Fatal(err)
	}
	changes, _, ok := feed.take()
	got := make(map[string]string)
	for _, c := range changes {
		old, _ := c.Old.(vpc.Subnet)
		now, _ := c.New.(vpc.Subnet)
		got[old.ID+">"+now.ID] = old.VPC + ">" + now.VPC
	}
	want := map[string]string{"changed>changed": "a>b", ">created": ">b", "deleted>": "a>"}
	if !ok || !maps.Equal(got, want) {
		t.Errorf("feed = %v, want %v", got, want)
	}
	put("later", "c")
	if err := late.wait(ctx, writer.Snapshot().Revision()); err != nil {
		t.Errorf("does not follow after reading anew: %v", err)
	}
	cancel()
	<-late.stopped
	if !strings.Contains(log.String(), "compacted") {
		t.Errorf("log = %q, want the reason", log.String())
	}
}

// TestForeignRecords puts into etcd what this program would not have written.
func TestForeignRecords(t *testing.T) {
	for _, row := range []struct {
		name, key, value string
		opens            bool
	}{
		{"another table", "/postern/gadgets/1/r/x", "?", true},
		{"a short key", "/postern/subnets/1", "?", true},
		{"no id", "/postern/subnets/1/r/", "?", true},
		{"a mark", "/postern/marks/subnets/1/r/", "?", true},
		{"not JSON", "/postern/subnets/1/r/x", "?", false},
		{"an unknown field", "/postern/subnets/1/r/x", `{"ID":"x","Colour":"red"}`, false},
		{"text after the record", "/postern/subnets/1/r/x", `{"ID":"x"} {}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := Open(t.Context(), Config{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.client.Put(t.Context(), row.key, row.value); err != nil {
				t.Fatal(err)
			}
			other, err := load(t.Context(), Config{}, s.client, nil)
			if (err == nil) != row.opens {
				t.Fatalf("err = %v, want it to open: %v", err, row.opens)
			}
			if err != nil && !strings.Contains(err.Error(), row.key) {
				t.Errorf("err = %v does not name the record", err)
			}
			if err == nil && len(other.Subnets.revisions(other.Snapshot().txn)) != 0 {
				t.Error("it became a record")
			}
		})
	}
}
