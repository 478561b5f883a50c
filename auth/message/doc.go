// Package message makes the encoded authorization messages that come with a
// refusal of EC2, and opens them for sts:DecodeAuthorizationMessage. A message
// tells what the policies said, which the one who was refused need not know:
// it is sealed (package seal) and opens in the account that it was written for.
package message
