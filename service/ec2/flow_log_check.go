package ec2

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

var (
	flowLogField  = regexp.MustCompile(`^\$\{[a-z0-9-]+\}$`)
	flowLogFields = strings.Fields(vpc.DefaultFlowFormat) // those of version 2

	logGroupName   = regexp.MustCompile(`^[-._/#A-Za-z0-9]{1,512}$`)
	bucketARN      = regexp.MustCompile(`^arn:aws:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/.*)?$`)
	deliveryStream = regexp.MustCompile(`^arn:aws:firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/([A-Za-z0-9_.-]{1,64})$`)
	anyRole        = regexp.MustCompile(`^arn:aws:iam::[0-9]{12}:role/[\x21-\x7e]+$`)
)

// destinationType is where a request wants its records.
func destinationType(in *ec2.CreateFlowLogsInput) string {
	return cmp.Or(wire.Value(in.LogDestinationType), ec2.LogDestinationTypeCloudWatchLogs)
}

// checkFlowLog checks what a request says about resources, traffic, format
// and interval, and which of its parameters exclude each other.
func checkFlowLog(in *ec2.CreateFlowLogsInput, l vpc.FlowLog) error {
	if n := len(in.ResourceIds); n > maxFlowLogResources {
		return errParameter("The number of resource IDs (%d) exceeds the limit of %d", n, maxFlowLogResources)
	}
	transit := strings.HasPrefix(wire.Value(in.ResourceType), ec2.FlowLogsResourceTypeTransitGateway)
	switch {
	case !transit && l.Traffic == "":
		return errMissing("TrafficType")
	case transit && l.Traffic != "":
		return errParameter("TrafficType can't be provided if ResourceType is %s.", *in.ResourceType)
	case l.Interval != time.Minute && l.Interval != 10*time.Minute:
		return errParameter("Invalid Flow Log Max Aggregation Interval")
	}
	if err := checkFlowLogFormat(l.Format); err != nil {
		return err
	}
	return checkDestination(in)
}

// checkFlowLogFormat wants ${field} ${field} …, with fields of version 2.
func checkFlowLogFormat(format string) error {
	fields := strings.Split(format, " ")
	for _, f := range fields {
		if !flowLogField.MatchString(f) {
			return errParameter("Invalid LogFormat. Fields must have the form ${field} and be separated by single spaces.")
		}
		if !slices.Contains(flowLogFields, f) {
			return errParameter("Invalid LogFormat. The field %s is not supported.", f)
		}
	}
	return nil
}

// checkDestination checks that the parameters fit the type of destination.
func checkDestination(in *ec2.CreateFlowLogsInput) error {
	kind := destinationType(in)
	group, arn := wire.Value(in.LogGroupName), wire.Value(in.LogDestination)
	logs := kind == ec2.LogDestinationTypeCloudWatchLogs
	switch {
	case group != "" && !logs:
		return errParameter("LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
	case group != "" && arn != "":
		return errParameter("Please only provide LogGroupName or only provide LogDestination.")
	case group == "" && arn == "":
		return errParameter("LogDestination can't be empty if LogGroupName is not provided.")
	}
	return checkDelivery(in, kind)
}

// checkDelivery checks the role and the options of a delivery.
func checkDelivery(in *ec2.CreateFlowLogsInput, kind string) error {
	role := wire.Value(in.DeliverLogsPermissionArn)
	switch {
	case role == "" && kind == ec2.LogDestinationTypeCloudWatchLogs:
		return errParameter("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	case role != "" && kind == ec2.LogDestinationTypeS3:
		return errParameter("DeliverLogsPermissionArn can't be provided if LogDestinationType is s3.")
	case role != "" && !anyRole.MatchString(role):
		return errParameter("Invalid DeliverLogsPermissionArn: %s", role)
	case in.DeliverCrossAccountRole != nil && kind != ec2.LogDestinationTypeKinesisDataFirehose:
		return errParameter("DeliverCrossAccountRole can't be provided if LogDestinationType is %s.", kind)
	case in.DestinationOptions != nil && kind != ec2.LogDestinationTypeS3:
		return errParameter("DestinationOptions can't be provided if LogDestinationType is %s.", kind)
	}
	return nil
}

// logGroup is the name of the log group that a request wants its records in;
// empty for the other types of destination.
func logGroup(caller auth.Caller, in *ec2.CreateFlowLogsInput) (string, error) {
	arn := wire.Value(in.LogDestination)
	switch kind := destinationType(in); {
	case kind == ec2.LogDestinationTypeS3 && !bucketARN.MatchString(arn),
		kind == ec2.LogDestinationTypeKinesisDataFirehose && !deliveryStream.MatchString(arn):
		return "", errLogDestination(arn)
	case kind == ec2.LogDestinationTypeS3 && strings.Contains(arn, "AWSLogs"):
		return "", errParameter("Invalid LogDestination: %s. AWSLogs is reserved.", arn)
	case kind != ec2.LogDestinationTypeCloudWatchLogs:
		return "", nil
	}
	name := wire.Value(in.LogGroupName)
	if arn != "" {
		own := ownerOf(caller).ARN("logs", "log-group:")
		rest, ok := strings.CutPrefix(arn, own)
		if !ok {
			return "", errLogDestination(arn)
		}
		name = strings.TrimSuffix(rest, ":*")
	}
	if !logGroupName.MatchString(name) {
		return "", errParameter("Invalid log group name: %s", name)
	}
	return name, nil
}

// absentDestination is the error for a bucket or a delivery stream: there are
// none to deliver to.
func absentDestination(in *ec2.CreateFlowLogsInput) error {
	arn := wire.Value(in.LogDestination)
	switch destinationType(in) {
	case ec2.LogDestinationTypeS3:
		return errLogDestinationNotFound(bucketARN.FindStringSubmatch(arn)[1])
	case ec2.LogDestinationTypeKinesisDataFirehose:
		return errLogDestinationNotFound(deliveryStream.FindStringSubmatch(arn)[1])
	}
	return nil
}
