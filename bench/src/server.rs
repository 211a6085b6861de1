//! The servers: geo-host in this process, and other programs.

use anyhow::{Context, Result, bail, ensure};
use geo_host::{App, Component, Manifest, RuntimeConfig, Server};
use stand_in::{API_KEY, StandIn};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The header of the client's address, as a proxy in front of geo sets it.
pub const CLIENT: (&str, &str) = ("x-forwarded-for", "8.8.8.8");

/// Returns the folder of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns the path of a program that cargo has built next to this one.
pub fn program(name: &str) -> Result<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = std::env::current_exe()?.with_file_name(file);
    ensure!(program.is_file(), "{name} is not built: use \"make bench\"");
    Ok(program)
}

/// Builds the components that geo is compared with.
pub fn build_components() -> Result<()> {
    for component in ["geo.wasm", "geo-p3.wasm", "geo-middleware.wasm"] {
        ensure!(
            root().join(component).is_file(),
            "{component} is not built: use \"make build\""
        );
    }
    let status = Command::new("cargo")
        .current_dir(root().join("bench/components"))
        .args(["build", "--quiet", "--locked", "--release", "--examples"])
        .args(["--target", "wasm32-wasip2", "--target-dir", "target"])
        .status()?;
    ensure!(status.success(), "the components were not built");
    Ok(())
}

/// Returns the variables of a measured application: geo is behind one proxy, and any
/// address may be looked up.
pub fn variables(stand_in: &StandIn) -> [(&'static str, String); 4] {
    [
        ("ipify_api_key", API_KEY.to_owned()),
        ("ipify_origin", stand_in.origin()),
        ("trusted_hops", "1".to_owned()),
        ("lookup", "any".to_owned()),
    ]
}

/// Reads a measured application.
pub fn app(manifest: &str, stand_in: &StandIn) -> Result<App> {
    let variables = variables(stand_in);
    App::new(Manifest::read(&root().join(manifest))?, |name| {
        let variable = variables.iter().find(|variable| variable.0 == name);
        variable.map(|(_, value)| value.clone())
    })
}

/// Serves an application with geo-host in this process.
pub async fn serve(app: App, component: &Component, config: RuntimeConfig) -> Result<SocketAddr> {
    let server = Server::bind(([127, 0, 0, 1], 0).into(), app, component, config).await?;
    let address = server.address();
    tokio::spawn(server.run(std::future::pending()));
    Ok(address)
}

/// A running program. Dropping it stops it.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Starts a command that listens on the address in `LISTEN`, or in Spin's own
    /// variable, and waits for its first response.
    pub fn start(mut command: Command, stand_in: &StandIn) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        command.env("LISTEN", address.to_string());
        command.env("SPIN_HTTP_LISTEN_ADDR", address.to_string());
        for (name, value) in variables(stand_in) {
            let name = name.to_uppercase();
            command.env(format!("SPIN_VARIABLE_{name}"), &value);
            command.env(name, value);
        }
        let name = command.get_program().display().to_string();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.with_context(|| format!("{name} cannot be started"))?;
        let program = Self { child, address };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if get(address, "/json", "*/*").is_ok() {
                return Ok(program);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("{name} does not answer")
    }

    /// Returns a figure of its memory in MB, on Linux: `VmRSS` is its current memory,
    /// `VmHWM` the peak.
    pub fn megabytes(&self, name: &str) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1000.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SIGTERM, so that Spin can stop its own child process.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        let _ = self.child.wait();
    }
}

/// Sends a request on a new connection, and reads the whole response.
pub fn get(address: SocketAddr, path: &str, accept: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let (name, client) = CLIENT;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nhost: geo.example\r\naccept: {accept}\r\n{name}: {client}\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1);
    ensure!(status == Some("200"), "{path}: {answer}");
    Ok(())
}
