package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
)

// versionCommand prints which build this is.
type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (v *versionCommand) Run() error {
	b := thisBuild()
	if v.JSON {
		return json.NewEncoder(os.Stdout).Encode(b)
	}
	fmt.Println("postern " + b.String())
	return nil
}

// build says which build of Postern this is.
type build struct {
	Version  string `json:"version"` // the module's, (devel) in a checkout
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: "(devel)"}
	}
	b := build{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) String() string {
	s := b.Version
	if len(b.Revision) >= 12 {
		s += " " + b.Revision[:12]
	}
	if b.Modified {
		s += " modified"
	}
	return s + " " + b.Go
}
