package audit

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Event is an event of CloudTrail, version 1.11 of its format.
type Event struct {
	EventVersion         string          `json:"eventVersion"`
	UserIdentity         Identity        `json:"userIdentity"`
	EventTime            string          `json:"eventTime"`
	EventSource          string          `json:"eventSource"`
	EventName            string          `json:"eventName"`
	AWSRegion            string          `json:"awsRegion"`
	SourceIPAddress      string          `json:"sourceIPAddress"`
	UserAgent            string          `json:"userAgent,omitempty"`
	ErrorCode            string          `json:"errorCode,omitempty"`
	ErrorMessage         string          `json:"errorMessage,omitempty"`
	*Management                          // nil of a network activity event
	RequestID            string          `json:"requestID"`
	EventID              string          `json:"eventID"`
	Resources            []EventResource `json:"resources,omitempty"`
	EventType            string          `json:"eventType"`
	ManagementEvent      *bool           `json:"managementEvent,omitempty"`
	RecipientAccountID   string          `json:"recipientAccountId,omitempty"`
	SharedEventID        string          `json:"sharedEventID,omitempty"`
	VPCEndpointID        string          `json:"vpcEndpointId,omitempty"`
	VPCEndpointAccountID string          `json:"vpcEndpointAccountId,omitempty"`
	EventCategory        string          `json:"eventCategory"`
	TLSDetails           *TLSDetails     `json:"tlsDetails,omitempty"`
}

// Management is what only the caller's account sees.
type Management struct {
	RequestParameters json.RawMessage `json:"requestParameters"`
	ResponseElements  json.RawMessage `json:"responseElements"`
	ReadOnly          bool            `json:"readOnly"`
	APIVersion        string          `json:"apiVersion,omitempty"`
}

// EventResource is a resource that policies were asked about.
type EventResource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN"`
}

const (
	eventVersion = "1.11"
	deniedCode   = "VpceAccessDenied"
	deniedText   = "The request was denied due to a VPC endpoint policy"
)

// Events are the events that a call has led to. The copy of a record has the
// same as the record.
func (r *Record) Events() []Event {
	var all []Event
	if e, ok := r.ManagementEvent(); ok {
		all = append(all, e)
	}
	if e, ok := r.NetworkActivity(); ok {
		all = append(all, e)
	}
	return all
}

// foreignEndpointDenied says that the policy of another account's endpoint has
// denied the call: its owner's affair.
func (r *Record) foreignEndpointDenied() bool {
	return r.Decision.byEndpoint() && r.Endpoint != nil && r.Endpoint.Account != r.Account
}

// ManagementEvent is the event for the caller's account. Calls that only move
// data have none. One of nobody who was authenticated has no recipient.
func (r *Record) ManagementEvent() (Event, bool) {
	if r.Data || r.foreignEndpointDenied() {
		return Event{}, false
	}
	e := r.event("management")
	e.UserIdentity = r.Identity
	e.UserAgent, e.ErrorCode, e.ErrorMessage = r.UserAgent, r.ErrorCode, r.ErrorMessage
	e.Management = &Management{RequestParameters: orNull(r.Parameters), ResponseElements: orNull(r.Answer), ReadOnly: r.ReadOnly, APIVersion: r.APIVersion}
	for _, arn := range r.Resources {
		if kind, _, account := named(arn); kind != "" {
			e.Resources = append(e.Resources, EventResource{account, kind, arn})
		}
	}
	e.EventType, e.EventCategory, e.ManagementEvent = "AwsApiCall", "Management", new(true)
	e.RecipientAccountID = r.Account
	return e, true
}

// NetworkActivity is the event for the owner of the endpoint that the call
// came through. It says no more of another account's caller than its account
// and key.
func (r *Record) NetworkActivity() (Event, bool) {
	if r.Endpoint == nil || r.Account == "" {
		return Event{}, false
	}
	e := r.event("network")
	e.UserIdentity = r.Identity
	if r.Account != r.Endpoint.Account {
		e.UserIdentity = Identity{Type: "AWSAccount", PrincipalID: r.Identity.AccessKeyID, AccountID: r.Account}
	}
	if r.Decision.byEndpoint() {
		e.ErrorCode, e.ErrorMessage = deniedCode, deniedText
	}
	e.EventType, e.EventCategory = "AwsVpceEvent", "NetworkActivity"
	e.RecipientAccountID = r.Endpoint.Account
	return e, true
}

// event is what the events of a call share. Their ids follow from the
// request's, so that an event has the same one whenever it is shown.
func (r *Record) event(kind string) Event {
	e := Event{
		EventVersion:    eventVersion,
		EventTime:       r.Time.UTC().Format(time.RFC3339),
		EventSource:     r.Source,
		EventName:       r.Operation,
		AWSRegion:       r.Region,
		SourceIPAddress: r.Address,
		RequestID:       r.RequestID,
		EventID:         r.id(kind),
		TLSDetails:      r.TLS,
	}
	if r.Endpoint != nil {
		e.VPCEndpointID, e.VPCEndpointAccountID = r.Endpoint.ID, r.Endpoint.Account
		e.SharedEventID = r.id("shared")
	}
	return e
}

func (r *Record) id(kind string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(r.RequestID+"/"+kind)).String()
}

func orNull(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	return b
}

// UserName is by what name LookupEvents knows the caller.
func (e Event) UserName() string { return e.UserIdentity.userName() }
