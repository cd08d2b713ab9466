# The three commands are check (nothing to start), test (real servers too) and
# nightly (everything). The steps of each are in tests/run.
SHELL := /bin/bash
.DEFAULT_GOAL := build

# One package, file, test or benchmark: make slt F=joins, make stress T=TestX P=./exec/..., make bench B=GroupBy
P ?= ./...
T ?= .
B ?= .
C ?= one
FUZZTIME ?= 30s

.PHONY: build check test nightly demo lint slt race fuzz bench cluster gen stress clean

build: ## bin/muster, the one binary
	CGO_ENABLED=0 go build -trimpath -o bin/muster ./cmd/muster

check: ## static checks, unit and golden tests: under 3 minutes, nothing to start
	tests/run check

test: ## check and everything that needs real servers; what CI runs
	tests/run test

nightly: ## test, the larger sets, every configuration, long fuzzing and kills
	tests/run nightly

lint: ## the house rules
	go test -count=1 ./tests/lint
	go tool -modfile=tests/tools/go.mod staticcheck ./...

slt: build ## logic tests: F=part of a file name, C=one|three|page1, REWRITE=1 writes what the engine answers
	MUSTER_BIN=$(CURDIR)/bin/muster go test -count=1 ./tests/slt -run TestLogic -v -args -file='$(F)' -config='$(C)' $(if $(REWRITE),-rewrite)

race: ## the race detector over the unit tests
	go test -race -short -tags invariants $(P)

stress: ## one test many times: make stress T=TestX P=./exec/...
	go test -race -tags invariants -count=100 -failfast -run '$(T)' $(P)

fuzz: ## each fuzz target for FUZZTIME from its committed seeds
	FUZZTIME=$(FUZZTIME) tests/run fuzz

bench: ## benchmarks with allocations: make bench B=GroupBy P=./exec/...
	go test -run '^$$' -bench '$(B)' -benchmem $(P)

gen: ## everything that is generated; the tree is clean afterwards in CI
	go run ./tests/gen
	go test -count=1 ./tests/lint -run 'TestModules|TestFiles|TestFunctions' -rewrite

demo: build ## Parquet files and a PostgreSQL joined by one query, then a shell
	@trap 'go run ./tests/services/cmd/services down' EXIT; \
	eval "$$(go run ./tests/services/cmd/services up || echo echo no PostgreSQL: the demonstration does without)"; \
	bin/muster demo --data demo-data

cluster: build ## a coordinator, two workers and TPC-H in this terminal
	MUSTER_BIN=$(CURDIR)/bin/muster go run ./tests/harness/cluster

clean:
	rm -rf bin .cache demo-data
