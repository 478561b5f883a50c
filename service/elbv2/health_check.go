package elbv2

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// trafficPort stands for the port on which a target receives traffic.
const trafficPort = "traffic-port"

// The defaults of network load balancers ("Health checks for Network Load
// Balancer target groups").
const (
	defaultInterval    = 30 * time.Second
	defaultTimeout     = 10 * time.Second
	defaultTimeoutHTTP = 6 * time.Second
	defaultHealthy     = 5
	defaultUnhealthy   = 2
	defaultPath        = "/"
	defaultMatcher     = "200-399"
)

// probe is what a request says about health checks; nil means nothing.
type probe struct {
	targetType                            string
	enabled                               *bool
	protocol, port, path                  *string
	matcher                               *elbv2.Matcher
	interval, timeout, healthy, unhealthy *int32
}

func probeOf(in *elbv2.CreateTargetGroupInput) probe {
	return probe{
		targetType: targetType(in), enabled: in.HealthCheckEnabled,
		protocol: in.HealthCheckProtocol, port: in.HealthCheckPort, path: in.HealthCheckPath, matcher: in.Matcher,
		interval: in.HealthCheckIntervalSeconds, timeout: in.HealthCheckTimeoutSeconds,
		healthy: in.HealthyThresholdCount, unhealthy: in.UnhealthyThresholdCount,
	}
}

func probeOfChange(g vpc.TargetGroup, in *elbv2.ModifyTargetGroupInput) probe {
	return probe{
		targetType: g.TargetType, enabled: in.HealthCheckEnabled,
		protocol: in.HealthCheckProtocol, port: in.HealthCheckPort, path: in.HealthCheckPath, matcher: in.Matcher,
		interval: in.HealthCheckIntervalSeconds, timeout: in.HealthCheckTimeoutSeconds,
		healthy: in.HealthyThresholdCount, unhealthy: in.UnhealthyThresholdCount,
	}
}

// healthCheck is h with the settings of a request, and defaults for what
// neither has.
func healthCheck(h vpc.HealthCheck, p probe) (vpc.HealthCheck, error) {
	if p.enabled != nil && !*p.enabled {
		return h, errConfiguration("Health check enabled must be true with groups with target type \"%s\"", p.targetType)
	}
	h.Protocol = cmp.Or(wire.Value(p.protocol), h.Protocol, elbv2.ProtocolEnumTcp)
	h.Port = cmp.Or(wire.Value(p.port), h.Port, trafficPort)
	h.Interval = cmp.Or(duration(p.interval), h.Interval, defaultInterval)
	h.Timeout = cmp.Or(duration(p.timeout), h.Timeout, standardTimeout(h.Protocol))
	h.Healthy = int(cmp.Or(wire.Value(p.healthy), int32(h.Healthy), defaultHealthy))
	h.Unhealthy = int(cmp.Or(wire.Value(p.unhealthy), int32(h.Unhealthy), defaultUnhealthy))
	if err := checkProbe(h); err != nil {
		return h, err
	}
	return request(h, p)
}

// request adds what an HTTP check asks for and expects; a TCP check has none
// of it.
func request(h vpc.HealthCheck, p probe) (vpc.HealthCheck, error) {
	if h.Protocol == elbv2.ProtocolEnumTcp {
		if p.path != nil || p.matcher != nil {
			return h, errValidation("A path and a matcher cannot be specified for health checks with protocol '%s'", h.Protocol)
		}
		h.Path, h.Matcher = "", ""
		return h, nil
	}
	if p.matcher != nil && p.matcher.GrpcCode != nil {
		return h, errValidation("A gRPC code cannot be specified for health checks with protocol '%s'", h.Protocol)
	}
	h.Path = cmp.Or(wire.Value(p.path), h.Path, defaultPath)
	if h.Path[0] != '/' || slices.ContainsFunc([]byte(h.Path), func(b byte) bool { return b <= ' ' || b > '~' }) {
		return h, errValidation("Health check path '%s' must begin with a '/' character and contain printable ASCII characters, without spaces", h.Path)
	}
	if p.matcher != nil {
		h.Matcher = wire.Value(p.matcher.HttpCode)
	}
	h.Matcher = cmp.Or(h.Matcher, defaultMatcher)
	if _, err := vpc.ParseCodes(h.Matcher); err != nil {
		return h, errValidation("Health check matcher HTTP code '%s' must be within '200-599' inclusive", h.Matcher)
	}
	return h, nil
}

func checkProbe(h vpc.HealthCheck) error {
	if !slices.Contains([]string{elbv2.ProtocolEnumHttp, elbv2.ProtocolEnumHttps, elbv2.ProtocolEnumTcp}, h.Protocol) {
		return errValidation("Health check protocol '%s' must be one of 'HTTP, HTTPS, TCP'", h.Protocol)
	}
	if port, err := strconv.ParseUint(h.Port, 10, 16); h.Port != trafficPort && (err != nil || port == 0) {
		return errValidation("Health check port '%s' must be between 1 and 65535, or '%s'", h.Port, trafficPort)
	}
	if h.Timeout > h.Interval {
		return errValidation("Health check timeout '%d' must be smaller than or equal to the interval '%d'", h.Timeout/time.Second, h.Interval/time.Second)
	}
	return nil
}

func standardTimeout(protocol string) time.Duration {
	if protocol == elbv2.ProtocolEnumHttp {
		return defaultTimeoutHTTP
	}
	return defaultTimeout
}

func duration(seconds *int32) time.Duration { return time.Duration(wire.Value(seconds)) * time.Second }
