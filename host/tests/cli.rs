//! The program `geo-host`, as a user starts it.

use stand_in::StandIn;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Returns geo's own manifest, whose component has to be built.
fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml")
}

fn geo_host(manifest: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_geo-host"));
    command
        .arg("--from")
        .arg(manifest)
        .env("LISTEN", listen)
        .stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if name.starts_with("SPIN_VARIABLE_") {
            command.env_remove(name);
        }
    }
    command.env("SPIN_VARIABLE_IPIFY_API_KEY", "at_key");
    command
}

/// Starts a stand-in that accepts the API key.
fn ipify() -> (Runtime, StandIn) {
    let runtime = Runtime::new().unwrap();
    let ipify = runtime.block_on(StandIn::start_with_key("at_key")).unwrap();
    (runtime, ipify)
}

/// Reads the address that a program listens on. Returns it with the rest of the
/// output.
fn address(child: &mut Child) -> (String, BufReader<ChildStdout>) {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("geo is at http://");
    (address.expect(&line).to_owned(), stdout)
}

/// Returns the error of a program that cannot serve.
fn failure(manifest: &Path, listen: &str) -> String {
    let output = geo_host(manifest, listen).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("geo-host: "), "{text}");
    text
}

/// Writes a changed copy of the manifest into a new folder.
fn changed(from: &str, to: &str) -> (TempDir, PathBuf) {
    let text = std::fs::read_to_string(manifest()).unwrap();
    assert!(text.contains(from), "{from}");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("spin.toml");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    (folder, path)
}

#[test]
fn the_port_is_taken() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let text = failure(&manifest(), &address);
    assert!(
        text.contains(&format!("cannot listen on {address}")),
        "{text}"
    );
    assert!(text.contains("LISTEN="), "{text}");
}

#[test]
fn the_manifest_is_missing_or_wrong() {
    let text = failure(Path::new("elbonia.toml"), "127.0.0.1:0");
    assert!(
        text.contains("cannot read the manifest elbonia.toml"),
        "{text}"
    );

    for (from, to, expected) in [
        (
            "spin_manifest_version = 2",
            "spin_manifest_version = 1",
            "reads version 2",
        ),
        (
            "[\"{{ ipify_origin }}\"]",
            "[\"{{ ipify_orgin }}\"]",
            "ipify_orgin",
        ),
        (
            "[\"{{ ipify_origin }}\"]",
            "[\"geo.ipify.org\"]",
            "it has no scheme",
        ),
        (
            "lookup = { default = \"caller\" }",
            "lookup = { required = true }",
            "SPIN_VARIABLE_LOOKUP",
        ),
    ] {
        let (_folder, path) = changed(from, to);
        let text = failure(&path, "127.0.0.1:0");
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn the_component_is_missing_or_invalid() {
    let (folder, path) = changed("geo.wasm", "geo.wasm");
    let text = failure(&path, "127.0.0.1:0");
    assert!(text.contains("cannot read the component"), "{text}");
    assert!(text.contains("make build"), "{text}");

    std::fs::write(folder.path().join("geo.wasm"), "This is no component.").unwrap();
    let text = failure(&path, "127.0.0.1:0");
    assert!(text.contains("geo.wasm cannot be served"), "{text}");
}

#[test]
fn it_serves_until_it_is_stopped() {
    let (_runtime, ipify) = ipify();
    let mut child = geo_host(&manifest(), "127.0.0.1:0")
        .env("SPIN_VARIABLE_IPIFY_ORIGIN", ipify.origin())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (address, _stdout) = address(&mut child);
    let answer = get(&address, "/");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains(r#"{"ip":"8.8.8.8","location":{"country":"US""#),
        "{answer}"
    );

    // It exits although a connection is open.
    let _idle = TcpStream::connect(address).unwrap();
    assert!(interrupt(child).success());
}

#[test]
fn state_persists_in_a_folder() {
    let (_runtime, ipify) = ipify();
    let folder = TempDir::new().unwrap();
    let geo_host = |state: &Path| {
        let mut command = geo_host(&manifest(), "127.0.0.1:0");
        command
            .env("SPIN_VARIABLE_IPIFY_ORIGIN", ipify.origin())
            .arg("--state")
            .arg(state);
        command
    };
    let state = folder.path().join("new");
    for expected in ["geo; fwd=miss; stored", "geo; hit; ttl="] {
        let mut child = geo_host(&state).stdout(Stdio::piped()).spawn().unwrap();
        let (address, _stdout) = address(&mut child);
        let answer = get(&address, "/");
        assert!(
            answer.contains(&format!("cache-status: {expected}")),
            "{answer}"
        );
        assert!(interrupt(child).success());
    }
    assert_eq!(ipify.calls(), ["/api/v2/country,city?apiKey=at_key"]);

    // A file in place of the folder.
    let file = state.join("key-value.redb");
    let output = geo_host(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("cannot open"), "{text}");
    assert!(text.contains("--state"), "{text}");
}

/// As in `geo-host | head -0`.
#[test]
fn it_serves_with_its_output_closed() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let (unread, stdout) = std::io::pipe().unwrap();
    drop(unread);
    let mut child = geo_host(&manifest(), &address)
        .stdout(stdout)
        .spawn()
        .unwrap();
    while TcpStream::connect(&address).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    let answer = get(&address, "/healthz");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(interrupt(child).success());
}

/// By default, the engine reserves more addresses than some machines allow.
#[cfg(unix)]
#[test]
fn it_runs_within_64_gib_of_addresses() {
    let host = geo_host(&manifest(), "127.0.0.1:0");
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 67108864 && exec \"$@\"", "sh"])
        .arg(host.get_program())
        .args(host.get_args())
        .env("LISTEN", "127.0.0.1:0")
        .env("SPIN_VARIABLE_IPIFY_API_KEY", "at_key")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = limited.spawn().unwrap();
    let (address, _stdout) = address(&mut child);
    let answer = get(&address, "/healthz");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(interrupt(child).success());
}

/// Sends a GET request and returns the whole response.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.0\r\nhost: geo.example\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Sends SIGINT, and waits until the program exits.
fn interrupt(mut child: Child) -> std::process::ExitStatus {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap()
}
