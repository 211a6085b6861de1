#!/bin/sh
# Makes sure that cargo can start: the toolchain of rust-toolchain.toml and a
# linker. All else is prepared by xtask, which cargo compiles.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "geo: $*" >&2
    exit 1
}

command -v cc >/dev/null ||
    fail "there is no C linker: install gcc (on Debian: \"apt-get install gcc libc6-dev\")"
command -v cargo >/dev/null || {
    # Where rustup has been installed, but not by this shell's parents.
    [ ! -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ] ||
        fail "cargo is not on the PATH: run \". ${CARGO_HOME:-$HOME/.cargo}/env\""
    fail "there is no Rust: install rustup (https://rustup.rs)"
}
# Rust without rustup is one toolchain; cargo says if it is too old.
command -v rustup >/dev/null || exit 0

channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
channel=${RUSTUP_TOOLCHAIN:-$channel}
# rustup does this by itself only where it may (RUSTUP_AUTO_INSTALL).
if ! rustup run "$channel" rustc --version >/dev/null 2>&1; then
    echo "installing Rust $channel" >&2
    rustup --quiet toolchain install "$channel" --profile minimal --no-self-update ||
        fail "Rust $channel is missing: run \"rustup toolchain install $channel\" where there is a network"
fi
if [ "${1:-}" = lint ]; then
    for component in clippy rustfmt; do
        rustup --quiet component add --toolchain "$channel" "$component" ||
            fail "$component is missing: run \"rustup component add $component\" where there is a network"
    done
fi
