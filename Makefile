# Everything starts here; "make" alone lists what there is.

.PHONY: help run example build image artifact sbom test deny fuzz soak fmt lint size bench world countries toolchain
.DEFAULT_GOAL := help

# What is needed to build, run and test compiles in seconds; with the tools for
# images, artifacts, sizes, the map and names it takes a minute, once.
XTASK := cargo run --quiet --package xtask --no-default-features --
TOOLS := cargo run --quiet --package xtask --

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: toolchain ## Serve geo at http://127.0.0.1:3000 (LISTEN=address:port), on Spin or not (SPIN=1, SPIN=0)
	@$(XTASK) run $(if $(SPIN),--spin $(SPIN))

example: toolchain ## Serve examples/greeter, which imports geo, at http://127.0.0.1:3000
	@$(XTASK) example $(if $(SPIN),--spin $(SPIN))

build: toolchain ## Build the component, for Spin and plain
	@$(XTASK) build

test: lint ## Check formatting and lints, run all tests, install what they need
	@$(XTASK) test

image: build ## Build the scratch images with buildah, into dist/image and dist/image-spin
	@$(TOOLS) image plain dist/image
	@$(TOOLS) image spin dist/image-spin

artifact: build ## Make an OCI artifact of the component, into dist/artifact
	@$(TOOLS) artifact geo.wasm dist/artifact

sbom: toolchain ## Write what is compiled into the components, as CycloneDX, into dist/
	@mkdir -p dist
	@$(TOOLS) sbom spin > dist/geo.cdx.json
	@$(TOOLS) sbom plain > dist/geo-plain.cdx.json

deny: toolchain ## Check licences, sources and advisories of all crates (needs a network)
	@$(XTASK) deny

size: toolchain ## Tell what the bytes of the component are
	@$(TOOLS) size

bench: toolchain ## Measure size, start, speed, memory and cost; with SPIN=path on that Spin
	cargo build --profile measure --package bench --package geo-host
	cargo run --quiet --profile measure --package bench --bin bench -- \
		$(if $(SPIN),--spin $(SPIN)) $(BENCH)

world: toolchain ## Draw the page's map anew, from Natural Earth
	@$(TOOLS) world src/http/page/world.path

countries: toolchain ## Write the names of the countries anew, from Unicode CLDR
	@$(TOOLS) countries src/http/countries.txt

fuzz: toolchain ## Fuzz geo, each target for a minute (SECONDS=), or one (TARGET=)
	@$(XTASK) fuzz --seconds $(or $(SECONDS),60) $(TARGET)

soak: build ## Load geo with all kinds of clients and faults, for 20 minutes (MINUTES=)
	SOAK_MINUTES=$(or $(MINUTES),20) cargo test --workspace --test soak -- --ignored --nocapture

fmt: toolchain ## Format the code
	cargo fmt --all

lint: toolchain ## Check formatting and lints, warnings as errors
	@xtask/toolchain.sh lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	cargo clippy --workspace --all-targets --no-default-features --features xtask/tools -- --deny warnings
	cargo clippy --package xtask --no-default-features -- --deny warnings
	@$(XTASK) target
	cargo clippy --release --package geo --target wasm32-wasip2 -- --deny warnings
	cargo clippy --release --package geo --target wasm32-wasip2 --no-default-features -- --deny warnings
	@tests/deploy/lint

toolchain:
	@xtask/toolchain.sh
