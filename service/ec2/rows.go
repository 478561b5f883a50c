package ec2

import (
	"iter"
	"slices"
)

// count is how many rows there are.
func count[T any](rows iter.Seq[T]) int {
	n := 0
	for range rows {
		n++
	}
	return n
}

// pick returns the rows of the ids that a request names, ordered by id; all
// rows where it names none.
func pick[T any](ids []string, all iter.Seq[T], find func(id string) (T, error)) ([]T, error) {
	if len(ids) == 0 {
		return slices.Collect(all), nil
	}
	var rows []T
	for _, id := range slices.Sorted(slices.Values(distinct(ids))) {
		row, err := find(id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// minPageSize is the smallest MaxResults of the operations whose model does not
// say one.
const minPageSize = 5

// checkPageSize refuses a page that is too small; one that is too large counts
// as the largest.
func checkPageSize(size *int32) error {
	if size != nil && *size < minPageSize {
		return errPageSize(*size)
	}
	return nil
}
