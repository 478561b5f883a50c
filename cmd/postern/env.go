package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// envCommand prints what leads AWS clients on the host to Postern.
type envCommand struct {
	DataDirFlag
	ActAs
	JSON bool `name:"json" help:"Print JSON."`
}

// ActAs says who clients are: the root user of the management account, unless
// it says more.
type ActAs struct {
	Account string `placeholder:"ID" help:"Act as the root user of this account."`
	Role    string `placeholder:"ROLE" help:"Act with a session of this role of the account: its ARN, or its path and name."`
}

// request asks for the credentials, by the command of that name.
func (a ActAs) request(command string) credentialsRequest {
	return credentialsRequest{Account: a.Account, Role: a.Role, Name: "postern-" + command}
}

func (e *envCommand) Run() error {
	info, err := e.DataDir.daemon()
	if err != nil {
		return err
	}
	key, err := askCredentials(e.DataDir, e.request("env"))
	if err != nil {
		return err
	}
	env := hostEnv(info, key, e.DataDir)
	if e.JSON {
		return json.NewEncoder(os.Stdout).Encode(env)
	}
	return writeExports(os.Stdout, env, os.Environ())
}

// hostEnv is the environment of a client on the host.
func hostEnv(info daemonInfo, key accessKey, d dataDir) map[string]string {
	env := map[string]string{
		"AWS_ENDPOINT_URL":    "https://" + info.Address,
		"AWS_REGION":          info.Region,
		"AWS_DEFAULT_REGION":  info.Region, // the only one that the AWS CLI v1 reads
		"AWS_CA_BUNDLE":       d.trust(),
		"NODE_EXTRA_CA_CERTS": d.ca(), // the SDK for JavaScript does not read AWS_CA_BUNDLE
	}
	maps.Copy(env, key.env())
	return env
}

// writeExports writes env for a shell's eval. Variables of the caller that
// would go before it are unset.
func writeExports(w io.Writer, env map[string]string, caller []string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(env[name]))
	}
	for _, entry := range caller {
		name, _, _ := strings.Cut(entry, "=")
		if _, ours := env[name]; !ours && overridesKey(name) {
			fmt.Fprintf(&b, "unset %s\n", name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shellQuote quotes s where a POSIX shell would read more into it.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=+@%,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// overridesKey reports whether an AWS client with that variable would not use
// a plain access key from the environment.
func overridesKey(name string) bool {
	switch name {
	case "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE":
		return true
	}
	return false
}

// sessionEnv is the environment of a command in a subnet: the caller's, less
// what would lead its AWS clients around the private way or to another
// account, plus a way in.
func sessionEnv(caller []string, region string, key accessKey, d dataDir) []string {
	own := map[string]string{
		"AWS_REGION":                region,
		"AWS_DEFAULT_REGION":        region,
		"AWS_CA_BUNDLE":             d.trust(),
		"SSL_CERT_FILE":             d.trust(), // OpenSSL, Go
		"REQUESTS_CA_BUNDLE":        d.trust(), // Python brings roots of its own
		"CURL_CA_BUNDLE":            d.trust(), // goes before SSL_CERT_FILE
		"NODE_EXTRA_CA_CERTS":       d.ca(),    // Node brings its own, too, and adds these
		"AWS_EC2_METADATA_DISABLED": "true",    // nothing answers at 169.254.169.254
	}
	maps.Copy(own, key.env())
	var env []string
	for _, entry := range caller {
		name, _, _ := strings.Cut(entry, "=")
		_, ours := own[name]
		if !ours && !overridesKey(name) && !strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			env = append(env, entry)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		env = append(env, name+"="+own[name])
	}
	return env
}
