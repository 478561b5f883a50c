package dataplane

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern/postern/dataplane/conntrack"
	"github.com/postern/postern/dataplane/nflog"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

// Source tells what passed and what was dropped in one VPC.
type Source interface {
	// Collect returns everything since the last call, or since the Source was
	// made. A *Lost error says that there was more; what comes with it is
	// valid all the same.
	Collect(ctx context.Context) ([]vpc.Conversation, []vpc.Drop, error)
	Close() error
}

// Lost counts what could not be kept until Collect was called.
type Lost struct{ Conversations, Drops uint64 }

// Error implements error.
func (l *Lost) Error() string {
	return fmt.Sprintf("%d conversations and %d drops found no room", l.Conversations, l.Drops)
}

// Flows begins to count the traffic of a VPC, which must exist, from now on.
// A VPC has one Source at a time. The caller closes it, before Delete.
func (h *Host) Flows(id string) (Source, error) {
	passed, err := conntrack.Open(h.path(id))
	if err != nil {
		return nil, fmt.Errorf("flows of %s: %w", id, err)
	}
	dropped, err := nflog.Open(h.path(id), nft.LogGroup, nft.Snaplen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("flows of %s: %w", id, err), passed.Close())
	}
	return &source{passed, dropped}, nil
}

type source struct {
	passed  *conntrack.Source
	dropped *nflog.Source
}

func (s *source) Collect(ctx context.Context) ([]vpc.Conversation, []vpc.Drop, error) {
	conversations, lostPassed, err := s.passed.Collect(ctx)
	if err != nil {
		return nil, nil, err
	}
	drops, lostDropped, err := s.dropped.Collect(ctx)
	if err == nil && lostPassed+lostDropped > 0 {
		err = &Lost{Conversations: lostPassed, Drops: lostDropped}
	}
	return conversations, drops, err
}

func (s *source) Close() error { return errors.Join(s.passed.Close(), s.dropped.Close()) }
