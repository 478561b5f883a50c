package flow

import (
	"maps"
	"slices"
	"time"

	"github.com/postern/postern/vpc"
)

// A subscription is one flow log with its open windows. They end together, at
// the next multiple of the flow log's interval.
type subscription struct {
	log     vpc.FlowLog
	format  Format
	end     time.Time
	windows map[string]*window // by interface id
}

func newSubscription(l planned, enis []vpc.ENI, now time.Time) *subscription {
	s := &subscription{log: l.log, format: l.format, end: nextEnd(now, l.log.Interval), windows: map[string]*window{}}
	s.admit(enis, now)
	return s
}

// nextEnd is the first multiple of interval after now.
func nextEnd(now time.Time, interval time.Duration) time.Time {
	return now.Truncate(interval).Add(interval)
}

// admit opens a window for each interface of the flow log's resource that has
// none.
func (s *subscription) admit(enis []vpc.ENI, now time.Time) {
	for _, e := range enis {
		if s.log.Resource != e.VPC && s.log.Resource != e.Subnet && s.log.Resource != e.ID {
			continue
		}
		if w := s.windows[e.ID]; w != nil {
			w.eni = e
			continue
		}
		s.windows[e.ID] = &window{eni: e, start: now, flows: map[key]count{}}
	}
}

// retire marks the interfaces that are not among ids.
func (s *subscription) retire(ids map[string]bool) {
	for id, w := range s.windows {
		w.gone = !ids[id]
	}
}

// add counts f in, if the flow log wants it.
func (s *subscription) add(f vpc.Flow, limit int) {
	w := s.windows[f.ENI]
	if w != nil && (s.log.Traffic == "ALL" || s.log.Traffic == string(f.Action)) {
		w.add(f, limit)
	}
}

// skip notes that records of every interface may have been lost.
func (s *subscription) skip() {
	for _, w := range s.windows {
		w.skipped = true
	}
}

// flush closes the windows at end and returns their records, a batch an
// interface, ordered by interface. It opens the next ones.
func (s *subscription) flush(end time.Time) []batch {
	var batches []batch
	for _, id := range slices.Sorted(maps.Keys(s.windows)) {
		w := s.windows[id]
		if rows := w.rows(end); len(rows) > 0 {
			batches = append(batches, batch{s.log, w.eni, s.records(rows)})
		}
		delete(s.windows, id)
		if !w.gone {
			s.windows[id] = &window{eni: w.eni, start: end, flows: map[key]count{}}
		}
	}
	s.end = nextEnd(end, s.log.Interval)
	return batches
}

func (s *subscription) records(rows []row) []Record {
	records := make([]Record, len(rows))
	for i, r := range rows {
		records[i] = Record{Time: r.flow.Start, Line: s.format.line(r)}
	}
	return records
}
