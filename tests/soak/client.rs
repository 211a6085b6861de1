//! HTTP clients, some of which are slow or disconnect.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The status and the body of a response.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// A connection to geo.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub async fn connect(geo: SocketAddr) -> Self {
        let stream = TcpStream::connect(geo).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Connects with a small receive buffer.
    pub async fn connect_slow(geo: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        Self {
            stream: socket.connect(geo).await.unwrap(),
            received: Vec::new(),
        }
    }

    /// Sends a request for a client at `address`.
    pub async fn send(&mut self, path: &str, address: &str) {
        let head = head(path, address);
        self.stream.write_all(head.as_bytes()).await.unwrap();
    }

    /// Sends the first half of a request.
    pub async fn send_half(&mut self, path: &str, address: &str) {
        let head = head(path, address);
        let half = &head.as_bytes()[..head.len() / 2];
        self.stream.write_all(half).await.unwrap();
    }

    /// Reads a response, `step` bytes at a time.
    pub async fn receive(&mut self, step: usize) -> Answer {
        loop {
            if let Some(answer) = self.take_answer() {
                return answer;
            }
            let mut part = vec![0; step];
            let read = self.stream.read(&mut part).await.unwrap();
            assert!(read > 0, "the connection ended inside an answer");
            self.received.extend(&part[..read]);
        }
    }

    /// Reads a few bytes and disconnects.
    pub async fn disconnect_after(mut self, bytes: usize) {
        let _ = self.stream.read(&mut vec![0; bytes]).await;
    }

    fn take_answer(&mut self) -> Option<Answer> {
        let end = self
            .received
            .windows(4)
            .position(|part| part == b"\r\n\r\n")?
            + 4;
        let head = std::str::from_utf8(&self.received[..end]).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect(head).parse().unwrap();
        if self.received.len() < end + length {
            return None;
        }
        let answer: Vec<_> = self.received.drain(..end + length).collect();
        let text = String::from_utf8(answer).unwrap();
        assert!(!text.contains(crate::API_KEY), "{text}");
        Some(Answer {
            status,
            body: text[end..].to_owned(),
        })
    }
}

fn head(path: &str, address: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: geo.example\r\naccept: text/html\r\n\
         x-forwarded-for: {address}\r\n\r\n"
    )
}
