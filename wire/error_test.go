package wire_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdklogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	sdkeks "github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/iam"
	"github.com/postern/postern/wire/logs"
	"github.com/postern/postern/wire/sts"
)

// calls makes one call of each protocol.
var calls = []struct {
	model *wire.Service
	call  func(aws.Config) error
}{
	{ec2.Model, func(c aws.Config) error {
		_, err := sdkec2.NewFromConfig(c).DescribeVpcs(context.Background(), nil)
		return err
	}},
	{sts.Model, func(c aws.Config) error {
		_, err := sdksts.NewFromConfig(c).GetCallerIdentity(context.Background(), nil)
		return err
	}},
	{logs.Model, func(c aws.Config) error {
		_, err := sdklogs.NewFromConfig(c).DescribeLogGroups(context.Background(), nil)
		return err
	}},
	{eks.Model, func(c aws.Config) error {
		_, err := sdkeks.NewFromConfig(c).ListClusters(context.Background(), nil)
		return err
	}},
}

// TestErrors lets the SDK read errors in each protocol: code, text, status
// and request id.
func TestErrors(t *testing.T) {
	rows := []struct {
		err    wire.Error
		status int
	}{
		{wire.Error{Code: "SomethingWrong", Message: `a <b> & "c" é`}, 400},
		{wire.Error{Code: "UnauthorizedOperation", Message: "no", Status: 403}, 403},
		{wire.Error{Code: "DryRunOperation", Message: "would have", Status: 412}, 412},
		{wire.Error{Code: "InternalError", Message: "ours", Status: 500}, 500},
		{wire.Error{Code: "Unavailable", Message: "later", Status: 503}, 503},
	}
	for _, c := range calls {
		for _, row := range rows {
			err := c.call(server(t, c.model, func(*wire.Operation, any) (any, error) { return nil, &row.err }))
			var api smithy.APIError
			var response *awshttp.ResponseError
			if !errors.As(err, &api) || !errors.As(err, &response) {
				t.Errorf("%s %s: not an API error: %v", c.model.Name, row.err.Code, err)
				continue
			}
			if api.ErrorCode() != row.err.Code || api.ErrorMessage() != row.err.Message {
				t.Errorf("%s: read %s %q, want %s %q", c.model.Name, api.ErrorCode(), api.ErrorMessage(), row.err.Code, row.err.Message)
			}
			if response.HTTPStatusCode() != row.status || response.ServiceRequestID() != requestID {
				t.Errorf("%s %s: status %d, request id %q", c.model.Name, row.err.Code, response.HTTPStatusCode(), response.ServiceRequestID())
			}
		}
	}
}

// TestModelledErrors lets the SDK turn errors into its own types, with their
// members and the statuses of the model.
func TestModelledErrors(t *testing.T) {
	describe := func(e *wire.Error) error {
		config := server(t, eks.Model, func(*wire.Operation, any) (any, error) { return nil, e })
		_, err := sdkeks.NewFromConfig(config).DescribeCluster(context.Background(), &sdkeks.DescribeClusterInput{Name: aws.String("x")})
		return err
	}
	status := func(err error) int {
		var response *awshttp.ResponseError
		errors.As(err, &response)
		return response.HTTPStatusCode()
	}

	err := describe(&wire.Error{Code: "ResourceNotFoundException", Message: "No cluster found for name: x.", Detail: map[string]any{"clusterName": "x"}})
	var notFound *ekstypes.ResourceNotFoundException
	if !errors.As(err, &notFound) || aws.ToString(notFound.ClusterName) != "x" || notFound.NodegroupName != nil || status(err) != 404 {
		t.Errorf("not found: %#v %v", notFound, err)
	}
	err = describe(&wire.Error{Code: "ServiceUnavailableException", Message: "later"})
	var unavailable *ekstypes.ServiceUnavailableException
	if !errors.As(err, &unavailable) || status(err) != 503 {
		t.Errorf("unavailable: %v", err)
	}

	config := server(t, eks.Model, func(*wire.Operation, any) (any, error) {
		return nil, &wire.Error{Code: "UnsupportedAvailabilityZoneException", Message: "no", Detail: map[string]any{"validZones": []string{"us-east-1a", "us-east-1b"}}}
	})
	_, err = sdkeks.NewFromConfig(config).CreateCluster(context.Background(), &sdkeks.CreateClusterInput{
		Name: aws.String("x"), RoleArn: aws.String("arn:aws:iam::111122223333:role/eks"), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{}})
	var zone *ekstypes.UnsupportedAvailabilityZoneException
	if !errors.As(err, &zone) || len(zone.ValidZones) != 2 || zone.ValidZones[1] != "us-east-1b" {
		t.Errorf("zones: %#v %v", zone, err)
	}

	config = server(t, logs.Model, func(*wire.Operation, any) (any, error) {
		return nil, &wire.Error{Code: "InvalidSequenceTokenException", Message: "no", Detail: map[string]any{"expectedSequenceToken": "4"}}
	})
	_, err = sdklogs.NewFromConfig(config).PutLogEvents(context.Background(), &sdklogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: []logstypes.InputLogEvent{{Message: aws.String("m"), Timestamp: aws.Int64(1)}}})
	var sequence *logstypes.InvalidSequenceTokenException
	if !errors.As(err, &sequence) || aws.ToString(sequence.ExpectedSequenceToken) != "4" {
		t.Errorf("sequence: %#v %v", sequence, err)
	}
}

// TestUnavailable: an operation that no method is bound to answers a client
// error that says so.
func TestUnavailable(t *testing.T) {
	never := func(*wire.Operation, any) (any, error) { t.Error("called"); return nil, nil }
	_, err := sdkec2.NewFromConfig(server(t, ec2.Model, never)).AllocateAddress(context.Background(), nil)
	checkAPIError(t, err, "UnsupportedOperation", "The operation AllocateAddress is not implemented.")
	_, err = sdkiam.NewFromConfig(server(t, iam.Model, never)).ListMFADevices(context.Background(), nil)
	checkAPIError(t, err, "InvalidAction", "Could not find operation ListMFADevices for version 2010-05-08") // not in our model of IAM
	_, err = sdklogs.NewFromConfig(server(t, logs.Model, never)).DescribeResourcePolicies(context.Background(), nil)
	checkAPIError(t, err, "UnsupportedOperationException", "The operation DescribeResourcePolicies is not implemented.")
	_, err = sdkeks.NewFromConfig(server(t, eks.Model, never)).ListAddons(context.Background(), &sdkeks.ListAddonsInput{ClusterName: aws.String("x")})
	checkAPIError(t, err, "UnsupportedOperationException", "The operation ListAddons is not implemented.")
	// UntagResource is not in our model of CloudWatch Logs.
	_, err = sdklogs.NewFromConfig(server(t, logs.Model, never)).UntagResource(context.Background(), &sdklogs.UntagResourceInput{ResourceArn: aws.String("a"), TagKeys: []string{"k"}})
	checkAPIError(t, err, "UnknownOperationException", "Unknown operation: Logs_20140328.UntagResource")
	_, err = sdkec2.NewFromConfig(server(t, ec2.Model, never)).RebootInstances(context.Background(), &sdkec2.RebootInstancesInput{InstanceIds: []string{"i-0a"}})
	checkAPIError(t, err, "InvalidAction", "The action RebootInstances is not valid for this web service.")
}

// TestRefused sends what the SDK lets through and the rules of the model do
// not, in the words of each service.
func TestRefused(t *testing.T) {
	never := func(*wire.Operation, any) (any, error) { t.Error("called"); return nil, nil }
	ctx := context.Background()
	e := sdkec2.NewFromConfig(server(t, ec2.Model, never))
	l := sdklogs.NewFromConfig(server(t, logs.Model, never))
	k := sdkeks.NewFromConfig(server(t, eks.Model, never))

	_, err := e.CreateVpc(ctx, &sdkec2.CreateVpcInput{InstanceTenancy: "own"})
	checkAPIError(t, err, "InvalidParameterValue", "Value (own) for parameter instanceTenancy is invalid.")
	_, err = e.DescribeVpcs(ctx, &sdkec2.DescribeVpcsInput{MaxResults: aws.Int32(4)})
	checkAPIError(t, err, "InvalidParameterValue", "Value ( 4 ) for parameter MaxResults is invalid. Expecting a value greater than or equal to 5.")
	_, err = e.CreateVpcEndpoint(ctx, &sdkec2.CreateVpcEndpointInput{VpcId: aws.String("vpc-0a"), VpcEndpointType: "Hole"})
	checkAPIError(t, err, "InvalidVpcEndpointType", "Value (Hole) for parameter vpcEndpointType is invalid.")
	_, err = e.CreateTags(ctx, &sdkec2.CreateTagsInput{Resources: []string{"vpc-0a"}, Tags: []ec2types.Tag{}})
	checkAPIError(t, err, "MissingParameter", "The request must contain the parameter Tag")

	_, err = l.CreateLogGroup(ctx, &sdklogs.CreateLogGroupInput{LogGroupName: aws.String("a b")})
	checkAPIError(t, err, "InvalidParameterException",
		`1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`)
	_, err = l.DescribeLogGroups(ctx, &sdklogs.DescribeLogGroupsInput{Limit: aws.Int32(51), LogGroupNamePrefix: aws.String("")})
	checkAPIError(t, err, "InvalidParameterException",
		"3 validation errors detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50; "+
			"Value '' at 'logGroupNamePrefix' failed to satisfy constraint: Member must have length greater than or equal to 1; "+
			`Value '' at 'logGroupNamePrefix' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`)
	_, err = l.CreateLogGroup(ctx, &sdklogs.CreateLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"k!": "v"}})
	checkAPIError(t, err, "InvalidParameterException",
		"1 validation error detected: Value '{k!=v}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "+
			"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "+
			`Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$]`)

	_, err = k.ListClusters(ctx, &sdkeks.ListClustersInput{MaxResults: aws.Int32(101)})
	checkAPIError(t, err, "InvalidParameterException",
		"1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100")
	_, err = k.TagResource(ctx, &sdkeks.TagResourceInput{ResourceArn: aws.String("arn:x"), Tags: map[string]string{}})
	checkAPIError(t, err, "BadRequestException",
		"1 validation error detected: Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1")
}

func checkAPIError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("want %s, got %v", code, err)
		return
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got  %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}
