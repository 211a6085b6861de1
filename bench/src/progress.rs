//! What a run is about to do, on stderr.

use std::io::{IsTerminal, Write};

/// Says what begins.
pub fn line(text: &str) {
    eprintln!("{text}");
}

/// Says what begins in place of what was said last, on a terminal.
pub fn step(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}\r");
    }
}
