package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/postern/postern/vpc"
)

// maxClientToken is the length of the longest client token ("Ensuring
// idempotency in Amazon EC2 API requests").
const maxClientToken = 64

// checkClientToken wants a token of printable ASCII; none is fine.
func checkClientToken(token string) error {
	if len(token) > maxClientToken {
		return errClientToken(token)
	}
	for _, c := range []byte(token) {
		if c < 0x20 || c > 0x7e {
			return errClientToken(token)
		}
	}
	return nil
}

// tokenSum is a digest of what a request asks for: all of its parameters but
// the token itself and DryRun. Two requests with one client token are the
// same request if their sums are equal.
func tokenSum(in any) (string, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	var parameters map[string]any
	if err := json.Unmarshal(b, &parameters); err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	delete(parameters, "ClientToken")
	delete(parameters, "DryRun")
	if b, err = json.Marshal(parameters); err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// byToken finds what an earlier request of an owner made: rows are those with
// the request's client token, and of each by tells the owner and the sum of the
// request that made it. A request with another sum is refused.
func byToken[T any](rows iter.Seq[T], o vpc.Owner, sum string, by func(T) (vpc.Owner, string)) (made T, known bool, err error) {
	for row := range rows {
		owner, earlier := by(row)
		if owner != o {
			continue
		}
		if earlier != sum {
			return made, false, errIdempotentMismatch()
		}
		return row, true, nil
	}
	return made, false, nil
}
