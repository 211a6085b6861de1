//! Bodies larger than the host takes at once: geo returns the head with the first
//! part, and writes the rest as the client reads.

use crate::harness::Geo;
use stand_in::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Returns the largest answer that geo accepts from ipify, four times what geo-host
/// takes at once. No part of it repeats, so that a lost or duplicate part shows.
fn largest() -> String {
    let mut json = r#"{"ip":"8.8.8.8","numbers":[0"#.to_owned();
    for number in 1.. {
        let more = format!(",{number}");
        if json.len() + more.len() + 2 > 64 * 1024 {
            break;
        }
        json += &more;
    }
    json + "]}"
}

/// Sends a request on a connection with a small receive buffer.
async fn request(geo: &Geo) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut stream = socket.connect(geo.address()).await.unwrap();
    stream
        .write_all(b"GET /json HTTP/1.1\r\nhost: geo.example\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    stream
}

#[tokio::test]
async fn a_slow_client_gets_the_whole_body() {
    let geo = Geo::start().await;
    let largest = largest();
    geo.set_fault(Fault::Body(largest.clone().into()));
    let mut stream = request(&geo).await;
    let (mut answer, mut part) = (Vec::new(), [0; 100]);
    loop {
        match stream.read(&mut part).await.unwrap() {
            0 => break,
            read => answer.extend(&part[..read]),
        }
        // Lets the server run between two reads.
        tokio::task::yield_now().await;
    }
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = format!("content-length: {}", largest.len());
    assert!(head.contains(&length), "{head}");
    assert!(body == largest, "{} of {}", body.len(), largest.len());
}

/// The harness fails the test if the log has a failure of the component.
#[tokio::test]
async fn a_client_that_disconnects_is_not_a_failure() {
    let geo = Geo::start().await;
    geo.set_fault(Fault::Body(largest().into()));
    for _ in 0..10 {
        let mut stream = request(&geo).await;
        stream.read_exact(&mut [0; 100]).await.unwrap();
        drop(stream);
    }
    assert_eq!(geo.get("/healthz").await.status, 200);
}
