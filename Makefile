# The entry points. Each is one command; the work is in scripts/ and bench/.

SOAK_CASES ?= 20000
SOAK_KILLS ?= 300
SOAK_SERVER_KILLS ?= 200
SOAK_SERVERS_SECONDS ?= 600
SOAK_STEPS ?= 10000
FUZZ_SECONDS ?= 600
CACHE := .cache

.DEFAULT_GOAL := help
.PHONY: help test check demo bench soak fuzz reference advisories clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run everything that must hold before a merge
	@scripts/test

check: ## Format, clippy and documentation only
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

demo: ## Show the whole way on a small fleet, in a folder of its own
	cargo run --release --locked -- demo

bench: ## Measure, and write bench/RESULTS.md
	@bench/run

soak: ## Try each property with SOAK_CASES cases (20000), and write bench/SOAK.md
	@SOAK_CASES=$(SOAK_CASES) SOAK_KILLS=$(SOAK_KILLS) SOAK_SERVER_KILLS=$(SOAK_SERVER_KILLS) \
		SOAK_SERVERS_SECONDS=$(SOAK_SERVERS_SECONDS) SOAK_STEPS=$(SOAK_STEPS) scripts/soak

fuzz: ## Fuzz each target for FUZZ_SECONDS (600), and write fuzz/RESULTS.md
	@FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run

reference: ## Write docs/reference/ again from the code
	UPDATE_REFERENCE=1 cargo test --locked -p res-edge --test it reference
	UPDATE_REFERENCE=1 cargo test --locked -p res-edge-server --test it openapi

advisories: ## Look for known vulnerabilities in dependencies (needs the network)
	$(CACHE)/tools/bin/cargo-deny --all-features check advisories

clean: ## Remove what was built, and the tools
	cargo clean
	rm -rf $(CACHE) demo-data fuzz/target
