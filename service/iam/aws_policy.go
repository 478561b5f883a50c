package iam

import (
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern/postern/store"
)

// awsAccount stands for an account in the ARNs of AWS's own policies.
const awsAccount = "aws"

// servicePath is the path of AWS's own roles and of the policies that only
// those may have.
const servicePath = "/aws-service-role/"

//go:embed managed/*.json
var managed embed.FS

// awsPolicies are AWS's own policies that users of EKS attach, each with the
// day it appeared. Their documents grant what the policies of these names are
// for; the words are ours. They are in the folder managed.
var awsPolicies = []struct{ path, name, since, description string }{
	{"/", "AdministratorAccess", "2015-02-06", "Provides full access to AWS services and resources."},
	{"/", "AmazonEC2ContainerRegistryPullOnly", "2024-10-16", "Pulls images from Amazon EC2 Container Registry repositories."},
	{"/", "AmazonEC2ContainerRegistryReadOnly", "2015-12-21", "Provides read-only access to Amazon EC2 Container Registry repositories."},
	{"/", "AmazonEKSClusterPolicy", "2018-05-27", "Lets a cluster manage resources on behalf of its owner."},
	{"/", "AmazonEKSFargatePodExecutionRolePolicy", "2019-11-22", "Lets pods on Fargate pull their images."},
	{servicePath, "AmazonEKSForFargateServiceRolePolicy", "2019-11-22", "Lets Amazon EKS run pods on Fargate."},
	{"/", "AmazonEKSServicePolicy", "2018-05-27", "Lets Amazon EKS create and manage what clusters need."},
	{servicePath, "AmazonEKSServiceRolePolicy", "2020-02-27", "Lets Amazon EKS create and manage what clusters need."},
	{"/", "AmazonEKSVPCResourceController", "2020-08-12", "Lets the VPC resource controller manage interfaces and addresses of nodes."},
	{"/", "AmazonEKSWorkerNodeMinimalPolicy", "2024-10-03", "Lets nodes join clusters with the least that they need."},
	{"/", "AmazonEKSWorkerNodePolicy", "2018-05-27", "Lets nodes join clusters."},
	{"/", "AmazonEKS_CNI_Policy", "2018-05-27", "Lets the VPC CNI plugin change the addresses of nodes."},
	{servicePath, "AWSElasticLoadBalancingServiceRolePolicy", "2017-09-19", "Lets Elastic Load Balancing manage what load balancers need."},
	{servicePath, "AWSServiceRoleForAmazonEKSNodegroup", "2019-11-07", "Lets Amazon EKS manage the nodes of node groups."},
	{"/", "IAMFullAccess", "2015-02-06", "Provides full access to IAM."},
	{"/", "IAMReadOnlyAccess", "2015-02-06", "Provides read-only access to IAM."},
	{"/", "PowerUserAccess", "2015-02-06", "Provides full access to AWS services and resources, but does not allow management of users and groups."},
	{"/", "ReadOnlyAccess", "2015-02-06", "Provides read-only access to AWS services and resources."},
}

// catalogue keeps AWS's own policies as records, by partition. The zero value is
// ready.
type catalogue struct{ byPartition sync.Map }

// in are AWS's own policies in a partition.
func (c *catalogue) in(partition string) []store.ManagedPolicy {
	if all, ok := c.byPartition.Load(partition); ok {
		return all.([]store.ManagedPolicy)
	}
	var all []store.ManagedPolicy
	for i := range awsPolicies {
		all = append(all, awsPolicyIn(partition, i))
	}
	c.byPartition.Store(partition, all)
	return all
}

// awsPolicy finds one of AWS's own policies by its ARN.
func (s *Service) awsPolicy(n name) (store.ManagedPolicy, bool) {
	all := s.aws.in(n.Partition)
	i := slices.IndexFunc(all, func(p store.ManagedPolicy) bool { return p.Name == n.name && p.Path == n.path })
	if i < 0 {
		return store.ManagedPolicy{}, false
	}
	return all[i], true
}

// awsPolicyIn is one of AWS's own policies as a record, with one version.
func awsPolicyIn(partition string, i int) store.ManagedPolicy {
	p := awsPolicies[i]
	since, _ := time.Parse(time.DateOnly, p.since)                 // a test reads them all
	document, _ := managed.ReadFile("managed/" + p.name + ".json") // likewise
	text := strings.ReplaceAll(string(document), "arn:aws:", "arn:"+partition+":")
	sum := sha256.Sum256([]byte(p.name)) // the same id everywhere
	return store.ManagedPolicy{
		Entity: store.Entity{
			GlobalOwner: store.GlobalOwner{Account: awsAccount, Partition: partition},
			Name:        p.name, Path: p.path, ID: idPolicy + base32.StdEncoding.EncodeToString(sum[:])[:17], Created: since,
		},
		Description: p.description,
		Updated:     since,
		Versions:    []store.PolicyVersion{{Number: 1, Document: text, Created: since}},
		Default:     1,
		Last:        1,
	}
}
