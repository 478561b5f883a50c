package cloudtrail

import (
	"context"
	"time"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/cloudtrail"
)

// retention is how far back LookupEvents looks.
const retention = 90 * 24 * time.Hour

// Records are the records of calls.
type Records interface {
	// Read returns a page; the error is audit.ErrToken for a token that is
	// not of these records.
	Read(context.Context, audit.Query) (audit.Page, error)
}

// Config is what a Service needs.
type Config struct {
	Records Records          // required
	Now     func() time.Time // time.Now when nil
}

// Service is the CloudTrail API.
type Service struct {
	records Records
	now     func() time.Time
}

// New returns the service over c.Records.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{records: c.Records, now: c.Now}
}

// Methods are the operations that the service implements.
func (s *Service) Methods() []wire.Method {
	return []wire.Method{wire.SelfPaged(wire.Bind(cloudtrail.OpLookupEvents, s.LookupEvents))}
}
