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

# What the scenarios use beside Go: the AWS CLI, node and the SDK for JavaScript.
tools:
	@./test/tools

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
