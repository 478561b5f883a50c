package main

import (
	"github.com/postern/postern/api"
	"github.com/postern/postern/audit"
	"github.com/postern/postern/service/cloudtrail"
	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/service/eks"
	"github.com/postern/postern/service/elbv2"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/service/sts"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ce"
	wirecloudtrail "github.com/postern/postern/wire/cloudtrail"
	"github.com/postern/postern/wire/cloudwatch"
	wireec2 "github.com/postern/postern/wire/ec2"
	wireeks "github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/eksauth"
	wireelbv2 "github.com/postern/postern/wire/elbv2"
	wireiam "github.com/postern/postern/wire/iam"
	wirelogs "github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/pricing"
	"github.com/postern/postern/wire/route53"
	"github.com/postern/postern/wire/route53resolver"
	wirests "github.com/postern/postern/wire/sts"
)

// services are the AWS services behind the chain.
type services struct {
	records    *store.Store
	cloudtrail *cloudtrail.Service
	ec2        *ec2.Service
	eks        *eks.Service
	elbv2      *elbv2.Service
	logs       *logs.Service
	iam        *iam.Service
	sts        *sts.Service
}

// newServices makes all services over the records of c, which says what those
// of the network need; events, calls and identities are made already,
// and known says whom STS knows.
func newServices(events *logs.Service, calls *audit.Log, identities *iam.Service, known sts.Config, c ec2.Config) *services {
	return &services{
		records:    c.Store,
		cloudtrail: cloudtrail.New(cloudtrail.Config{Records: calls}),
		ec2:        ec2.New(c),
		eks:        eks.New(eks.Config{Store: c.Store, Limits: c.Limits}),
		elbv2:      elbv2.New(elbv2.Config{Store: c.Store, Limits: c.Limits}),
		logs:       events,
		iam:        identities,
		sts:        sts.New(known),
	}
}

//go:generate go test -run TestCoveragePage -update .

// table lists every service that is known and what is implemented of it. All
// other operations answer that they are not available; COVERAGE.md says which.
func (s *services) table() []api.Service {
	return []api.Service{
		{Model: wireec2.Model, Methods: s.ec2.Methods(), Keys: s.ec2.ConditionKeys(), Tags: s.ec2.ResourceTags},
		{Model: wireeks.Model, Methods: s.eks.Methods(), Keys: s.eks.ConditionKeys(), Tags: s.eks.ResourceTags},
		{Model: wirests.Model, Methods: s.sts.Methods(), Keys: s.sts.ConditionKeys()},
		{Model: wirelogs.Model, Methods: s.logs.Methods(), Tags: s.logs.ResourceTags},
		{Model: wireelbv2.Model, Methods: s.elbv2.Methods(), Keys: s.elbv2.ConditionKeys(), Tags: s.elbv2.ResourceTags},
		{Model: eksauth.Model},
		{Model: wireiam.Model, Methods: s.iam.Methods(), Keys: s.iam.ConditionKeys(), Tags: s.iam.ResourceTags},
		{Model: cloudwatch.Model},
		{Model: wirecloudtrail.Model, Methods: s.cloudtrail.Methods()},
		{Model: route53.Model},
		{Model: route53resolver.Model},
		{Model: ce.Model},
		{Model: pricing.Model},
	}
}

// endpointPolicy returns the policy of the endpoint that a request came
// through.
func (s *services) endpointPolicy(a vpc.Arrival) (document string, ok bool) {
	e, ok := s.records.Endpoints.Get(s.records.Snapshot(), store.Key{Account: a.Account, Region: a.Region, ID: a.Endpoint})
	return e.Policy, ok
}
