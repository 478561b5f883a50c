package main

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/service/sts"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
)

var update = flag.Bool("update", false, "write COVERAGE.md anew")

// recordOnly are the implemented operations behind which nothing runs yet.
var recordOnly = map[string]map[string]string{"eks": {
	"CreateCluster": "the cluster stays CREATING, since no Kubernetes control plane starts.",
}}

// TestCoveragePage keeps COVERAGE.md what the dispatch table says.
func TestCoveragePage(t *testing.T) {
	const page = "../../COVERAGE.md"
	var all []wire.Covered
	identities := iam.New(iam.Config{Store: new(store.Store)})
	for _, s := range newServices(&logs.Service{}, nil, identities, sts.Config{}, ec2.Config{}).table() {
		c := wire.Covered{Service: s.Model, RecordOnly: recordOnly[s.Model.Name]}
		for _, m := range s.Methods {
			c.Implemented = append(c.Implemented, m.Operation.Name)
		}
		all = append(all, c)
	}
	got := wire.Coverage(all)
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("COVERAGE.md is not what is implemented; go generate ./cmd/postern writes it anew (-page +now):\n%s", diff)
	}
}
