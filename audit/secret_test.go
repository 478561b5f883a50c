package audit

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/cloudtrail"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/eksauth"
	"github.com/postern/postern/wire/elbv2"
	"github.com/postern/postern/wire/iam"
	"github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/sts"
)

// sensitive are the members that the models mark so, in lower case; structures
// are marked as a whole, so of them only what is secret by its name.
func sensitive(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	models, err := filepath.Glob("../wire/model/*.json")
	if err != nil || len(models) == 0 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for _, file := range models {
		var m struct {
			Shapes map[string]struct {
				Type      string
				Sensitive bool
				Members   map[string]struct{ Shape string }
			}
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &m); err != nil {
			continue // partitions.json
		}
		for _, s := range m.Shapes {
			for name, member := range s.Members {
				if shape := m.Shapes[member.Shape]; shape.Sensitive && shape.Type != "structure" {
					all[strings.ToLower(name)] = true
				}
			}
		}
	}
	if len(all) < 5 {
		t.Fatalf("the models mark %v", all)
	}
	return all
}

// suspicious are names that sound like a secret; harmless those of them that
// are none.
var (
	suspicious = regexp.MustCompile(`(?i)secret|password|token|assertion|privatekey|presharedkey|seed|logevents`)
	harmless   = regexp.MustCompile(`(?i)^(next|client|clientrequest|creation|idempotency|continuation|starting|nextforward|nextbackward|sequence|nextsequence|uploadsequence|expectedsequence)token$|` +
		`^passwordlastused|passwordpolicy|passwordreset|passwordreuse|^maxpasswordage|^minimumpasswordlength|passwordenabled|^allowuserstochangepassword|tokenversion|tokentype|tokens?code|^tokenendpoint$|^subjectfromwebidentitytoken$`)
)

// filler makes values of shapes in which every text says where it is.
type filler struct {
	secret func(member string) bool
	texts  map[string]bool // of secrets
	depth  int
}

func (f *filler) fill(v reflect.Value, member string) {
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > 12 { // a shape that holds itself
		return
	}
	switch {
	case v.Type() == timeType:
	case v.Type() == bytesType:
		v.SetBytes([]byte(f.text(member)))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), member)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), member)
	case v.Kind() == reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		f.fill(value, member)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if f.secret(member) {
				name = member
			}
			f.fill(v.Field(i), name)
		}
	case v.Kind() == reflect.String:
		v.SetString(f.text(member))
	}
}

func (f *filler) text(member string) string {
	text := "content-of-" + member + "-"
	if f.secret(member) {
		f.texts[text] = true
	}
	return text
}

// TestNoSecretGetsIntoTheFiles records every operation with a text in every
// member of its shapes, and looks for the secret ones in the files.
func TestNoSecretGetsIntoTheFiles(t *testing.T) {
	marked := sensitive(t)
	f := &filler{texts: map[string]bool{}, secret: func(member string) bool {
		return marked[strings.ToLower(member)] || suspicious.MatchString(member) && !harmless.MatchString(member)
	}}
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	recorded := 0
	for _, s := range []*wire.Service{ec2.Model, eks.Model, eksauth.Model, sts.Model, iam.Model, logs.Model, elbv2.Model, cloudtrail.Model} {
		for _, op := range s.Operations {
			if op.Input == nil {
				continue
			}
			in, out := reflect.New(op.Input), reflect.New(op.Output)
			f.fill(in.Elem(), "")
			f.fill(out.Elem(), "")
			c := listClusters(s.Name+op.Name, root)
			c.Service, c.Operation, c.In, c.Out = s, op, in.Interface(), out.Interface()
			l.Record(c)
			l.Record(denied(c, policy.Endpoint))
			recorded++
		}
	}
	if recorded < 100 || len(f.texts) < 8 {
		t.Fatalf("%d operations with secrets %v", recorded, f.texts)
	}
	ids(t, l, Query{}) // everything is written
	var all []byte
	for _, file := range files(t, dir) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	for text := range f.texts {
		if bytes.Contains(all, []byte(text)) {
			t.Errorf("the files have %s", text)
		}
	}
	if !bytes.Contains(all, []byte("content-of-RoleName-")) || !bytes.Contains(all, []byte(hidden)) {
		t.Error("the files do not have what they should have")
	}
}

func TestMessageThatQuotesASecret(t *testing.T) {
	for text, want := range map[string]string{
		"1 validation error detected: Value 'eyJ' at 'webIdentityToken' failed to satisfy constraint: Member must have length": hidden,
		"1 validation error detected: Value 'pw' at 'LoginProfile.Password' failed to satisfy constraint":                      hidden,
		"Value (x) for parameter userData is invalid.":                                                                         hidden,
		"1 validation error detected: Value 'x' at 'name' failed to satisfy constraint: y":                                     "1 validation error detected: Value 'x' at 'name' failed to satisfy constraint: y",
	} {
		if got := maskMessage(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
