package session

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postern/postern/auth"
)

// Limits of what a session carries, as STS has them.
const (
	MaxPolicy     = 2048 // characters of a session policy
	MaxPolicyARNs = 10
	MaxTags       = 50
	MaxTagKey     = 128 // characters
	MaxTagValue   = 256

	// maxPacked is how many bytes session policies and tags may take when
	// they are packed: the whole of the percentage that STS answers.
	maxPacked = 4096
)

// maxText bounds what a token unfolds to: tags may be long and all alike.
const maxText = 256 << 10

// Pack returns how much of the space for session policies and tags s takes, in
// per cent. More than 100 is too large (PackedPolicyTooLarge). It is 0 where
// there are none.
func Pack(s *auth.Session) (percent int, err error) {
	if s.Policy == "" && len(s.PolicyARNs) == 0 && len(s.Tags) == 0 {
		return 0, nil
	}
	b, err := pack(auth.Session{Policy: s.Policy, PolicyARNs: s.PolicyARNs, Tags: s.Tags, Transitive: s.Transitive})
	if err != nil {
		return 0, err
	}
	return (100*len(b) + maxPacked - 1) / maxPacked, nil
}

// dictionary is what tokens have in common, so that small ones pack well. It
// is part of the format: a change of it needs another version of the seal.
const dictionary = `{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":["s3:Get*","ec2:Describe*","eks:DescribeCluster"],"Resource":"*","Condition":{"StringEquals":{"aws:` +
	`arn:aws:iam::aws:policy/` + `{"Key":"","Value":""},` + `"Policy":"","PolicyARNs":["arn:aws:iam::"],"Tags":[{"Key":"","Value":""}],"Transitive":[""],"SourceIdentity":"","Provider":"arn:aws:iam::000000000000:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/","Subject":"system:serviceaccount:default:","Audience":"sts.amazonaws.com","Chained":true` +
	`{"Account":"","ARN":"arn:aws:sts::000000000000:assumed-role/","UserID":"AROA","Kind":"AssumedRole","Identity":"arn:aws:iam::000000000000:role/","Session":{"Name":"","Issued":"2026-00-00T00:00:00Z","Expires":"2026-00-00T00:00:00Z"`

// encode and decode are the text of a token.
func encode(c auth.Caller) ([]byte, error) {
	c.Region, c.AccessKey = "", ""
	session := *c.Session
	session.Issued = session.Issued.UTC().Truncate(time.Second)
	session.Expires = session.Expires.UTC().Truncate(time.Second)
	c.Session = &session
	return pack(c)
}

func decode(packed []byte) (auth.Caller, error) {
	r := flate.NewReaderDict(bytes.NewReader(packed), []byte(dictionary))
	text := json.NewDecoder(io.LimitReader(r, maxText))
	text.DisallowUnknownFields() // a newer node may have sealed what restricts the session
	var c auth.Caller
	if err := text.Decode(&c); err != nil {
		return auth.Caller{}, fmt.Errorf("decode session: %w", err)
	}
	if c.Session == nil {
		return auth.Caller{}, errors.New("decode session: there is none")
	}
	return c, nil
}

func pack(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode session: %w", err)
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("encode session: %d bytes are too many", len(text))
	}
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, flate.BestCompression, []byte(dictionary))
	if err != nil {
		return nil, err
	}
	w.Write(text) // memory takes everything
	w.Close()
	return b.Bytes(), nil
}
