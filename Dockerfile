# A scratch image that holds /geo.wasm and nothing else.
#
#   docker build --platform wasi/wasm --provenance=false --tag geo .
#
# COMPONENT chooses the build: geo-plain.wasm runs by itself on any shim that
# serves wasi:http/proxy; geo.wasm is for Spin, and wants its spin.toml.

# Any image with rustup, or with the toolchain of rust-toolchain.toml.
ARG BUILDER=rust:1.95.0

# The component is the same wherever it is built, so it is built where the
# build runs, whatever the image is for.
FROM --platform=$BUILDPLATFORM ${BUILDER} AS build
WORKDIR /geo
COPY . .
RUN cargo run --locked --package xtask --no-default-features -- build

FROM scratch
ARG COMPONENT=geo-plain.wasm
ARG SOURCE=
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="geo" \
      org.opencontainers.image.description="Where is this IP address? Asks ipify and returns all of it." \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /geo/${COMPONENT} /geo.wasm
ENTRYPOINT ["/geo.wasm"]
