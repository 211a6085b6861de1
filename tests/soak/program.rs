//! geo-host in a separate process, so that its memory can be measured.

use component_tests::root;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

/// The manifest of the build under test.
const MANIFEST: &str = if cfg!(feature = "p3") {
    "spin-p3.toml"
} else {
    "spin.toml"
};

/// A running geo-host. Dropping it stops it.
pub struct Program {
    process: Child,
    /// Kept open, so that geo-host can write to it.
    _output: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    pub address: SocketAddr,
}

impl Program {
    /// Starts geo-host with these variables, and its stores in this folder.
    pub fn start(variables: &[(&str, &str)], state: &std::path::Path) -> Self {
        // Next to the folder of this test.
        let test = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().with_file_name("geo-host");
        let mut command = Command::new(program);
        command
            .arg("--from")
            .arg(root().join(MANIFEST))
            .arg("--state")
            .arg(state)
            .env("LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in variables {
            let name = name.to_ascii_uppercase();
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        let mut process = command
            .spawn()
            .expect("cargo test --workspace builds geo-host");
        let mut stderr = process.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap();
        Self {
            address: address.parse().expect(&line),
            process,
            _output: output,
            log: Some(log),
        }
    }

    /// Returns the memory in use in kibibytes, if the system tells.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Stops geo-host, and returns its log.
    pub fn stop(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
