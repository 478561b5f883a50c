package store

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// dial connects to an etcd cluster. The client goes from member to member
// and connects again by itself; a dead connection is noticed within the sum
// of the two keep-alive times.
func dial(_ context.Context, c Config) (*clientv3.Client, func() error, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            c.Endpoints,
		TLS:                  c.TLS,
		DialKeepAliveTime:    5 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		Logger:               zapLogger(c.Log),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("connect to etcd: %w", err)
	}
	return client, func() error { return nil }, nil
}
