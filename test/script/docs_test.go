package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestPages runs the commands of each page that is a walk through a feature, in
// their order, in one shell. A command that ends with a comment which names a
// failure must fail in that way.
func TestPages(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("no AWS CLI on PATH")
	}
	bin := buildPostern(t)
	for _, page := range []string{"private-endpoint.md", "endpoint-names.md", "endpoint-services.md", "audit.md", "iam.md"} {
		t.Run(page, func(t *testing.T) { testPage(t, bin, page) })
	}
}

func testPage(t *testing.T, bin, name string) {
	state := t.TempDir()
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+state, "HOME="+os.Getenv("HOME"), "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
	page, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(state, "postern")
	serve := exec.Command(filepath.Join(bin, "postern"), "serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--dns-upstream", "none", "--flow-interval", "1s")
	serve.Env = env
	stdout, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		serve.Process.Signal(os.Interrupt)
		serve.Wait()
	}()
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	// The data directory is another one than on a reader's machine, and the
	// flow log's window shorter.
	script := strings.NewReplacer("postern env", "postern env --data-dir "+data, "postern exec", "postern exec --data-dir "+data,
		"postern audit", "postern audit --data-dir "+data, "postern policy suggest", "postern policy suggest --data-dir "+data).
		Replace(shellBlocks(string(page)))
	script = strings.Replace(script, "aws logs filter-log-events", "for i in $(seq 100); do aws logs filter-log-events --log-group-name flows 2>/dev/null | grep -q ACCEPT && break; sleep 0.1; done; aws logs filter-log-events", 1)
	// An AWS CLI before 2.13 does not read AWS_ENDPOINT_URL on the host.
	script = "aws() { command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }\n" + script
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Env = env
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("after %v: %v\n%s\n%s", time.Since(began), err, script, out)
	}
}

// shellBlocks joins the page's shell blocks, but for that which serves. A line
// with a comment about a failure becomes one that checks for it.
func shellBlocks(page string) string {
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page, -1) {
		if strings.HasPrefix(block[1], "postern serve") {
			continue
		}
		for line := range strings.Lines(block[1]) {
			command, comment, _ := strings.Cut(line, "   # ")
			for _, failure := range []string{"Connect timeout", "AccessDeniedException", "InvalidPrincipal", "InvalidServiceName",
				"MalformedPolicyDocument", "DeleteConflict", "UnmodifiableEntity"} {
				if strings.Contains(comment, failure) {
					line = "if said=$(" + strings.TrimSpace(command) + " 2>&1); then echo not refused: \"$said\"; exit 1; fi; grep -q '" + failure + "' <<< \"$said\"\n"
				}
			}
			script.WriteString(line)
		}
	}
	return script.String()
}
