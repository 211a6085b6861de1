//! The plain build in `wasmtime serve`, as a user runs it. `WASMTIME` names the
//! program; otherwise it is the one on the path.

use stand_in::StandIn;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running program. Dropping it stops it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs wasmtime, which make test installs"]
fn wasmtime_serves_the_plain_build() {
    let program = std::env::var("WASMTIME").unwrap_or_else(|_| "wasmtime".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ipify = runtime.block_on(StandIn::start_with_key("at_key")).unwrap();
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../geo-plain.wasm");
    let child = Command::new(program)
        .args(["serve", "-S", "cli", "-S", "http", "--addr", "127.0.0.1:0"])
        .args([
            "--env",
            "IPIFY_API_KEY=at_key",
            "--env",
            "TRUSTED_HOPS=1",
            "--env",
        ])
        .arg(format!("IPIFY_ORIGIN={}", ipify.origin()))
        .arg(component)
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn();
    let mut running = Running(child.unwrap());
    let mut stderr = BufReader::new(running.0.stderr.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended");
        if let Some((_, url)) = line.trim_end().split_once("http://") {
            break url.trim_end_matches('/').to_owned();
        }
    };

    let answer = request(&address, "GET / HTTP/1.1", "x-forwarded-for: 9.9.9.9");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains(r#"{"ip":"9.9.9.9","location":{"country":"CH""#),
        "{answer}"
    );
    assert!(
        answer.contains("cache-status: geo; fwd=bypass\r\n"),
        "{answer}"
    );
    // The host does not set this header, so a client may have.
    let answer = request(&address, "GET / HTTP/1.1", "spin-client-addr: 9.9.9.9:1");
    assert!(answer.contains(r#"{"ip":"8.8.8.8","#), "{answer}");
    let answer = request(&address, "POST / HTTP/1.1", "content-length: 0");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert_eq!(ipify.calls().len(), 2);
}

fn request(address: &str, line: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{line}\r\nhost: geo.example\r\nconnection: close\r\n{header}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
