// Package eks keeps the records of EKS clusters and answers the EKS API about
// them.
//
// A cluster here is a record and nothing else: no Kubernetes control plane
// runs for it. What makes a cluster ACTIVE, and gives it its endpoint, its
// certificate authority and its OIDC issuer, is that control plane. So a
// cluster stays CREATING, with none of these in its answer, until it is
// deleted: the API never says what a packet could not prove.
//
// A clientRequestToken belongs to an account and a Region and lives as long
// as the cluster that it made. The same token with the same parameters
// answers with that cluster; with other parameters it is refused with
// InvalidParameterException, the one error for a bad request that the model
// of CreateCluster lists.
package eks
