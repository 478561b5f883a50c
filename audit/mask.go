package audit

import (
	"regexp"
	"strings"
)

// hidden is what stands in place of a secret.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secrets are the members whose values are never written, in lower case.
var secrets = map[string]bool{
	"secretaccesskey": true, "sessiontoken": true, "token": true, "webidentitytoken": true, "samlassertion": true, "tradeintoken": true,
	"password": true, "oldpassword": true, "newpassword": true, "servicepassword": true, "servicecredentialsecret": true,
	"privatekey": true, "presharedkey": true, "keymaterial": true, "passworddata": true, "userdata": true,
	"base32stringseed": true, "qrcodepng": true, "authenticationcode1": true, "authenticationcode2": true, "tokencode": true,
	"customergatewayconfiguration": true, "vpnconnectiondevicesampleconfiguration": true,
	"contextassertion": true, "clientsecret": true, "logevents": true, "samlmetadatadocument": true,
}

func isSecret(member string) bool { return secrets[strings.ToLower(member)] }

// quoting finds the parameters whose values a message quotes: those of a
// request that breaks a rule of the model.
var quoting = regexp.MustCompile(`at '([^']*)' failed|for parameter ([A-Za-z0-9.]+) is`)

// maskMessage hides a message that quotes a secret.
func maskMessage(text string) string {
	for _, found := range quoting.FindAllStringSubmatch(text, -1) {
		for member := range strings.SplitSeq(found[1]+found[2], ".") {
			if isSecret(member) {
				return hidden
			}
		}
	}
	return text
}
