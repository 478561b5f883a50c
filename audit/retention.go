package audit

import (
	"time"

	"github.com/postern/postern/vpc"
)

// expire removes the files of records that are too old, and then what is too
// much.
func (l *Log) expire() {
	before := time.Now().Add(-l.retention).UnixMilli()
	for _, o := range l.owners() {
		if err := l.journal.Trim(stream(o), before); err != nil {
			l.log.Error("remove expired audit records", "acct", o.Account, "err", err)
		}
	}
	l.shrink()
}

// shrink removes the oldest file of the largest journal until all together
// are small enough, so that whoever calls much does not push out the records
// of others.
func (l *Log) shrink() {
	sizes := map[vpc.Owner]int64{}
	l.bytes = 0
	for _, o := range l.owners() {
		n, err := l.journal.Size(o.Account, o.Region, stream(o).Group)
		if err != nil {
			l.log.Error("measure audit records", "acct", o.Account, "err", err)
		}
		sizes[o] = n
		l.bytes += n
	}
	for l.bytes > l.maxBytes {
		largest := vpc.Owner{}
		for o, n := range sizes {
			if n > sizes[largest] {
				largest = o
			}
		}
		n, err := l.journal.Shed(stream(largest))
		if err != nil || n == 0 {
			l.log.Error("remove audit records that are too many", "acct", largest.Account, "err", err)
			return
		}
		sizes[largest] -= n
		l.bytes -= n
	}
}

// owners are those that have journals.
func (l *Log) owners() []vpc.Owner {
	places, err := l.journal.Places()
	if err != nil {
		l.log.Error("list audit records", "err", err)
	}
	owners := make([]vpc.Owner, len(places))
	for i, p := range places {
		owners[i] = vpc.Owner{Account: p.Account, Region: p.Region}
	}
	return owners
}
