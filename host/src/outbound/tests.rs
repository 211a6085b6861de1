//! The result that the component gets, for each way in which an exchange ends.

use super::*;
use http_body_util::Empty;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// How the server replies to a request.
#[derive(Clone, Copy)]
enum Reply {
    /// Sends these bytes, and keeps the connection open.
    Send(&'static str),
    /// Sends these bytes, and closes the connection.
    Close(&'static str),
}
use Reply::{Close, Send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

const MOVED: &str = "HTTP/1.1 301 Moved Permanently\r\nlocation: /mud\r\ncontent-length: 0\r\n\r\n";

/// Starts a server on loopback. Returns its origin and the number of its connections.
/// On each connection, it sends these replies in order, and then repeats the last.
async fn server(replies: &'static [Reply]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                for number in 0.. {
                    read_request(&mut stream).await?;
                    match replies[number.min(replies.len() - 1)] {
                        Send(bytes) => stream.write_all(bytes.as_bytes()).await?,
                        Close(bytes) => return stream.write_all(bytes.as_bytes()).await,
                    }
                }
                Ok(())
            });
        }
    });
    (origin, connections)
}

async fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    Ok(())
}

async fn send(
    client: &PoolingClient,
    url: &str,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(url).body(body).unwrap();
    client.send(request, Some(options)).await
}

/// Sends a request with a new client, and returns the body.
async fn exchange(url: &str, options: RequestOptions) -> Result<String, Error> {
    let response = send(&PoolingClient::new(), url, options).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn connections_are_reused() {
    let (origin, connections) = server(&[Send(OK)]).await;
    let client = PoolingClient::new();
    for _ in 0..20 {
        let client = client.clone();
        let response = send(&client, &origin, RequestOptions::default())
            .await
            .unwrap();
        response.into_body().collect().await.unwrap();
    }
    let connections = connections.load(Ordering::Relaxed);
    assert!(
        connections < 20,
        "{connections} connections for 20 requests"
    );
}

#[tokio::test]
async fn a_reused_connection_that_ends_is_a_protocol_error() {
    // Each connection ends when the second request arrives.
    let (origin, connections) = server(&[Send(OK), Close("")]).await;
    let client = PoolingClient::new();
    let error = loop {
        match send(&client, &origin, RequestOptions::default()).await {
            Ok(response) => drop(response.into_body().collect().await.unwrap()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::HttpProtocolError), "{error:?}");
    assert_ne!(connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn invalid_http_is_a_protocol_error() {
    for reply in [
        &[Close("")],
        &[Close("HTTP/1.1 200 OK\r\ncontent-le")],
        &[Close("mud\r\n\r\n")],
        &[Close("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no")],
    ] {
        let (origin, _) = server(reply).await;
        let error = exchange(&origin, RequestOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::HttpProtocolError), "{error:?}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (origin, _) = server(&[Send(MOVED)]).await;
    let client = PoolingClient::new();
    let response = send(&client, &origin, RequestOptions::default())
        .await
        .unwrap();
    assert_eq!(response.status(), 301);
}

#[tokio::test]
async fn connections_that_fail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refused = exchange(&format!("http://{address}"), RequestOptions::default()).await;
    assert!(
        matches!(refused, Err(Error::ConnectionRefused)),
        "{refused:?}"
    );

    // A label of more than 63 characters is not a valid name.
    let url = format!("http://{}.invalid", "x".repeat(64));
    let unknown = exchange(&url, RequestOptions::default()).await;
    assert!(
        matches!(unknown, Err(Error::DnsError { .. })),
        "{unknown:?}"
    );
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn invalid_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"this is no TLS").await
    };
    let (no_tls, answered) = tokio::join!(exchange(&url, RequestOptions::default()), answer);
    answered.unwrap();
    assert!(matches!(no_tls, Err(Error::TlsProtocolError)), "{no_tls:?}");
}

#[tokio::test]
async fn each_step_has_a_timeout() {
    let soon = Some(Duration::from_millis(10));
    let (origin, _) = server(&[Send("HTTP/1.1 200 OK\r\n")]).await;
    let first_byte = RequestOptions {
        first_byte_timeout: soon,
        ..Default::default()
    };
    let error = exchange(&origin, first_byte).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");

    let (origin, _) = server(&[Send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no")]).await;
    let between_bytes = RequestOptions {
        between_bytes_timeout: soon,
        ..Default::default()
    };
    let error = exchange(&origin, between_bytes).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");
}

/// On Linux, a connection to a listener whose queue is full has to wait.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_has_a_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let options = RequestOptions {
        connect_timeout: Some(Duration::from_millis(10)),
        first_byte_timeout: Some(Duration::from_millis(100)),
        ..Default::default()
    };
    // Connections are never accepted, so the queue fills up.
    loop {
        match exchange(&origin, options).await.unwrap_err() {
            Error::ConnectionReadTimeout => {}
            Error::ConnectionTimeout => break,
            error => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn an_ipv6_address_is_a_host() {
    let listener = TcpListener::bind("[::1]:0").await;
    // Not every machine has IPv6.
    let Ok(listener) = listener else { return };
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(OK.as_bytes()).await.unwrap();
        stream
    });
    let body = exchange(&url, RequestOptions::default()).await.unwrap();
    assert_eq!(body, "ok");
    drop(answer.await);
}
