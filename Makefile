# Everything starts here; "make" alone lists what there is.

.PHONY: help run build image artifact test fmt lint size
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Serve the component at http://127.0.0.1:3000 (LISTEN=address:port changes it)
	@cargo build --workspace --bin geo-host
	@exec target/debug/geo-host

build: ## Build the component, for Spin and plain,
	@cargo run --quiet --package geo-pack

image: build ## Build the scratch image with buildah, into dist/image and dist/image-spin
	@cargo run --quiet --package geo-image -- image geo-plain.wasm dist/image
	@cargo run --quiet --package geo-image -- image geo.wasm dist/image-spin

artifact: build ## Make an OCI artifact of the component, into dist/artifact
	@cargo run --quiet --package geo-image -- artifact geo.wasm dist/artifact

test: build lint ## Check formatting and lints, run all tests
	cargo test --workspace
	cargo test --no-default-features
	tests/browser/run

fmt: ## Format the code
	cargo fmt --all

lint: ## Check formatting and lints, warnings as errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo clippy --all-targets --no-default-features -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --no-default-features -- --deny warnings

size: build ## Tell what the bytes of the component are
	@cargo build --profile size --target wasm32-wasip2
	@cargo run --quiet --package geo-host --example size -- \
		geo.wasm target/wasm32-wasip2/size/geo.wasm
