package script

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sdk": sdkMain, "query": queryMain, "queries": queriesMain, "addresses": addressesMain, "fetch": fetchMain,
		"handshake": handshakeMain, "ping": pingMain, "listen": listenMain, "talk": talkMain, "traffic": trafficMain})
}

func TestScripts(t *testing.T) {
	bin := buildPostern(t)
	testscript.Run(t, testscript.Params{
		Dir:                 ".",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("DATA", filepath.Join(env.WorkDir, "data"))
			env.Setenv("AWS_PAGER", "")
			env.Setenv("AWS_MAX_ATTEMPTS", "1")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Setenv("AWS_CONFIG_FILE", filepath.Join(env.WorkDir, "none"))
			// Where the AWS CLI is a shim of a version manager, it looks for its versions there.
			for _, name := range []string{"PYENV_ROOT", "PYENV_VERSION"} {
				env.Setenv(name, os.Getenv(name))
			}
			if modules, ok := nodeModules(); ok {
				env.Setenv("NODE_PATH", modules)
			}
			program, err := filepath.Abs("testdata/js/call.mjs")
			env.Setenv("JS", program)
			return err
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "aws":
				_, err := exec.LookPath("aws")
				return err == nil, nil
			case "node":
				_, ok := nodeModules()
				return ok, nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serve,
			"halt":  halt,
			"crash": crash,
			"on":    on,
			"set":   set,
			"part":  part,
			"until": until,
		},
	})
}

// buildPostern returns a folder of the test's own with the program in it: a
// test knows its processes by their path. The program is built once, and the
// folder is readable for everybody, because some tests run it as another user.
func buildPostern(t *testing.T) string {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "postern"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// built is the program, built from the sources beside this test.
var built = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "postern-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "postern")
	cmd := exec.Command("go", "build", "-o", path, "../../cmd/postern")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build postern: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})

// set takes a value out of the JSON that the last command printed:
// set vpc .Vpc.VpcId, set eni .VpcEndpoints[0].NetworkInterfaceIds[1].
func set(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: set VAR PATH")
	}
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("the last command printed no JSON: %v", err)
	}
	for _, step := range regexp.MustCompile(`\.(\w+)|\[(\d+)\]`).FindAllStringSubmatch(args[1], -1) {
		switch at := v.(type) {
		case map[string]any:
			v = at[step[1]]
		case []any:
			i, err := strconv.Atoi(step[2])
			if err != nil || i >= len(at) {
				ts.Fatalf("no element %s in %v", step[0], at)
			}
			v = at[i]
		}
	}
	if v == nil {
		ts.Fatalf("nothing at %s in %s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// part sets a variable to the /64 of a number in an IPv6 block:
// part one $block 1.
func part(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: part VAR BLOCK NUMBER")
	}
	block, err := netip.ParsePrefix(args[1])
	ts.Check(err)
	n, err := strconv.ParseUint(args[2], 10, 8)
	ts.Check(err)
	b := block.Addr().As16()
	b[7] |= byte(n)
	ts.Setenv(args[0], netip.PrefixFrom(netip.AddrFrom16(b), 64).String())
}

// until repeats a command until its output matches, for at most 15 seconds.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP CMD...")
	}
	want := regexp.MustCompile("(?m)" + args[0])
	for deadline := time.Now().Add(15 * time.Second); ; {
		err := ts.Exec(args[1], args[2:]...)
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %q in 15 s: %v", args[0], err)
		}
	}
}

// on runs a command in a subnet, with its stdout and stderr for the commands
// that follow.
func on(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: on SUBNET[,GROUP] CMD...")
	}
	subnet, group, _ := strings.Cut(args[0], ",")
	command := []string{"exec", "--data-dir", ts.Getenv("DATA"), "--subnet", subnet}
	if group != "" {
		command = append(command, "--security-group", group)
	}
	err := ts.Exec("postern", append(append(command, "--"), args[1:]...)...)
	if neg == (err == nil) {
		ts.Fatalf("on %v: %v", args, err)
	}
}
