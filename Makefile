# Everything starts here; "make" alone lists what there is.

.PHONY: help run example build image artifact sbom test deny fuzz soak fmt lint size bench cost toolchain
.DEFAULT_GOAL := help

XTASK := cargo run --quiet --package xtask --
PACK := cargo run --quiet --package pack --

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: toolchain ## Serve geo at http://127.0.0.1:3000 (LISTEN=address:port), on Spin or not (SPIN=1, SPIN=0)
	@$(XTASK) run $(if $(SPIN),--spin $(SPIN))

example: toolchain ## Serve an application with geo at http://127.0.0.1:3000 (EXAMPLE=greeter, headers)
	@$(XTASK) example $(EXAMPLE) $(if $(SPIN),--spin $(SPIN))

build: toolchain ## Build the component: for Spin, plain, and for WASI 0.3
	@$(XTASK) build

test: lint ## Lint, run all tests, install what they need
	@$(XTASK) test

image: build ## Make the scratch images, into dist/image and dist/image-spin
	@$(PACK) image

artifact: build ## Make an OCI artifact of the component, into dist/artifact
	@$(PACK) artifact

sbom: build ## Write the list of crates that each component carries as CycloneDX, into dist/
	@cargo install --quiet --debug --locked --root target/tools auditable2cdx@0.1.0
	@mkdir -p dist
	target/tools/bin/auditable2cdx geo.wasm > dist/geo.cdx.json
	target/tools/bin/auditable2cdx geo-plain.wasm > dist/geo-plain.cdx.json
	target/tools/bin/auditable2cdx geo-p3.wasm > dist/geo-p3.cdx.json
	target/tools/bin/auditable2cdx geo-middleware.wasm > dist/geo-middleware.cdx.json

deny: toolchain ## Check licences, sources and advisories of all crates
	@$(XTASK) deny

size: toolchain ## Tell what the bytes of the component are (BUILD=spin, plain, p3, middleware)
	@$(PACK) size $(BUILD)

cost: build ## Count the instructions and the calls of the host for one request
	cargo build --quiet --workspace --bin bench
	$(or $(CARGO_TARGET_DIR),target)/debug/bench cost

bench: build ## Measure start, memory, speed and cost; with SPIN=path on that Spin
	cargo build --profile measure --package bench --package geo-host
	cargo run --quiet --profile measure --package bench -- $(if $(SPIN),--spin $(SPIN)) $(BENCH)

fuzz: toolchain ## Fuzz geo, each target for a minute (SECONDS=), or one (TARGET=)
	@$(XTASK) fuzz --seconds $(or $(SECONDS),60) $(TARGET)

soak: build ## Load geo with all kinds of clients and faults, for 20 minutes (MINUTES=, BUILD=p3)
	SOAK_MINUTES=$(or $(MINUTES),20) cargo test --workspace --test soak \
		$(if $(filter p3,$(BUILD)),--features component-tests/p3) -- --ignored --nocapture

fmt: toolchain ## Format the code
	cargo fmt --all

lint: toolchain ## Check formatting, code, crates, manifests, workflows and links
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo clippy --workspace --all-targets --no-default-features --features geo-host/default -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 --no-default-features --features p2 -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 --no-default-features --features spin -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 --no-default-features --features p3,atomics -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 --no-default-features --features middleware,atomics -- --deny warnings
	@$(XTASK) lint

toolchain:
	@xtask/toolchain.sh
