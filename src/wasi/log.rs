//! The log: the component's stderr, which Spin collects.
//!
//! `wasi:cli/stderr` itself, because the standard library's way costs 1 kB.

use super::bindings::wasi::cli::stderr::get_stderr;
use crate::host::Log;

pub(super) struct Stderr;

impl Log for Stderr {
    fn line(&self, line: &str) {
        // One write, so that the lines of concurrent requests do not mix, and
        // no longer than one may be. A log that cannot be written must not
        // fail the request.
        let line = format!("{line}\n");
        for chunk in line.as_bytes().chunks(4096) {
            let _ = get_stderr().blocking_write_and_flush(chunk);
        }
    }
}
