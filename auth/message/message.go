package message

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/seal"
)

// MaxEncoded is the longest message that DecodeAuthorizationMessage takes.
const MaxEncoded = 10240

// maxText bounds what a message unfolds to.
const maxText = 64 << 10

// ErrInvalid says that a text is no message for this account.
var ErrInvalid = errors.New("message is not valid")

// items is how a message writes a list.
type items[T any] struct {
	Items []T `json:"items"`
}

// failure is a message as it is decoded.
type failure struct {
	Allowed      bool             `json:"allowed"`
	ExplicitDeny bool             `json:"explicitDeny"`
	Matched      items[statement] `json:"matchedStatements"`
	Failures     items[struct{}]  `json:"failures"`
	Context      context          `json:"context"`
}

type statement struct {
	ID         string        `json:"statementId"`
	Effect     string        `json:"effect"`
	SourceType string        `json:"sourcePolicyType"`
	SourceID   string        `json:"sourcePolicyId,omitempty"`
	Principals items[string] `json:"principals"`
}

type context struct {
	Principal  principal        `json:"principal"`
	Action     string           `json:"action"`
	Resource   string           `json:"resource"`
	Conditions items[condition] `json:"conditions"`
}

type principal struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

type condition struct {
	Key    string       `json:"key"`
	Values items[value] `json:"values"`
}

type value struct {
	Value string `json:"value"`
}

// envelope is what is sealed.
type envelope struct {
	Account string          `json:"account"`
	Failure json.RawMessage `json:"failure"`
}

// Seal writes why a request of an account was refused, with the keys that it had.
// Where that is too long, it is without them.
func Seal(ring *seal.Ring, req policy.Request, keys policy.Keys, v policy.Verdict) (string, error) {
	f := failure{
		Allowed:      v.Decision == policy.Allowed,
		ExplicitDeny: v.Decision == policy.ExplicitDeny,
		Matched:      items[statement]{[]statement{}},
		Failures:     items[struct{}]{[]struct{}{}},
		Context: context{
			Principal:  principal{req.Principal.UserID, req.Principal.ARN},
			Action:     req.Action,
			Resource:   req.Resource,
			Conditions: items[condition]{[]condition{}},
		},
	}
	if v.Statement > 0 {
		f.Matched.Items = append(f.Matched.Items, statement{
			ID: v.Sid, Effect: "DENY", SourceType: v.Type.String(), SourceID: v.Policy, Principals: items[string]{[]string{req.Principal.UserID}}})
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		c := condition{Key: name}
		for _, v := range keys[name] {
			c.Values.Items = append(c.Values.Items, value{v})
		}
		f.Context.Conditions.Items = append(f.Context.Conditions.Items, c)
	}
	encoded, err := f.seal(ring, req.Principal.Account)
	if err == nil && len(encoded) > MaxEncoded {
		f.Context.Conditions.Items = []condition{}
		encoded, err = f.seal(ring, req.Principal.Account)
	}
	if err != nil {
		return "", fmt.Errorf("seal authorization message: %w", err)
	}
	return encoded, nil
}

func (f failure) seal(ring *seal.Ring, account string) (string, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	if text, err = json.Marshal(envelope{account, text}); err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", err
	}
	w.Write(text) // memory takes everything
	w.Close()
	return base64.RawURLEncoding.EncodeToString(ring.Seal(seal.Message, seal.NewNonce(), packed.Bytes())), nil
}

// Open returns the JSON of a message that was written for account.
func Open(ring *seal.Ring, account, encoded string) (string, error) {
	if len(encoded) > MaxEncoded {
		return "", ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", ErrInvalid
	}
	box, err := ring.Open(seal.Message, sealed)
	if err != nil {
		return "", ErrInvalid
	}
	var e envelope
	text := json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(box.Text)), maxText))
	if err := text.Decode(&e); err != nil || e.Account != account {
		return "", ErrInvalid
	}
	return string(e.Failure), nil
}
