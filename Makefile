# Carillon: `make help` lists the targets. Every target installs what it needs, once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
TEST_BUILD ?= build/dev
CTEST_FLAGS ?=
STAMP := build/.setup

.PHONY: help setup run test build bench soak asan format format-check lint headers clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- setup: a stamp that is older than what it depends on runs the script again --------------------
$(STAMP): scripts/setup.sh scripts/packages.txt $(wildcard tests/peers/package-lock.json)
	@scripts/setup.sh
	@mkdir -p $(@D) && touch $@

setup: $(STAMP) ## install what the build and the tests need (apt; as root or with sudo)

# -- build and run ---------------------------------------------------------------------------------
build: $(STAMP) ## release binaries in build/release/bin
	@scripts/build.sh build/release Release -DCARILLON_TESTS=OFF -- all

run: build ## start carillond with its own PostgreSQL, sample catalogue, simulated providers
	@exec scripts/run.sh

bench: build ## build release, run the benchmarks: one JSON object a line, then a table
	@scripts/bench.sh

soak: build ## mixed load and random faults for MINUTES (10) with SEED (random), and a ledger
	@build/release/bin/carillon-soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

# -- checks ----------------------------------------------------------------------------------------
test: $(STAMP) ## build and run every test
	@scripts/build.sh $(TEST_BUILD) Dev -- all
	@cd $(TEST_BUILD) && ctest --output-on-failure $(CTEST_FLAGS)

asan: $(STAMP) ## the tests under AddressSanitizer and UBSan (ASAN_SYSTEM=1: the whole daemon's too)
	@scripts/build.sh build/asan Asan -- $(if $(ASAN_SYSTEM),all,unit_tests)
	@source scripts/sanitizers.sh && cd build/asan && \
	  ctest --output-on-failure $(if $(ASAN_SYSTEM),,-LE system) $(CTEST_FLAGS)

format: $(STAMP) ## rewrite the sources in the house format
	@scripts/format.sh write

format-check: $(STAMP) ## fail if a source is not in the house format
	@scripts/format.sh check

lint: $(STAMP) ## clang-tidy (LINT_SINCE=<commit>: only what changed since)
	@scripts/lint.sh

headers: $(STAMP) ## compile every header on its own
	@scripts/check-headers.sh

clean: ## remove all builds (not ./var, which holds data)
	rm -rf build
