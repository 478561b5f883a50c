package policy

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"
)

// The oracle is the language and its evaluation a second time, plainly, from
// the User Guide: it walks decoded JSON, compiles nothing, and shares no code
// with the package. Everything about it may be slow.

// oracleCase is one request with its policies, in the form that postern policy
// evaluate reads.
type oracleCase struct {
	Request   oracleRequest `json:"request"`
	Identity  []string      `json:"identity_policies"`
	Resource  *string       `json:"resource_policy"`
	Trust     bool          `json:"trust,omitempty"`
	Endpoint  []string      `json:"endpoint_policies"`
	Boundary  []string      `json:"permission_boundaries"`
	Session   []string      `json:"session_policies"`
	SCPs      [][]string    `json:"scps"`
	RCPs      [][]string    `json:"rcps"`
	principal Principal
	read      map[string][]map[string]any // statements of documents, by text
}

type oracleRequest struct {
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Account   string              `json:"resource_account"`
	Principal string              `json:"principal"`
	Context   map[string][]string `json:"context"`
}

// oracleAnswer is what the oracle says.
type oracleAnswer struct {
	decision string
	by       string
	applied  []bool // by statement, in the order of Explain
}

// oracleSays is what one list of policies says: whether a statement denies,
// and to whom the allowing ones are said.
type oracleSays struct {
	denies bool
	allows map[string]bool // "directly", "to the issuer", "to the account"
}

func oracle(c oracleCase) oracleAnswer {
	a := oracleAnswer{decision: "implicitDeny"}
	said := map[string][]oracleSays{}
	ask := func(kind string, documents []string) {
		says := oracleSays{allows: map[string]bool{}}
		for _, text := range documents {
			for _, s := range c.statements(text) {
				how := c.statement(kind, s)
				a.applied = append(a.applied, how != "")
				switch {
				case how == "":
				case s["Effect"] == "Deny":
					says.denies = true
				default:
					says.allows[how] = true
				}
			}
		}
		said[kind] = append(said[kind], says)
	}
	for _, level := range c.SCPs {
		ask("scp", level)
	}
	for _, level := range c.RCPs {
		ask("rcp", level)
	}
	if c.Endpoint != nil {
		ask("endpoint", c.Endpoint)
	}
	resource := "resource"
	if c.Trust {
		resource = "trust"
	}
	if c.Resource != nil {
		ask(resource, []string{*c.Resource})
	}
	if c.Boundary != nil {
		ask("boundary", c.Boundary)
	}
	if c.Session != nil {
		ask("session", c.Session)
	}
	ask("identity", c.Identity)

	for _, kind := range []string{"scp", "rcp", "endpoint", resource, "boundary", "session", "identity"} {
		for _, s := range said[kind] {
			if s.denies {
				a.decision, a.by = "explicitDeny", kind
				return a
			}
		}
	}
	all := func(kind string) bool { // every list of the kind allows
		for _, s := range said[kind] {
			if len(s.allows) == 0 {
				return false
			}
		}
		return true
	}
	how := func(way string) bool { return len(said[resource]) > 0 && said[resource][0].allows[way] }
	who := c.principal
	federated := strings.Contains(who.ARN, ":federated-user/")
	sameAccount := who.Account == c.Request.Account
	anyhow := how("directly") || how("to the issuer") || how("to the account")
	switch {
	case c.SCPs != nil && (len(c.SCPs) == 0 || !all("scp")):
		a.by = "scp"
	case c.RCPs != nil && (len(c.RCPs) == 0 || !all("rcp")):
		a.by = "rcp"
	case !all("endpoint"):
		a.by = "endpoint"
	case who.Account == "" && anyhow, who.Account != "" && sameAccount && how("directly"):
		a.decision, a.by = "allowed", resource
	case who.Account == "", !sameAccount && !anyhow, c.Trust && !anyhow:
		a.by = resource
	case !all("boundary"):
		a.by = "boundary"
	case !all("session"), federated && c.Session == nil:
		a.by = "session"
	case sameAccount && how("to the issuer"):
		a.decision, a.by = "allowed", resource
	case strings.HasSuffix(who.ARN, ":root"), all("identity"):
		a.decision, a.by = "allowed", "identity"
	default:
		a.by = "identity"
	}
	return a
}

func (c oracleCase) statements(text string) []map[string]any {
	if all, known := c.read[text]; known {
		return all
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var document map[string]any
	if err := d.Decode(&document); err != nil {
		panic(err)
	}
	var all []map[string]any
	for _, s := range oracleList(document["Statement"]) {
		s := s.(map[string]any)
		s["Version"] = document["Version"]
		all = append(all, s)
	}
	c.read[text] = all
	return all
}

func oracleList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func oracleTexts(v any) []string {
	var all []string
	for _, item := range oracleList(v) {
		switch item := item.(type) {
		case string:
			all = append(all, item)
		case json.Number:
			all = append(all, item.String())
		case bool:
			all = append(all, map[bool]string{true: "true", false: "false"}[item])
		}
	}
	return all
}

// statement says to whom a statement is said that applies, "" if it does not.
func (c oracleCase) statement(kind string, s map[string]any) string {
	variables := s["Version"] == "2012-10-17"
	action := func(p string) bool {
		return oracleLike(oracleRunes(strings.ToLower(p), true), strings.ToLower(c.Request.Action))
	}
	if v, ok := s["Action"]; ok && !slices.ContainsFunc(oracleTexts(v), action) {
		return ""
	}
	if v, ok := s["NotAction"]; ok && slices.ContainsFunc(oracleTexts(v), action) {
		return ""
	}
	resource := func(p string) bool { return c.resource(p, variables) }
	if v, ok := s["Resource"]; ok && !slices.ContainsFunc(oracleTexts(v), resource) {
		return ""
	}
	if v, ok := s["NotResource"]; ok && slices.ContainsFunc(oracleTexts(v), resource) {
		return ""
	}
	if s["Resource"] == nil && s["NotResource"] == nil && kind != "resource" && kind != "trust" && kind != "rcp" {
		return ""
	}
	block, _ := s["Condition"].(map[string]any)
	for operator, keys := range block {
		for key, values := range keys.(map[string]any) {
			if !c.condition(operator, key, oracleTexts(values), variables) {
				return ""
			}
		}
	}
	if v, ok := s["Principal"]; ok {
		return c.named(v)
	}
	if v, ok := s["NotPrincipal"]; ok {
		if s["Effect"] == "Allow" && c.named(v) == "" || s["Effect"] == "Deny" && !c.spared(v) {
			return "directly"
		}
		return ""
	}
	if kind == "resource" || kind == "trust" || kind == "endpoint" {
		return ""
	}
	return "directly"
}

// named says how a Principal element names the request's principal.
func (c oracleCase) named(element any) string {
	if element == "*" {
		return "directly"
	}
	who, how := c.principal, ""
	for kind, values := range element.(map[string]any) {
		for _, v := range oracleTexts(values) {
			switch {
			case kind == "AWS" && v == "*",
				kind == "AWS" && !isWholeAccount(v) && (v == who.ARN || v == who.UserID),
				kind == "Service" && v == who.Service,
				kind == "Federated" && v == who.Federated,
				kind == "CanonicalUser" && v == who.CanonicalUser:
				return "directly"
			case kind != "AWS" || who.Account == "":
			case v == who.Issuer, strings.HasPrefix(who.UserID, v+":"):
				how = "to the issuer"
			case how == "" && (v == who.Account || v == "arn:aws:iam::"+who.Account+":root"):
				how = "to the account"
			}
		}
	}
	return how
}

// spared reports whether a Deny with that NotPrincipal does not concern the
// principal: it is named; where only its account (or role) is, nobody of that
// account (or session of that role) is named beside it. Whoever has a
// permissions boundary is always denied.
func (c oracleCase) spared(element any) bool {
	who := c.principal
	if c.Boundary != nil && who.Account != "" && !strings.HasSuffix(who.ARN, ":root") {
		return false
	}
	how := c.named(element)
	if how == "" || how == "directly" {
		return how != ""
	}
	for _, v := range oracleTexts(element.(map[string]any)["AWS"]) {
		ofAccount := strings.Contains(v, "::"+who.Account+":") && !strings.HasSuffix(v, ":root")
		role := who.Issuer[strings.LastIndex(who.Issuer, "/")+1:]
		if ofAccount && (how == "to the account" || strings.Contains(v, ":assumed-role/"+role+"/")) {
			return false
		}
	}
	return true
}

// oracleRune is one character of a pattern.
type oracleRune struct {
	r    rune
	wild bool // * or ?
	held bool // does not go over a colon
}

func oracleRunes(s string, wildcards bool) []oracleRune {
	var all []oracleRune
	for _, r := range s {
		all = append(all, oracleRune{r: r, wild: wildcards && (r == '*' || r == '?')})
	}
	return all
}

func oracleLike(p []oracleRune, s string) bool { return oracleMatch(p, []rune(s)) }

func oracleMatch(p []oracleRune, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	mayTake := len(s) > 0 && !(p[0].held && s[0] == ':')
	switch {
	case p[0].wild && p[0].r == '*':
		return oracleMatch(p[1:], s) || mayTake && oracleMatch(p, s[1:])
	case p[0].wild:
		return mayTake && oracleMatch(p[1:], s[1:])
	}
	return len(s) > 0 && s[0] == p[0].r && oracleMatch(p[1:], s[1:])
}

// substitute replaces the variables of a pattern; not ok means that one has
// no value.
func (c oracleCase) substitute(p string, wildcards, variables bool) (out []oracleRune, ok bool) {
	for p != "" {
		before, after, found := strings.Cut(p, "${")
		body, rest, closed := strings.Cut(after, "}")
		if !variables || !found || !closed {
			return append(out, oracleRunes(p, wildcards)...), true
		}
		out = append(out, oracleRunes(before, wildcards)...)
		p = rest
		if body == "*" || body == "?" || body == "$" {
			out = append(out, oracleRunes(body, false)...)
			continue
		}
		name, fallback, hasFallback := strings.Cut(body, ",")
		values := c.values(strings.TrimSpace(name))
		switch {
		case len(values) == 1:
			out = append(out, oracleRunes(values[0], false)...)
		case hasFallback:
			out = append(out, oracleRunes(strings.Trim(fallback, " '"), false)...)
		default:
			return nil, false
		}
	}
	return out, true
}

// values are those of a context key, whose case does not count.
func (c oracleCase) values(key string) []string {
	for k, values := range c.Request.Context {
		if strings.EqualFold(k, key) {
			return values
		}
	}
	return nil
}

// resource compares a value of a Resource element.
func (c oracleCase) resource(p string, variables bool) bool {
	if p == "*" {
		return true
	}
	for strings.HasPrefix(p, "arn:") && oracleColons(p, variables) < 5 {
		p += ":*"
	}
	runes, ok := c.substitute(p, true, variables)
	if !ok {
		return false
	}
	// Wildcards are held until the first part that ends in *.
	colons := 0
	for i, r := range runes {
		if r.r == ':' {
			colons++
		}
		ends := i+1 < len(runes) && runes[i+1].r == ':' && r.wild && r.r == '*'
		if colons == 5 || ends {
			start := i
			for start > 0 && runes[start-1].r != ':' {
				start--
			}
			if colons == 5 {
				start = i
			}
			for j := range start {
				runes[j].held = true
			}
			break
		}
	}
	return oracleLike(runes, c.Request.Resource)
}

// oracleColons counts the colons outside of variables.
func oracleColons(p string, variables bool) int {
	n := 0
	for p != "" {
		if _, rest, closed := strings.Cut(p, "}"); variables && strings.HasPrefix(p, "${") && closed {
			p = rest
			continue
		}
		if p[0] == ':' {
			n++
		}
		p = p[1:]
	}
	return n
}

// arn compares a value of an ARN condition: six parts, each for itself.
func (c oracleCase) arn(p, got string, variables bool) bool {
	if p == "*" {
		return true
	}
	runes, ok := c.substitute(p, true, variables)
	if !ok {
		return false
	}
	parts := [][]oracleRune{nil}
	for _, r := range runes {
		if r.r == ':' && len(parts) < 6 {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], r)
	}
	gots := strings.SplitN(got, ":", 6)
	if len(parts) != 6 || len(gots) != 6 {
		return false
	}
	for i := range parts {
		if !oracleLike(parts[i], gots[i]) {
			return false
		}
	}
	return true
}

func (c oracleCase) condition(operator, key string, want []string, variables bool) bool {
	name := strings.ToLower(operator)
	set, name, found := strings.Cut(name, ":")
	if !found {
		set, name = "", set
	}
	name, ifExists := strings.CutSuffix(name, "ifexists")
	got := c.values(key)
	if set != "" && strings.Join(got, "") == "" {
		got = nil
	}
	if name == "null" {
		is := map[bool]string{true: "true", false: "false"}[len(got) == 0]
		return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, is) })
	}
	negated := strings.Contains(name, "not")
	if len(got) == 0 {
		return ifExists || set == "forallvalues" || set == "" && negated
	}
	hits := 0
	for _, g := range got {
		matches := slices.ContainsFunc(want, func(w string) bool { return c.compare(strings.Replace(name, "not", "", 1), w, g, variables) })
		if matches != negated {
			hits++
		}
	}
	if set == "forallvalues" || set == "" && negated {
		return hits == len(got)
	}
	return hits > 0
}

// compare is one operator, without its Not, of one value on each side.
func (c oracleCase) compare(name, want, got string, variables bool) bool {
	switch name {
	case "stringequals", "stringequalsignorecase":
		runes, ok := c.substitute(want, false, variables)
		var text strings.Builder
		for _, r := range runes {
			text.WriteRune(r.r)
		}
		return ok && (got == text.String() || name == "stringequalsignorecase" && strings.EqualFold(got, text.String()))
	case "stringlike":
		runes, ok := c.substitute(want, true, variables)
		return ok && oracleLike(runes, got)
	case "arnlike", "arnequals":
		return c.arn(want, got, variables)
	case "bool":
		if variables && strings.Contains(want, "${aws:") {
			return c.compare("stringequalsignorecase", want, got, true)
		}
		want = strings.ToLower(want)
		return (want == "true" || want == "false") && strings.ToLower(got) == want
	case "binaryequals":
		w, wrong := base64.StdEncoding.DecodeString(want)
		g, text := base64.StdEncoding.DecodeString(got)
		return wrong == nil && (string(w) == got || text == nil && string(g) == string(w))
	case "ipaddress":
		return oracleAddress(want, got)
	}
	if comparison, ok := strings.CutPrefix(name, "numeric"); ok {
		w, ok1 := oracleNumber(want)
		g, ok2 := oracleNumber(got)
		return ok1 && ok2 && oracleOrder(comparison, g.Cmp(w))
	}
	comparison, _ := strings.CutPrefix(name, "date")
	w, ok1 := oracleTime(want)
	g, ok2 := oracleTime(got)
	return ok1 && ok2 && oracleOrder(comparison, g.Compare(w))
}

func oracleOrder(comparison string, sign int) bool {
	return sign == 0 && strings.HasSuffix(comparison, "equals") ||
		sign < 0 && strings.HasPrefix(comparison, "less") || sign > 0 && strings.HasPrefix(comparison, "greater")
}

func oracleNumber(s string) (*big.Rat, bool) {
	if strings.Trim(s, "0123456789.+-eE") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func oracleTime(s string) (time.Time, bool) {
	if n, ok := new(big.Int).SetString(s, 10); ok && len(s) != 4 && n.IsInt64() {
		return time.Unix(n.Int64(), 0), true
	}
	date, clock, timed := strings.Cut(s, "T")
	switch strings.Count(date, "-") {
	case 0:
		date += "-01-01"
	case 1:
		date += "-01"
	}
	if !timed {
		clock = "00:00:00Z"
	}
	if !strings.ContainsAny(clock, "Z+-") {
		clock += "Z"
	}
	if hours, _, _ := strings.Cut(strings.ReplaceAll(clock, "-", "+"), "+"); strings.Count(hours, ":") == 1 {
		clock = clock[:5] + ":00" + clock[5:]
	}
	t, err := time.Parse(time.RFC3339, date+"T"+clock)
	return t, err == nil
}

// oracleAddress compares as many bits as the prefix has.
func oracleAddress(want, got string) bool {
	address, length, hasLength := strings.Cut(want, "/")
	w, g := net.ParseIP(address), net.ParseIP(got)
	if w == nil || g == nil || (w.To4() == nil) != (g.To4() == nil) {
		return false
	}
	bits := 128
	if hasLength {
		n, ok := new(big.Int).SetString(length, 10)
		if !ok || n.Sign() < 0 {
			return false
		}
		if bits = int(n.Int64()); w.To4() != nil && !strings.Contains(address, ":") {
			if bits > 32 {
				return false
			}
			bits += 96
		}
	}
	if bits > 128 {
		return false
	}
	for i := range bits {
		if w.To16()[i/8]>>(7-i%8)&1 != g.To16()[i/8]>>(7-i%8)&1 {
			return false
		}
	}
	return true
}

// isWholeAccount: an account's id and the ARN of its root mean everyone in it.
func isWholeAccount(v string) bool {
	return strings.HasSuffix(v, ":root") || strings.Trim(v, "0123456789") == ""
}
