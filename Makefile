# make demo   runs the main job
# make test   runs every test
# make check  is what a change must pass before review: format, lint, race, short fuzzing
# make bench  prints the ratios of test/bench

export CGO_ENABLED ?= 0

.PHONY: build demo test tools check generate bench clean

build:
	go build -trimpath -o bin/postern ./cmd/postern

demo: build
	@bin/postern demo

test: tools
	go vet ./...
	go test -count=1 ./...

# The scenarios use the AWS CLI. The one on PATH is taken; otherwise root gets Debian's.
tools:
	@if command -v aws >/dev/null; then echo "tools: AWS CLI: $$(command -v aws)"; \
	elif [ "$$(id -u)" = 0 ]; then echo "tools: installing Debian's awscli"; apt-get update -qq && apt-get install -y -qq awscli >/dev/null; \
	else echo "tools: no AWS CLI on PATH and not root: its scenarios are skipped, the SDK's run"; fi

check: generate
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt -w these'; exit 1; }
	git diff --exit-code -- wire COVERAGE.md
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...
	CGO_ENABLED=1 go test -race ./...
	./test/fuzz 5s

generate:
	go generate ./wire ./cmd/postern

bench: build
	go test -run '^$$' -bench . -benchtime 1x -timeout 20m ./test/bench

clean:
	rm -rf bin
