package script

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"reflect"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// sdkMain is the command sdk SERVICE OPERATION [INPUT]: it calls an operation
// with the SDK for Go, with INPUT as JSON, and prints the output as JSON. The
// connect timeout is a second, so that a drop shows quickly.
func sdkMain() {
	out, err := callSDK(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}

func callSDK(args []string) (any, error) {
	if len(args) < 2 {
		return nil, fmt.Errorf("usage: sdk SERVICE OPERATION [INPUT]")
	}
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryMaxAttempts(1),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Timeout = time.Second })))
	if err != nil {
		return nil, err
	}
	clients := map[string]any{
		"cloudtrail": cloudtrail.NewFromConfig(cfg),
		"ec2":        ec2.NewFromConfig(cfg),
		"eks":        eks.NewFromConfig(cfg),
		"elbv2":      elasticloadbalancingv2.NewFromConfig(cfg),
		"sts":        sts.NewFromConfig(cfg),
		"logs":       cloudwatchlogs.NewFromConfig(cfg),
	}
	method := reflect.ValueOf(clients[args[0]]).MethodByName(args[1])
	if !method.IsValid() {
		return nil, fmt.Errorf("no operation %s.%s", args[0], args[1])
	}
	in := reflect.New(method.Type().In(1).Elem())
	if len(args) > 2 {
		if err := json.Unmarshal([]byte(args[2]), in.Interface()); err != nil {
			return nil, fmt.Errorf("input: %w", err)
		}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	err, _ = results[1].Interface().(error)
	return results[0].Interface(), err
}
