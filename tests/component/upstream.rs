//! A server in place of ipify that sends any bytes, valid HTTP or not.

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A step of what the server does on each connection. After the last step, it
/// closes the connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads the head of a request.
    Read,
    /// Sends these bytes.
    Send(Bytes),
    /// Sends these bytes one by one, with this pause before each.
    Drip(Bytes, Duration),
    /// Sends these bytes repeatedly until the peer disconnects.
    Repeat(Bytes),
    /// Waits until the peer disconnects.
    Hold,
    /// Resets the connection.
    Reset,
}

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Plain TCP.
    Plain,
    /// TLS, with a certificate for 127.0.0.1 from an unknown authority.
    Tls,
    /// TLS, with a self-signed certificate for 127.0.0.1.
    SelfSigned,
}

/// A running server. Dropping it stops it.
pub struct Upstream {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Upstream {
    /// Starts a server on a free port of the loopback interface.
    pub async fn start(protocol: Protocol, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let failures = Arc::new(Mutex::new(Vec::new()));
        let acceptor = acceptor(protocol);
        let (count, reasons) = (Arc::clone(&connections), Arc::clone(&failures));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (steps, acceptor) = (steps.clone(), acceptor.clone());
                let reasons = Arc::clone(&reasons);
                tokio::spawn(async move {
                    if let Err(error) = serve(stream, acceptor, steps).await {
                        reasons.lock().unwrap().push(error.to_string());
                    }
                });
            }
        });
        Self {
            address,
            connections,
            failures,
            task,
        }
    }

    /// Returns `HOST:PORT`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the errors that ended connections before their last step.
    pub fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    steps: Vec<Step>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => {
            let mut stream = acceptor.accept(stream).await?;
            perform(&mut stream, steps).await?;
            stream.shutdown().await
        }
        None => {
            let mut stream = stream;
            match perform(&mut stream, steps).await? {
                // With zero linger, dropping the stream resets the connection.
                Ending::Reset => stream.set_zero_linger(),
                Ending::Close => stream.shutdown().await,
            }
        }
    }
}

enum Ending {
    Close,
    Reset,
}

async fn perform<S>(stream: &mut S, steps: Vec<Step>) -> io::Result<Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for step in steps {
        match step {
            Step::Read => {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await?);
                }
            }
            Step::Send(bytes) => send(stream, &bytes).await?,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    send(stream, &[byte]).await?;
                }
            }
            Step::Repeat(bytes) => loop {
                send(stream, &bytes).await?;
            },
            Step::Hold => {
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await? > 0 {}
            }
            Step::Reset => return Ok(Ending::Reset),
        }
    }
    Ok(Ending::Close)
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

fn acceptor(protocol: Protocol) -> Option<TlsAcceptor> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = match protocol {
        Protocol::Plain => return None,
        Protocol::SelfSigned => params.self_signed(&key).unwrap(),
        Protocol::Tls => {
            let mut authority = CertificateParams::default();
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let own = KeyPair::generate().unwrap();
            let authority = CertifiedIssuer::self_signed(authority, own).unwrap();
            params.signed_by(&key, &authority).unwrap()
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    Some(TlsAcceptor::from(Arc::new(config)))
}
