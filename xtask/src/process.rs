//! Runs other programs, with errors of one line.

use anyhow::{Context, Result, bail, ensure};
use std::process::{Command, Output, Stdio};

/// Runs a command whose output goes to the terminal.
///
/// # Errors
///
/// If it cannot be started, or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{} cannot be started", name(command)))?;
    ensure!(status.success(), "{} failed ({status})", described(command));
    Ok(())
}

/// Runs a command and returns its standard output without the last newline.
///
/// # Errors
///
/// If it cannot be started, or fails. The error then has its stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .with_context(|| format!("{} cannot be started", name(command)))?;
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr);
        bail!("{} failed: {}", described(command), stderr.trim());
    }
    let mut text = String::from_utf8(stdout)
        .with_context(|| format!("the output of {} is not text", name(command)))?;
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// Whether a command can be started and succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    name.display().to_string()
}

/// Returns the name of the program and its first argument, for messages.
fn described(command: &Command) -> String {
    match command.get_args().next() {
        Some(argument) => format!("\"{} {}\"", name(command), argument.display()),
        None => name(command),
    }
}
