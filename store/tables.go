package store

import (
	"github.com/cilium/statedb"

	"github.com/postern/postern/vpc"
)

// makeTables lists all tables. A feed begins with their records in this order:
// what others refer to comes first.
func (s *Store) makeTables() error {
	m := maker{s: s}
	s.Networks = add(&m, "networks", func(n vpc.Network) Key { return key(n.Owner, n.ID) }, nil)
	s.Subnets = add(&m, "subnets", func(n vpc.Subnet) Key { return key(n.Owner, n.ID) },
		indexes[vpc.Subnet]{"vpc": func(n vpc.Subnet) []string { return []string{n.VPC} }})
	s.RouteTables = add(&m, "routetables", func(r vpc.RouteTable) Key { return key(r.Owner, r.ID) },
		indexes[vpc.RouteTable]{"vpc": func(r vpc.RouteTable) []string { return []string{r.VPC} }})
	s.SecurityGroups = add(&m, "securitygroups", func(g vpc.SecurityGroup) Key { return key(g.Owner, g.ID) },
		indexes[vpc.SecurityGroup]{
			"vpc":  func(g vpc.SecurityGroup) []string { return []string{g.VPC} },
			"peer": peers,
		})
	s.ENIs = add(&m, "enis", func(e vpc.ENI) Key { return key(e.Owner, e.ID) },
		indexes[vpc.ENI]{
			"vpc":          func(e vpc.ENI) []string { return []string{e.VPC} },
			"subnet":       func(e vpc.ENI) []string { return []string{e.Subnet} },
			"group":        func(e vpc.ENI) []string { return e.Groups },
			"endpoint":     func(e vpc.ENI) []string { return []string{e.Endpoint} },
			"loadbalancer": func(e vpc.ENI) []string { return []string{e.LoadBalancer} },
			"session":      func(e vpc.ENI) []string { return []string{e.Session} },
		})
	s.Endpoints = add(&m, "endpoints", func(e vpc.Endpoint) Key { return key(e.Owner, e.ID) },
		indexes[vpc.Endpoint]{
			"vpc":        func(e vpc.Endpoint) []string { return []string{e.VPC} },
			"token":      func(e vpc.Endpoint) []string { return []string{e.ClientToken} },
			"service":    func(e vpc.Endpoint) []string { return []string{e.Service} },
			"connection": func(e vpc.Endpoint) []string { return []string{e.Connection} },
		})
	s.ServiceConfigurations = add(&m, "serviceconfigurations", func(c vpc.ServiceConfiguration) Key { return key(c.Owner, c.ID) },
		indexes[vpc.ServiceConfiguration]{
			"id":           func(c vpc.ServiceConfiguration) []string { return []string{c.ID} },
			"loadbalancer": func(c vpc.ServiceConfiguration) []string { return c.LoadBalancers },
			"token":        func(c vpc.ServiceConfiguration) []string { return []string{c.ClientToken} },
		})
	s.ConnectionNotifications = add(&m, "connectionnotifications", func(n vpc.ConnectionNotification) Key { return key(n.Owner, n.ID) },
		indexes[vpc.ConnectionNotification]{
			"service":  func(n vpc.ConnectionNotification) []string { return []string{n.Service} },
			"endpoint": func(n vpc.ConnectionNotification) []string { return []string{n.Endpoint} },
			"token":    func(n vpc.ConnectionNotification) []string { return []string{n.ClientToken} },
		})
	s.LoadBalancers = add(&m, "loadbalancers", func(l vpc.LoadBalancer) Key { return key(l.Owner, vpc.ELBID(l.ARN)) },
		indexes[vpc.LoadBalancer]{
			"vpc":  func(l vpc.LoadBalancer) []string { return []string{l.VPC} },
			"name": func(l vpc.LoadBalancer) []string { return []string{l.Name} },
		})
	s.Listeners = add(&m, "listeners", func(l vpc.Listener) Key { return key(l.Owner, vpc.ELBID(l.ARN)) },
		indexes[vpc.Listener]{
			"loadbalancer": func(l vpc.Listener) []string { return []string{l.LoadBalancer} },
			"targetgroup":  forwards,
		})
	s.TargetGroups = add(&m, "targetgroups", func(g vpc.TargetGroup) Key { return key(g.Owner, vpc.ELBID(g.ARN)) },
		indexes[vpc.TargetGroup]{
			"vpc":  func(g vpc.TargetGroup) []string { return []string{g.VPC} },
			"name": func(g vpc.TargetGroup) []string { return []string{g.Name} },
		})
	s.TargetHealths = add(&m, "targethealths", func(h vpc.TargetHealth) Key { return key(h.Owner, vpc.ELBID(h.TargetGroup)+" "+h.Target) },
		indexes[vpc.TargetHealth]{"targetgroup": func(h vpc.TargetHealth) []string { return []string{h.TargetGroup} }})
	s.FlowLogs = add(&m, "flowlogs", func(f vpc.FlowLog) Key { return key(f.Owner, f.ID) },
		indexes[vpc.FlowLog]{
			"resource": func(f vpc.FlowLog) []string { return []string{f.Resource} },
			"token":    func(f vpc.FlowLog) []string { return []string{f.ClientToken} },
		})
	s.Clusters = add(&m, "clusters", Cluster.key,
		indexes[Cluster]{"token": func(c Cluster) []string { return []string{c.ClientToken} }})
	s.LogGroups = add(&m, "loggroups", func(g LogGroup) Key { return key(g.Owner, g.Name) }, nil)
	s.LogStreams = add(&m, "logstreams", LogStream.key,
		indexes[LogStream]{"group": func(l LogStream) []string { return []string{l.GroupKey()} }})
	s.makeIAMTables(&m)
	s.InstallationKeys = add(&m, "installationkeys", func(k InstallationKey) Key { return installationKey(k.ID) }, nil)
	s.makeOrganizationTables(&m)
	return m.err
}

// indexes are the secondary indexes of a table: name, and the values that a
// record is found under.
type indexes[T any] map[string]func(T) []string

// maker collects the tables and the first error.
type maker struct {
	s   *Store
	err error
}

func add[T any](m *maker, name string, key func(T) Key, by indexes[T]) *Table[T] {
	if m.err != nil {
		return nil
	}
	t, err := newTable(m.s.db, name, key, by)
	m.s.tables, m.err = append(m.s.tables, t), err
	return t
}

func key(o vpc.Owner, id string) Key { return Key{Account: o.Account, Region: o.Region, ID: id} }

func forwards(l vpc.Listener) []string {
	var groups []string
	for _, f := range l.Forwards {
		groups = append(groups, f.TargetGroup)
	}
	return groups
}

func peers(g vpc.SecurityGroup) []string {
	var groups []string
	for _, r := range g.Rules {
		groups = append(groups, r.Group)
	}
	return groups
}

// table is what the watch needs of a Table of any type.
type table interface {
	Name() string
	meta() statedb.TableMeta
	// decode makes the row that put takes.
	decode(path string, revision int64, data []byte) (any, error)
	put(txn statedb.WriteTxn, row any) (old, new any, err error)
	remove(txn statedb.WriteTxn, path string) (old any, err error)
	// revisions are those of all rows, by path.
	revisions(txn statedb.ReadTxn) map[string]int64
	// all are the values of all rows, in order.
	all(txn statedb.ReadTxn) []any
}

// Name is the table's name in keys and in a Change.
func (t *Table[T]) Name() string { return t.name }

func (t *Table[T]) meta() statedb.TableMeta { return t.rows }

func (t *Table[T]) decode(path string, revision int64, data []byte) (any, error) {
	r := &row[T]{path: path, revision: revision}
	if err := decode(data, &r.value); err != nil {
		return nil, err
	}
	return r, nil
}

func (t *Table[T]) put(txn statedb.WriteTxn, r any) (old, new any, err error) {
	now := r.(*row[T])
	was, had, err := t.rows.Insert(txn, now)
	if had {
		old = was.value
	}
	return old, now.value, err
}

func (t *Table[T]) remove(txn statedb.WriteTxn, path string) (old any, err error) {
	was, had, err := t.rows.Delete(txn, &row[T]{path: path})
	if had {
		old = was.value
	}
	return old, err
}

func (t *Table[T]) revisions(txn statedb.ReadTxn) map[string]int64 {
	m := make(map[string]int64)
	for r := range t.rows.All(txn) {
		m[r.path] = r.revision
	}
	return m
}

func (t *Table[T]) all(txn statedb.ReadTxn) []any {
	var all []any
	for r := range t.rows.All(txn) {
		all = append(all, r.value)
	}
	return all
}
