//! From the start of a process to its first byte.

use crate::artifacts::Artifacts;
use crate::case::Server;
use crate::native::Running;
use crate::progress;
use crate::table::{Section, Table, figure, median};
use anyhow::{Context, Result, bail};
use serde_json::json;
use stand_in::StandIn;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How often each is started.
const STARTS: usize = 7;

/// Measures geo-host and the native servers in turns.
///
/// # Errors
///
/// If one does not start.
pub fn measure(artifacts: &Artifacts) -> Result<Section> {
    progress::line("cold start");
    let runtime = Runtime::new()?;
    let stand_in = runtime.block_on(StandIn::start())?;
    let (mut first_bytes, mut seconds) = (Vec::new(), Vec::new());
    let mut natives = vec![Vec::new(); artifacts.natives.len()];
    for _ in 0..STARTS {
        let (first, second) = geo_host(artifacts)?;
        first_bytes.push(first);
        seconds.push(second);
        for (native, times) in artifacts.natives.iter().zip(&mut natives) {
            let start = Instant::now();
            let running = native.start(&stand_in.origin())?;
            first_byte(running.port)?;
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let mut table = Table::new(&["process start to first byte", "ms"]);
    let geo = median(&first_bytes);
    table.row(["geo-host with geo".to_owned(), figure(geo)]);
    let mut json = json!({ "geo-host": geo, "second request": median(&seconds) });
    for (native, times) in artifacts.natives.iter().zip(&natives) {
        let name = format!("{:?}", native.server);
        json[&name] = json!(median(times));
        table.row([name, figure(median(times))]);
    }
    let second = figure(median(&seconds));
    Ok(Section {
        title: "Cold start".to_owned(),
        note: format!(
            "Medians of {STARTS} starts in turns, of the request for the caller's JSON. geo-host \
             compiles the component at its start; the next request on a new connection takes \
             {second} ms."
        ),
        tables: vec![table],
        json,
        plots: Vec::new(),
    })
}

/// Starts geo-host. Returns the milliseconds to the first byte, and of a second
/// request.
fn geo_host(artifacts: &Artifacts) -> Result<(f64, f64)> {
    let start = Instant::now();
    let mut child = Command::new(&artifacts.geo_host)
        .args(["--listen", "127.0.0.1:0", "--from"])
        .arg(artifacts.root.join("spin.toml"))
        .env_remove("SPIN_VARIABLE_IPIFY_API_KEY")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let line = lines.next().context("geo-host ended")??;
    let port = line
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    let running = Running {
        child,
        port: port.with_context(|| line.clone())?,
    };
    first_byte(running.port)?;
    let first = start.elapsed();
    let start = Instant::now();
    first_byte(running.port)?;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok((milliseconds(first), milliseconds(start.elapsed())))
}

/// Waits until a server has answered its first request.
///
/// # Errors
///
/// If it does not within half a minute.
pub fn first_byte(port: u16) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_nodelay(true)?;
            stream.write_all(
                b"GET /json HTTP/1.1\r\nhost: geo.example\r\nx-forwarded-for: 8.8.8.8\r\n\r\n",
            )?;
            if stream.read_exact(&mut [0]).is_ok() {
                return Ok(());
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    bail!("nothing answers on port {port}")
}

impl Server {
    /// Whether it is no component.
    pub fn is_native(self) -> bool {
        matches!(self, Self::Hyper | Self::Express | Self::Flask)
    }
}
