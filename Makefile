# The commands that people and CI use. `make help` lists them.
# Further arguments go into ARGS: make run ARGS="--listen 127.0.0.1:5000 --no-demo"

CARGO ?= cargo
ARGS ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)
# cargo-nextest runs tests in parallel processes; cargo's own runner serves where it is not installed.
TEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo "nextest run" || echo "test --lib --bins --tests")

.DEFAULT_GOAL := help
.PHONY: run test check schema bench help bootstrap build

run: bootstrap ## Start everything with demo content on http://127.0.0.1:4000 (ARGS are for `reelgraph dev`)
	$(CARGO) build --release
	@exec $(TARGET)/release/reelgraph dev $(ARGS)

test: build ## Run every test, with a private MariaDB and Redis (ARGS: which tests)
	$(TARGET)/debug/with-servers -- $(CARGO) $(TEST) --workspace $(ARGS)
	$(CARGO) test --workspace --doc --quiet

check: build ## Check format, lints, documentation, generated files and licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet
	$(TARGET)/debug/reelgraph schema --check
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --offline check licenses bans sources; \
	else \
		echo "cargo-deny is not installed: licences and sources of dependencies are not checked"; \
	fi

schema: bootstrap ## Write the generated files under schema/ anew
	$(CARGO) run --quiet --package reel-app -- schema

bench: bootstrap ## Measure throughput and latency (ARGS are for the load tool; results go to docs/benchmarks.md)
	$(CARGO) run --release --package reel-bench -- $(ARGS)

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installs what is missing; does nothing when all is there.
bootstrap:
	@scripts/bootstrap.sh

# Check and test share one build of everything.
build: bootstrap
	$(CARGO) build --workspace --all-targets
