// Command policypeers decides requests.json by policy.json with MinIO's policy
// package and by policy.cedar with cedar-go, and prints what they decide and
// how long a decision takes. It is a program of its own, built for the run,
// because MinIO's package is under the AGPL and neither is needed elsewhere.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"log"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/minio/pkg/v3/policy"
)

var (
	//go:embed policy.json
	iamPolicy []byte
	//go:embed policy.cedar
	cedarPolicy []byte
	//go:embed requests.json
	requestList []byte
)

type request struct{ Action, Bucket, Object, SourceIP string }

// Result is what one engine does.
type Result struct {
	Engine  string
	Allowed []bool
	Nanos   float64 // a decision
	Allocs  int64   // a decision
}

func main() {
	var requests []request
	if err := json.Unmarshal(requestList, &requests); err != nil {
		log.Fatal(err)
	}
	results := []Result{
		measure("minio policy", minio(requests)),
		measure("cedar-go", cedarGo(requests)),
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}

func measure(engine string, decisions []func() bool) Result {
	r := Result{Engine: engine}
	for _, decide := range decisions {
		r.Allowed = append(r.Allowed, decide())
	}
	b := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, decide := range decisions {
				decide()
			}
		}
	})
	r.Nanos = float64(b.NsPerOp()) / float64(len(decisions))
	r.Allocs = b.AllocsPerOp() / int64(len(decisions))
	return r
}

func minio(requests []request) (all []func() bool) {
	p, err := policy.ParseConfig(bytes.NewReader(iamPolicy))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range requests {
		args := policy.Args{
			AccountName: "ann", Action: policy.Action(r.Action), BucketName: r.Bucket, ObjectName: r.Object,
			ConditionValues: map[string][]string{"username": {"ann"}, "SourceIp": {r.SourceIP}, "SecureTransport": {"true"}},
		}
		all = append(all, func() bool { return p.IsAllowed(args) })
	}
	return all
}

func cedarGo(requests []request) (all []func() bool) {
	set, err := cedar.NewPolicySetFromBytes("policy.cedar", cedarPolicy)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range requests {
		resource := cedar.NewEntityUID("Object", cedar.String(r.Bucket+"/"+r.Object))
		folder, _, _ := strings.Cut(r.Object, "/")
		entities := cedar.EntityMap{resource: cedar.Entity{UID: resource, Attributes: cedar.NewRecord(cedar.RecordMap{
			"arn": cedar.String("arn:aws:s3:::" + r.Bucket + "/" + r.Object), "folder": cedar.String(folder),
		})}}
		q := cedar.Request{
			Principal: cedar.NewEntityUID("User", "ann"), Action: cedar.NewEntityUID("Action", cedar.String(r.Action)), Resource: resource,
			Context: cedar.NewRecord(cedar.RecordMap{
				"username": cedar.String("ann"), "secureTransport": cedar.Boolean(true),
				"sourceIp": cedar.IPAddr(netip.PrefixFrom(netip.MustParseAddr(r.SourceIP), 32)),
			}),
		}
		all = append(all, func() bool { d, _ := cedar.Authorize(set, entities, q); return bool(d) })
	}
	return all
}
