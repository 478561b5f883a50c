// Package sts answers the STS API about the caller's identity.
package sts
