//! The log: the component's output and the host's own messages.

use std::fmt::Display;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A log. Clones write to the same place.
#[derive(Clone)]
pub struct Log(Arc<Mutex<dyn Write + Send>>);

impl Log {
    /// Returns a log to the host's stderr.
    pub fn stderr() -> Self {
        Self::to(io::stderr())
    }

    /// Returns a log to a writer, for example a file.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Writes a message of the host as one line, whatever it contains.
    pub fn line(&self, message: impl Display) {
        let message = one_line(&message.to_string());
        // A failure of the log itself cannot be reported.
        let _ = self.write(format!("geo-host: {message}\n").as_bytes());
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        writer.flush()
    }
}

/// Returns a text with white space collapsed to single spaces, and other control
/// characters escaped.
fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let escape = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    words.join(" ").chars().map(escape).collect()
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

/// Writes without buffering, so that no line is lost when the process ends.
impl AsyncWrite for Log {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        for (text, line) in [
            ("all is well", "all is well"),
            ("a\n   b\r\n\tc\n", "a b c"),
            (
                "\u{1b}[2Jgone\u{85}\u{2028}Zürich\0",
                "\\u{1b}[2Jgone Zürich\\u{0}",
            ),
        ] {
            assert_eq!(one_line(text), line);
        }
    }
}
