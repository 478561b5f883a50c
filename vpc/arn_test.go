package vpc

import "testing"

func TestParseARN(t *testing.T) {
	for text, want := range map[string]ARN{
		"arn:aws:eks:us-east-1:111122223333:cluster/one": {"aws", "eks", Owner{Account: "111122223333", Region: "us-east-1"}, "cluster/one"},
		"arn:aws-cn:iam::111122223333:role/a/b":          {"aws-cn", "iam", Owner{Account: "111122223333"}, "role/a/b"},
		"arn:aws:logs:us-east-1:1:log-group:a:*":         {"aws", "logs", Owner{Account: "1", Region: "us-east-1"}, "log-group:a:*"},
		"arn:::::":                                       {},
	} {
		if got, ok := ParseARN(text); !ok || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "arn", "*", "arn:aws:eks:us-east-1:111122223333", "x:aws:eks:us-east-1:111122223333:cluster/one"} {
		if got, ok := ParseARN(text); ok {
			t.Errorf("%q is %+v", text, got)
		}
	}
	kind, name := ARN{Resource: "role/a/b"}.Kind()
	if kind != "role" || name != "a/b" {
		t.Errorf("%q, %q", kind, name)
	}
}

func TestIsAccount(t *testing.T) {
	for text, want := range map[string]bool{"111122223333": true, "000000000000": true, "": false, "11112222333": false, "1111222233334": false, "11112222333a": false, "aws": false, "１1112222": false, "1111 2222 33": false} {
		if IsAccount(text) != want {
			t.Errorf("%q must be %v", text, want)
		}
	}
}
