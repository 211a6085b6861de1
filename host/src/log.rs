//! Where the component's stderr and the host's own messages go.

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
    /// The host's own stderr.
    pub fn stderr() -> Self {
        Self::to(io::stderr())
    }

    /// Any writer, for example a file.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Writes a message of the host's own as one line, whatever is in it.
    pub fn line(&self, message: impl Display) {
        let message = one_line(&message.to_string());
        // Nobody is left to tell where the log itself fails.
        let _ = self.write(format!("geo-host: {message}\n").as_bytes());
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        writer.flush()
    }
}

/// A text with a space for each stretch of white space, and other control
/// characters escaped.
fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
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

/// Writes at once: log lines are short, and must not be lost when the process
/// ends.
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
