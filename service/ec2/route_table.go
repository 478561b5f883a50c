package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeRouteTables answers with the main route table of each of the
// caller's VPCs: its only routes are the local ones.
func (s *Service) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	match, err := compileFilters(routeTableFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(in.RouteTableIds, s.store.RouteTables.List(r, caller.Account, caller.Region),
		func(id string) (vpc.RouteTable, error) { return s.routeTable(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeRouteTablesOutput{}
	for _, rt := range rows {
		n, ok := s.store.Networks.Get(r, ownKey(rt.Owner, rt.VPC))
		if !ok {
			continue
		}
		if shape := routeTableShape(rt, n); match(&shape) {
			out.RouteTables = append(out.RouteTables, shape)
		}
	}
	return out, nil
}

func (s *Service) routeTable(r store.Reader, caller auth.Caller, id string) (vpc.RouteTable, error) {
	if !vpc.ValidID("rtb", id) {
		return vpc.RouteTable{}, errMalformed("RouteTableID", id, "rtb")
	}
	rt, ok := s.store.RouteTables.Get(r, key(caller, id))
	if !ok {
		return vpc.RouteTable{}, errRouteTableNotFound(id)
	}
	return rt, nil
}

func routeTableShape(rt vpc.RouteTable, n vpc.Network) ec2.RouteTable {
	local := ec2.Route{
		GatewayId: wire.Ptr("local"),
		Origin:    wire.Ptr("CreateRouteTable"),
		State:     wire.Ptr("active"),
	}
	ipv4 := local
	ipv4.DestinationCidrBlock = wire.Ptr(n.CIDR.String())
	routes := []ec2.Route{ipv4}
	if n.IPv6.CIDR.IsValid() {
		ipv6 := local
		ipv6.DestinationIpv6CidrBlock = wire.Ptr(n.IPv6.CIDR.String())
		routes = append(routes, ipv6)
	}
	return ec2.RouteTable{
		Associations: []ec2.RouteTableAssociation{{
			AssociationState:        &ec2.RouteTableAssociationState{State: wire.Ptr("associated")},
			Main:                    wire.Ptr(rt.Main),
			RouteTableAssociationId: wire.Ptr(rt.Association),
			RouteTableId:            wire.Ptr(rt.ID),
		}},
		OwnerId:      wire.Ptr(rt.Account),
		RouteTableId: wire.Ptr(rt.ID),
		Routes:       routes,
		Tags:         tagList(rt.Tags),
		VpcId:        wire.Ptr(rt.VPC),
	}
}

var routeTableFilters = filters[*ec2.RouteTable]{
	"association.main": func(t *ec2.RouteTable) []string { return flag(t.Associations[0].Main) },
	"association.route-table-association-id": func(t *ec2.RouteTable) []string {
		return one(t.Associations[0].RouteTableAssociationId)
	},
	"association.route-table-id": func(t *ec2.RouteTable) []string { return one(t.RouteTableId) },
	"association.subnet-id":      func(t *ec2.RouteTable) []string { return nil },
	"association.gateway-id":     func(t *ec2.RouteTable) []string { return nil },
	"owner-id":                   func(t *ec2.RouteTable) []string { return one(t.OwnerId) },
	"route-table-id":             func(t *ec2.RouteTable) []string { return one(t.RouteTableId) },
	"route.destination-cidr-block": func(t *ec2.RouteTable) []string {
		return texts(t.Routes, func(r ec2.Route) *string { return r.DestinationCidrBlock })
	},
	"route.destination-ipv6-cidr-block": func(t *ec2.RouteTable) []string {
		return texts(t.Routes, func(r ec2.Route) *string { return r.DestinationIpv6CidrBlock })
	},
	"route.gateway-id": func(t *ec2.RouteTable) []string {
		return texts(t.Routes, func(r ec2.Route) *string { return r.GatewayId })
	},
	"route.origin": func(t *ec2.RouteTable) []string {
		return texts(t.Routes, func(r ec2.Route) *string { return r.Origin })
	},
	"route.state": func(t *ec2.RouteTable) []string {
		return texts(t.Routes, func(r ec2.Route) *string { return r.State })
	},
	"vpc-id":  func(t *ec2.RouteTable) []string { return one(t.VpcId) },
	tagFilter: func(t *ec2.RouteTable) []string { return tagSetPairs(t.Tags) },
	// What no route leads to.
	"route.destination-prefix-list-id":      func(*ec2.RouteTable) []string { return nil },
	"route.egress-only-internet-gateway-id": func(*ec2.RouteTable) []string { return nil },
	"route.instance-id":                     func(*ec2.RouteTable) []string { return nil },
	"route.nat-gateway-id":                  func(*ec2.RouteTable) []string { return nil },
	"route.transit-gateway-id":              func(*ec2.RouteTable) []string { return nil },
	"route.vpc-peering-connection-id":       func(*ec2.RouteTable) []string { return nil },
}
