# The checks that a change must pass; CI runs the same.
GO ?= go

.PHONY: check fmt vet layers sizes generate test test-invariants test-race test-planted tck build

check: fmt vet sizes generate test test-invariants test-race test-planted

build:
	$(GO) build -o bin/kadedb ./cmd/kadedb

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted:"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 $$($(GO) list ./... | grep -v /grammar/gen)

# Files past 1,000 lines and functions past 120 are two things.
sizes:
	@$(GO) run ./internal/sizes

# Generated pages and code must be what their sources give.
generate:
	$(GO) generate ./...
	@git diff --exit-code --stat -- docs grammar

test:
	$(GO) test ./...

test-invariants:
	$(GO) test -tags invariants ./storage/... ./graph/... ./query/...

test-race:
	$(GO) test -race -short ./...

# Each planted bug must be caught by the test named for it.
test-planted:
	$(GO) test -tags planted -run Planted ./storage/... ./graph/... ./conformance/oracle

tck:
	$(GO) run ./conformance/tck --features ../shared/opencypher-tck/features
