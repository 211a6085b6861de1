# Everything starts here; "make" alone lists what there is.

COMPONENT := target/wasm32-wasip2/release/geo.wasm

.PHONY: help run build test fmt lint size
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Serve the component at http://127.0.0.1:3000 (LISTEN=address:port changes it)
	@cargo build --package geo-host
	@exec target/debug/geo-host

build: ## Build the component
	@cargo build --release --target wasm32-wasip2
	@echo "$(COMPONENT): $$(wc -c < $(COMPONENT)) bytes" >&2

test: build lint ## Check formatting and lints, run all tests
	cargo test --workspace

fmt: ## Format the code
	cargo fmt --all

lint: ## Check formatting and lints, warnings as errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 -- --deny warnings

size: build ## Tell what the bytes of the component are
	@cargo build --profile size --target wasm32-wasip2
	@cargo run --quiet --package geo-host --example size -- \
		$(COMPONENT) target/wasm32-wasip2/size/geo.wasm
