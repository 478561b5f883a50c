package vpc

import (
	"context"
	"net/netip"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithy "github.com/aws/smithy-go/endpoints"
)

// resolvers are the endpoint rules that the SDK for Go has of each service.
var resolvers = map[string]func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error){
	"ec2": func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error) {
		return ec2.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ec2.EndpointParameters{Region: region, UseDualStack: dual, UseFIPS: fips})
	},
	"eks": func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error) {
		return eks.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, eks.EndpointParameters{Region: region, UseDualStack: dual, UseFIPS: fips})
	},
	"elasticloadbalancing": func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error) {
		return elasticloadbalancingv2.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx,
			elasticloadbalancingv2.EndpointParameters{Region: region, UseDualStack: dual, UseFIPS: fips})
	},
	"logs": func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error) {
		return cloudwatchlogs.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, cloudwatchlogs.EndpointParameters{Region: region, UseDualStack: dual, UseFIPS: fips})
	},
	"sts": func(ctx context.Context, region *string, dual, fips *bool) (smithy.Endpoint, error) {
		return sts.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sts.EndpointParameters{Region: region, UseDualStack: dual, UseFIPS: fips})
	},
}

// Every name that the SDK asks for, in every Region of every partition, belongs
// to the service and Region that it is asked for.
func TestHostnamesAreThoseOfTheSDK(t *testing.T) {
	for api, resolve := range resolvers {
		for _, r := range regions {
			for _, dual := range []bool{false, true} {
				for _, fips := range []bool{false, true} {
					e, err := resolve(t.Context(), &r.Name, &dual, &fips)
					if err != nil {
						t.Errorf("%s in %s, dual-stack %v, FIPS %v: %v", api, r.Name, dual, fips, err)
						continue
					}
					name := hostOf(t, e)
					gotAPI, gotRegion, ok := PublicService(name)
					if !ok || gotAPI != api || gotRegion != r.Name {
						t.Errorf("%s in %s, dual-stack %v, FIPS %v: %s is %q in %q, %v", api, r.Name, dual, fips, name, gotAPI, gotRegion, ok)
					}
				}
			}
		}
	}
}

// The rules of EKS Auth have dual-stack names only (botocore's endpoint rules).
func TestHostnamesOfEKSAuth(t *testing.T) {
	for name, region := range map[string]string{
		"eks-auth.us-east-1.api.aws":                            "us-east-1",
		"eks-auth-fips.us-west-2.api.aws":                       "us-west-2",
		"eks-auth.cn-north-1.api.amazonwebservices.com.cn":      "cn-north-1",
		"eks-auth-fips.us-gov-west-1.api.aws":                   "us-gov-west-1",
		"eks-auth-fips.eusc-de-east-1.api.amazonwebservices.eu": "eusc-de-east-1",
		"eks-auth.us-east-1.amazonaws.com":                      "",
	} {
		if api, got, ok := PublicService(name); got != region || ok != (region != "") || ok && api != "eks-auth" {
			t.Errorf("PublicService(%q) = %s, %s, %v", name, api, got, ok)
		}
	}
}

func hostOf(t *testing.T, e smithy.Endpoint) string {
	t.Helper()
	u, err := url.Parse(e.URI.String())
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname()
}

// What private DNS answers is among the names that the SDK asks for.
func TestPrivateNamesArePublicNames(t *testing.T) {
	for _, r := range regions {
		for _, s := range EndpointServices(r.Name) {
			if s.API == "oidc-eks" {
				continue // no API: its documents are fetched without an SDK
			}
			for _, name := range s.PrivateNames {
				if api, region, ok := PublicService(name); !ok || api != s.API || region != r.Name {
					t.Errorf("%s: PublicService(%q) = %s, %s, %v", s.Name, name, api, region, ok)
				}
			}
		}
	}
}

// Every API has an address of its own in every Region.
func TestPublicAddressesAreDistinct(t *testing.T) {
	unrouted := netip.MustParsePrefix("198.18.0.0/15")
	seen := map[netip.Addr]string{}
	for _, r := range regions {
		for _, api := range publicAPIs {
			a, name := PublicAddress(api, r.Name), api+" in "+r.Name
			if !unrouted.Contains(a) {
				t.Errorf("%s: %v is outside %v", name, a, unrouted)
			}
			if other, ok := seen[a]; ok {
				t.Errorf("%s and %s share %v", name, other, a)
			}
			seen[a] = name
		}
	}
}
