package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// MaxToken is the longest token that is looked at, in bytes.
const MaxToken = 20000

// Token is a token in its parts.
type Token struct {
	Algorithm string // RS256 or ES256
	KeyID     string
	Claims    Claims

	signed    string // header and claims as they were signed
	signature []byte
}

// Claims are what a token says.
type Claims struct {
	Issuer          string
	Subject         string
	Audience        []string
	AuthorizedParty string    // azp
	Expires         time.Time // zero: there is none
	NotBefore       time.Time // zero: there is none
	Issued          time.Time // zero: there is none
	Methods         []string  // amr

	others map[string]json.RawMessage
}

// Decode reads another claim into v. It reports false where the claim is
// absent or of another form.
func (c Claims) Decode(name string, v any) bool {
	raw, ok := c.others[name]
	return ok && json.Unmarshal(raw, v) == nil
}

// Has reports whether there is a claim of that name, whatever its form.
func (c Claims) Has(name string) bool { return c.others[name] != nil }

// Parse takes a token apart.
func Parse(token string) (Token, error) {
	if len(token) > MaxToken {
		return Token{}, errors.New("parse token: it is too long")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Token{}, errors.New("parse token: it has not three parts")
	}
	t := Token{signed: parts[0] + "." + parts[1]}
	if err := t.parseHeader(parts[0]); err != nil {
		return Token{}, fmt.Errorf("parse token's header: %w", err)
	}
	if err := t.Claims.parse(parts[1]); err != nil {
		return Token{}, fmt.Errorf("parse token's claims: %w", err)
	}
	var err error
	if t.signature, err = decode(parts[2]); err != nil {
		return Token{}, fmt.Errorf("parse token's signature: %w", err)
	}
	return t, nil
}

func (t *Token) parseHeader(part string) error {
	var header struct {
		Algorithm string          `json:"alg"`
		KeyID     string          `json:"kid"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := decodeJSON(part, &header); err != nil {
		return err
	}
	if header.Critical != nil { // extensions that must be understood: none is
		return errors.New("it has critical extensions")
	}
	if header.Algorithm != "RS256" && header.Algorithm != "ES256" {
		return fmt.Errorf("algorithm %q is neither RS256 nor ES256", header.Algorithm)
	}
	t.Algorithm, t.KeyID = header.Algorithm, header.KeyID
	return nil
}

func (c *Claims) parse(part string) error {
	if err := decodeJSON(part, &c.others); err != nil {
		return err
	}
	var err error
	read := func(name string, v any) {
		if raw, ok := c.others[name]; ok && err == nil {
			if wrong := json.Unmarshal(raw, v); wrong != nil {
				err = fmt.Errorf("claim %s: %w", name, wrong)
			}
		}
	}
	var audience, methods oneOrMore
	read("iss", &c.Issuer)
	read("sub", &c.Subject)
	read("aud", &audience)
	read("azp", &c.AuthorizedParty)
	read("exp", (*numericDate)(&c.Expires))
	read("nbf", (*numericDate)(&c.NotBefore))
	read("iat", (*numericDate)(&c.Issued))
	read("amr", &methods)
	c.Audience, c.Methods = audience, methods
	return err
}

// oneOrMore is a string or a list of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte(`"`)) {
		*o = make([]string, 1)
		return json.Unmarshal(b, &(*o)[0])
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// numericDate is a number of seconds, perhaps with a fraction.
type numericDate time.Time

func (d *numericDate) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	if seconds < 0 || seconds > 1<<40 { // the year 36812
		return fmt.Errorf("%v is no time", seconds)
	}
	whole, part := math.Modf(seconds)
	*d = numericDate(time.Unix(int64(whole), int64(part*1e9)).UTC())
	return nil
}

func decodeJSON(part string, v any) error {
	b, err := decode(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func decode(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") { // which base64 passes over
		return nil, errors.New("line end")
	}
	return base64.RawURLEncoding.Strict().DecodeString(part)
}
