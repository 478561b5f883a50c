package bench

import (
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/postern/postern/auth/policy"
)

const (
	cedarVersion = "v1.9.0"
	minioVersion = "v3.1.3"
)

//go:embed testdata/policypeers
var policyPeers embed.FS

// policyEngine is what one engine does with the requests.
type policyEngine struct {
	Engine  string
	Allowed []bool
	Nanos   float64 // a decision
	Allocs  int64   // a decision
}

// BenchmarkPolicy prints how many requests the policy engine decides in a
// second on one core, beside MinIO's and Cedar's on the same rules. They are
// of S3, because MinIO knows no other resources. All must decide alike.
func BenchmarkPolicy(b *testing.B) {
	peers := buildPolicyPeers(b)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ndecisions by 12 statements, one core\tdecisions/s\tpostern : this\tallocations")
	for b.Loop() {
		nanos := map[string][]float64{}
		var last []policyEngine
		for range rounds {
			out, err := exec.Command(peers).Output()
			must(b, err)
			must(b, json.Unmarshal(out, &last))
			last = append([]policyEngine{measurePolicy(b)}, last...)
			for _, e := range last {
				if !slices.Equal(e.Allowed, last[0].Allowed) {
					b.Fatalf("%s decides %v, postern %v", e.Engine, e.Allowed, last[0].Allowed)
				}
				nanos[e.Engine] = append(nanos[e.Engine], e.Nanos)
			}
		}
		for _, e := range last {
			own, this := median(nanos["postern"]), median(nanos[e.Engine])
			fmt.Fprintf(table, "%s\t%.0f\t%.1f\t%d\n", e.Engine, 1e9/this, this/own, e.Allocs)
		}
		table.Flush()
	}
}

// measurePolicy is what the program of the peers does, with postern's engine.
func measurePolicy(b *testing.B) policyEngine {
	text, err := policyPeers.ReadFile("testdata/policypeers/policy.json")
	must(b, err)
	document, err := policy.Parse(string(text))
	must(b, err)
	text, err = policyPeers.ReadFile("testdata/policypeers/requests.json")
	must(b, err)
	var list []struct{ Action, Bucket, Object, SourceIP string }
	must(b, json.Unmarshal(text, &list))

	set := policy.Set{Identity: []policy.Named{{Document: document}}}
	e := policyEngine{Engine: "postern"}
	var requests []policy.Request
	for _, r := range list {
		req := policy.Request{
			Action: r.Action, Resource: "arn:aws:s3:::" + r.Bucket + "/" + r.Object, ResourceAccount: "111122223333",
			Principal: policy.Principal{ARN: "arn:aws:iam::111122223333:user/ann", Account: "111122223333"},
			Context: policy.MakeKeys(map[string][]string{
				"aws:username": {"ann"}, "aws:SourceIp": {r.SourceIP}, "aws:SecureTransport": {"true"},
			}),
		}
		requests = append(requests, req)
		e.Allowed = append(e.Allowed, policy.Decide(req, set).Decision == policy.Allowed)
	}
	decide := func() {
		for i := range requests {
			policy.Decide(requests[i], set)
		}
	}
	e.Allocs = int64(testing.AllocsPerRun(100, decide)) / int64(len(requests))
	began, times := time.Now(), 0 // testing.Benchmark cannot run within a benchmark
	for ; time.Since(began) < time.Second; times += 1000 {
		for range 1000 {
			decide()
		}
	}
	e.Nanos = float64(time.Since(began).Nanoseconds()) / float64(times*len(requests))
	return e
}

// buildPolicyPeers builds testdata/policypeers, once for its text.
func buildPolicyPeers(b *testing.B) string {
	sum := sha256.New()
	files := map[string][]byte{"go.mod": []byte("module policypeers\n\ngo 1.26.0\n")}
	for _, name := range []string{"main.go", "policy.cedar", "policy.json", "requests.json"} {
		text, err := policyPeers.ReadFile("testdata/policypeers/" + name)
		must(b, err)
		sum.Write(text)
		files[name] = text
	}
	cache, err := os.UserCacheDir()
	must(b, err)
	dir := filepath.Join(cache, "postern-bench", fmt.Sprintf("policy-%s-%s-%x", cedarVersion, minioVersion, sum.Sum(nil)[:4]))
	program := filepath.Join(dir, "policypeers")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	fmt.Println("building the peers into", dir, "(once)")
	must(b, os.MkdirAll(dir, 0o755))
	for name, text := range files {
		must(b, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	for _, argv := range [][]string{
		{"get", "github.com/cedar-policy/cedar-go@" + cedarVersion, "github.com/minio/pkg/v3@" + minioVersion},
		{"build", "-mod=mod", "-o", program, "."},
	} {
		cmd := exec.Command("go", argv...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Skipf("the peers cannot be built here: go %s: %v\n%s", argv[0], err, out)
		}
	}
	return program
}
