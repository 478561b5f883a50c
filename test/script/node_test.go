package script

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
)

// nodeModules is the folder that has the SDK for JavaScript in the versions of
// testdata/js/package-lock.json. It is not there where test/tools could not
// install it.
func nodeModules() (string, bool) {
	lock, err := os.ReadFile("testdata/js/package-lock.json")
	if err != nil {
		return "", false
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(lock)
	folder := filepath.Join(cache, "postern", "js-"+hex.EncodeToString(sum[:8]), "node_modules")
	_, missing := os.Stat(folder)
	_, err = exec.LookPath("node")
	return folder, missing == nil && err == nil
}
