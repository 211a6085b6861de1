//! Small native servers that give the same answer, and ask the upstream at
//! every request.

use crate::case::Server;
use crate::progress;
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use xtask::process;
use xtask::workspace::Workspace;

/// A native server.
pub struct Native {
    pub server: Server,
    program: PathBuf,
    folder: PathBuf,
    /// Where Python's packages are.
    packages: PathBuf,
}

/// A running process, which ends with this value.
pub struct Running {
    pub child: Child,
    pub port: u16,
}

impl Native {
    /// Installs what the servers need. One whose language is not here is left
    /// out, and the reason is said.
    pub fn install_all(workspace: &Workspace, folder: &Path, here: &Path) -> Vec<Self> {
        let servers = workspace.root.join("bench/servers");
        let native = |server, program: &Path| Self {
            server,
            program: program.to_owned(),
            folder: servers.clone(),
            packages: folder.join("flask"),
        };
        let hyper = here.with_file_name(format!("hyper-server{}", std::env::consts::EXE_SUFFIX));
        let mut natives = vec![native(Server::Hyper, &hyper)];
        match express(&servers) {
            Ok(()) => natives.push(native(Server::Express, Path::new("node"))),
            Err(error) => progress::line(&format!("without Express: {error:#}")),
        }
        match flask(&servers, &folder.join("flask")) {
            Ok(()) => natives.push(native(Server::Flask, Path::new("python3"))),
            Err(error) => progress::line(&format!("without Flask: {error:#}")),
        }
        natives
    }

    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(&self, origin: &str) -> Result<Running> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(&self.program);
        match self.server {
            Server::Express => {
                command.arg(self.folder.join("express/server.mjs"));
                command.env("NODE_ENV", "production");
            }
            Server::Flask => {
                // A worker for each core; Flask's own server is for development.
                command
                    .args(["-m", "gunicorn", "--workers", "2", "--threads", "16"])
                    .args(["--log-level", "error", "--keep-alive", "30", "--bind"])
                    .arg(format!("127.0.0.1:{port}"))
                    .arg("--chdir")
                    .arg(self.folder.join("flask"))
                    .arg("server:app")
                    .env("PYTHONPATH", &self.packages)
                    .env("PYTHONDONTWRITEBYTECODE", "1");
            }
            _ => {}
        }
        command
            .env("PORT", port.to_string())
            .env("IPIFY_ORIGIN", origin)
            .env("IPIFY_API_KEY", stand_in::API_KEY);
        Running::start(&mut command, port)
    }
}

impl Running {
    /// Starts a command that will listen on a port.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(command: &mut Command, port: u16) -> Result<Self> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::inherit()).spawn();
        let name = command.get_program().display().to_string();
        let child = child.with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { child, port })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // As Ctrl-C does, so that one with workers stops them too.
        let id = self.child.id().to_string();
        let asked = process::succeeds(Command::new("kill").arg(id));
        if !asked {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn express(servers: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(servers.join("express"));
    process::run(&mut npm)
}

fn flask(servers: &Path, packages: &Path) -> Result<()> {
    if packages.join("flask").is_dir() {
        return Ok(());
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .arg("--requirement")
        .arg(servers.join("flask/requirements.txt"))
        .arg("--target")
        .arg(packages);
    process::run(&mut pip)
}
