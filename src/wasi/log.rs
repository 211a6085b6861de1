//! The log is the component's stderr, as Spin collects it.

use crate::edge::Log;
use std::io::Write;

pub struct Stderr;

impl Log for Stderr {
    fn line(&self, line: &str) {
        // One write, so that lines of concurrent requests do not mix. A log
        // that cannot be written must not fail the request.
        let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}
