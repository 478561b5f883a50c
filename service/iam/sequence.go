package iam

import "iter"

// first is the first value of a sequence.
func first[T any](values iter.Seq[T]) (T, bool) {
	for v := range values {
		return v, true
	}
	var none T
	return none, false
}

// count is the length of a sequence.
func count[T any](values iter.Seq[T]) int {
	n := 0
	for range values {
		n++
	}
	return n
}
