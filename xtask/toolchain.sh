#!/bin/sh
# Makes sure that cargo can start: a linker, and the toolchain of
# rust-toolchain.toml. All else is prepared by xtask, which cargo compiles.
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
# rustup installs the toolchain by itself, at the first call, but where it is told
# not to. Rust without rustup is one toolchain; cargo says if it is too old.
[ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ] || ! command -v rustup >/dev/null ||
    rustup --quiet toolchain install --no-self-update ||
    fail "the toolchain is missing: run \"rustup toolchain install\" where there is a network"
