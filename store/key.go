package store

import (
	"fmt"
	"strings"
)

// Key names one record of a table. Account and Region never contain a slash;
// an ID may hold any characters.
type Key struct {
	Account string
	Region  string
	ID      string
}

// The keys in etcd:
//
//	/postern/<table>/<account>/<region>/<id>      a record, JSON
//	/postern/marks/<table>/<account>/<region>/    empty; its revision is that of the newest write to that part of the table
const (
	root      = "/postern/"
	marksRoot = root + "marks/"
)

// path is the part of the etcd key after the table: it orders and identifies
// the rows of a table in memory.
func (k Key) path() string { return k.Account + "/" + k.Region + "/" + k.ID }

func (k Key) valid() error {
	switch {
	case k.Account == "" || k.Region == "" || k.ID == "":
		return fmt.Errorf("key %q: account, Region and id are required", k.path())
	case strings.Contains(k.Account, "/") || strings.Contains(k.Region, "/"):
		return fmt.Errorf("key %q: slash in account or Region", k.path())
	}
	return nil
}

// rowKey is the etcd key of a row.
func rowKey(table, path string) string { return root + table + "/" + path }

// cutRowKey is the opposite of rowKey. It says no to marks and to keys that
// are not of the form of a record.
func cutRowKey(key string) (table string, k Key, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(key, root), "/", 4)
	if len(parts) != 4 || !strings.HasPrefix(key, root) || strings.HasPrefix(key, marksRoot) {
		return "", Key{}, false
	}
	k = Key{Account: parts[1], Region: parts[2], ID: parts[3]}
	return parts[0], k, k.valid() == nil
}

// area is the prefix of the marks of a part of a table. An empty account
// stands for all accounts, an empty Region for all Regions of the account.
func area(table, account, region string) string {
	a := marksRoot + table + "/"
	if account == "" {
		return a
	}
	a += account + "/"
	if region == "" {
		return a
	}
	return a + region + "/"
}

// pathPrefix is the prefix of the paths of a part of a table, with area's
// meaning of empty parameters.
func pathPrefix(account, region string) string {
	switch {
	case account == "":
		return ""
	case region == "":
		return account + "/"
	}
	return account + "/" + region + "/"
}
