# Scratch images of geo.
#
#   SOURCE_DATE_EPOCH=0 docker build --platform wasi/wasm --provenance=false --tag geo:0.2.0 .
#   SOURCE_DATE_EPOCH=0 docker build --platform wasi/wasm --provenance=false --target spin --tag geo:0.2.0-spin .
#
# The first holds /geo.wasm and nothing else: geo-plain.wasm, which runs by
# itself on any shim that serves wasi:http/proxy. The second holds the build
# for Spin as /geo.wasm, and its manifest as /spin.toml, which is where the
# Spin shim looks for one.
#
# SOURCE_DATE_EPOCH is the time in the image's configuration, and the building
# stage sets that of the files, so the same source has the same digest
# whenever and wherever it is built.

# Any image with rustup, or with the toolchain of rust-toolchain.toml.
ARG BUILDER=rust:1.95.0

# The component is the same wherever it is built, so it is built where the
# build runs, whatever the image is for.
FROM --platform=$BUILDPLATFORM ${BUILDER} AS build
WORKDIR /geo
COPY . .
RUN cargo run --locked --package xtask -- build
# BuildKit takes times and permissions into the layer as they are here.
RUN chmod 0644 geo.wasm geo-plain.wasm spin.toml \
    && touch --date=@0 geo.wasm geo-plain.wasm spin.toml

FROM scratch AS labelled
ARG SOURCE=
ARG VERSION=0.2.0
LABEL org.opencontainers.image.title="geo" \
      org.opencontainers.image.description="Where is this IP address? Asks ipify and returns all of it." \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
ENTRYPOINT ["/geo.wasm"]

FROM labelled AS spin
COPY --from=build /geo/geo.wasm /geo/spin.toml /

# The last stage is the default.
FROM labelled AS plain
COPY --from=build /geo/geo-plain.wasm /geo.wasm
