package vpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Availability says in which Regions an endpoint service of AWS is not offered,
// by the service's short name.
type Availability map[string][]string

// DefaultAvailability is that of AWS ("Access Amazon EKS using AWS
// PrivateLink").
func DefaultAvailability() Availability {
	absent := []string{"ap-southeast-5", "ap-southeast-7", "mx-central-1", "ap-east-2"}
	return Availability{"eks": absent, "eks-fips": absent}
}

// ReadAvailability reads an operator's own data, a JSON object of short names
// with the Regions that lack them, over the default. A name that is there
// replaces the default's Regions of that service.
func ReadAvailability(r io.Reader) (Availability, error) {
	var own Availability
	d := json.NewDecoder(io.LimitReader(r, 1<<20))
	if err := d.Decode(&own); err != nil {
		return nil, fmt.Errorf("read availability of services: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read availability of services: more than one JSON object")
	}
	all := DefaultAvailability()
	for short, absent := range own {
		for _, region := range absent {
			if _, ok := FindRegion(region); !ok {
				return nil, fmt.Errorf("read availability of services: %s lists %q, which is not a Region", short, region)
			}
		}
		if _, ok := FindEndpointService("com.amazonaws.us-east-1." + short); !ok {
			return nil, fmt.Errorf("read availability of services: %q is not a service", short)
		}
		all[short] = absent
	}
	return all, nil
}

// Offers reports whether endpoints to s can be made.
func (a Availability) Offers(s EndpointService) bool { return !slices.Contains(a[s.Short], s.Region) }
