package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSessionEnv(t *testing.T) {
	key := accessKey{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}
	own := []string{
		"AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
		"AWS_CA_BUNDLE=/d/tls/trust.pem",
		"AWS_DEFAULT_REGION=eu-west-1",
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_REGION=eu-west-1",
		"AWS_SECRET_ACCESS_KEY=secret",
		"CURL_CA_BUNDLE=/d/tls/trust.pem",
		"NODE_EXTRA_CA_CERTS=/d/tls/ca.pem",
		"REQUESTS_CA_BUNDLE=/d/tls/trust.pem",
		"SSL_CERT_FILE=/d/tls/trust.pem",
	}
	for name, c := range map[string]struct{ caller, keeps []string }{
		"nothing":         {nil, nil},
		"others stay":     {[]string{"HOME=/root", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1"}, []string{"HOME=/root", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1"}},
		"odd ones stay":   {[]string{"=x", "novalue", "A=b=c"}, []string{"=x", "novalue", "A=b=c"}},
		"ways around":     {[]string{"AWS_ENDPOINT_URL=x", "AWS_ENDPOINT_URL_EKS=x", "AWS_ENDPOINT_URL_STS=x"}, nil},
		"other keys":      {[]string{"AWS_SESSION_TOKEN=x", "AWS_SECURITY_TOKEN=x", "AWS_PROFILE=x", "AWS_DEFAULT_PROFILE=x"}, nil},
		"replaced":        {[]string{"AWS_ACCESS_KEY_ID=x", "AWS_REGION=x", "SSL_CERT_FILE=x"}, nil},
		"similar ones":    {[]string{"AWS_PROFILES=x", "MY_AWS_ENDPOINT_URL=x"}, []string{"AWS_PROFILES=x", "MY_AWS_ENDPOINT_URL=x"}},
		"case is another": {[]string{"aws_profile=x"}, []string{"aws_profile=x"}},
	} {
		got := sessionEnv(c.caller, "eu-west-1", key, "/d")
		if diff := cmp.Diff(append(c.keeps, own...), got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// Temporary credentials bring their token, in place of the caller's.
func TestTemporaryKeyEnv(t *testing.T) {
	key := accessKey{"ASIAEXAMPLE", "secret", "token"}
	env := sessionEnv([]string{"AWS_SESSION_TOKEN=x"}, "eu-west-1", key, "/d")
	for _, want := range []string{"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=token"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	if slices.Contains(env, "AWS_SESSION_TOKEN=x") {
		t.Error("the caller's token stays")
	}
	var script bytes.Buffer
	if err := writeExports(&script, hostEnv(daemonInfo{}, key, "/d"), []string{"AWS_SESSION_TOKEN=x", "AWS_PROFILE=x"}); err != nil {
		t.Fatal(err)
	}
	if s := script.String(); !strings.Contains(s, "export AWS_SESSION_TOKEN=token\n") || strings.Contains(s, "unset AWS_SESSION_TOKEN") || !strings.Contains(s, "unset AWS_PROFILE") {
		t.Errorf("exports:\n%s", s)
	}
}

// What env prints a shell takes, whatever is in it.
func TestWriteExports(t *testing.T) {
	env := map[string]string{"AWS_CA_BUNDLE": "/a b/it's $HOME `x`/trust.pem", "AWS_SECRET_ACCESS_KEY": "a/b+c", "AWS_EMPTY": ""}
	var script bytes.Buffer
	if err := writeExports(&script, env, []string{"AWS_PROFILE=x", "HOME=/root"}); err != nil {
		t.Fatal(err)
	}
	script.WriteString("env")
	cmd := exec.Command("sh", "-c", script.String())
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "AWS_PROFILE=x", "HOME=/root"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	for name, value := range env {
		if !slices.Contains(lines, name+"="+value) {
			t.Errorf("the shell has no %s=%s:\n%s", name, value, out)
		}
	}
	if slices.Contains(lines, "AWS_PROFILE=x") || !slices.Contains(lines, "HOME=/root") {
		t.Errorf("the wrong variables are unset:\n%s", out)
	}
}

func FuzzShellQuote(f *testing.F) {
	f.Add("it's")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return
		}
		out, err := exec.Command("sh", "-c", "printf %s "+shellQuote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q became %q (%v)", s, out, err)
		}
	})
}

func TestDefaultDataDir(t *testing.T) {
	for _, c := range []struct {
		uid        int
		home, xdg  string
		want       dataDir
		impossible bool
	}{
		{0, "/root", "/x", "/var/lib/postern", false},
		{1000, "/u/a", "", "/u/a/.local/state/postern", false},
		{1000, "/u/a", "/state", "/state/postern", false},
		{1000, "/u/a", "relative", "/u/a/.local/state/postern", false}, // as the XDG specification wants it
		{1000, "", "", "", true},
	} {
		got, err := defaultDataDir(c.uid, func(name string) string {
			return map[string]string{"HOME": c.home, "XDG_STATE_HOME": c.xdg}[name]
		})
		if got != c.want || (err != nil) != c.impossible {
			t.Errorf("%+v: %q %v", c, got, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	d := dataDir(t.TempDir())
	first, err := d.openCredentials()
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(first.AccessKeyID) {
		t.Errorf("access key id %q", first.AccessKeyID)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`).MatchString(first.SecretAccessKey) {
		t.Errorf("secret %q", first.SecretAccessKey)
	}
	if again, err := d.openCredentials(); err != nil || again != first {
		t.Errorf("the second time: %+v %v", again, err)
	}
	info, err := os.Stat(d.credentials())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(d.credentials(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.openCredentials(); err == nil {
		t.Error("a broken file was read")
	}
}

func TestTrust(t *testing.T) {
	if got := joinPEM([]byte("a"), nil, []byte("b\n"), []byte("c")); string(got) != "a\nb\nc\n" {
		t.Errorf("%q", got)
	}
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("roots"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, paths := range map[string][]string{"roots": {dir + "/absent", there, dir}, "": {dir + "/absent"}} {
		if got, err := firstFile(paths); err != nil || string(got) != want {
			t.Errorf("%v: %q %v", paths, got, err)
		}
	}
}

func TestWriteStatus(t *testing.T) {
	now := time.Now()
	s := statusReport{
		Version: build{Version: "v1.0.0", Go: "go1.26"}, Started: now.Add(-time.Hour), Account: "111122223333", Region: "us-east-1",
		Keeper: statusKeeper{Since: now.Add(-3 * time.Hour), Daemons: 2},
		Health: []statusHealth{{Part: "store", OK: true}, {Part: "network", Error: "no nftables"}},
		VPCs:   []statusVPC{{ID: "vpc-1", Region: "us-east-1", State: "applied"}},
	}
	var got strings.Builder
	if err := s.write(&got, now); err != nil {
		t.Fatal(err)
	}
	want := `postern v1.0.0 go1.26, up 1h0m0s, account 111122223333, Region us-east-1
keeper up 3h0m0s, adopted by daemon no. 2

PART     HEALTH
store    ok
network  no nftables

VPC    REGION     CIDR            STATE
vpc-1  us-east-1  invalid Prefix  applied
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s.healthy() {
		t.Error("this is not healthy")
	}
}
