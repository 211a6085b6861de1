//! The machine and the day, without which no figure means anything.

use std::process::Command;
use xtask::process;

/// Says what was measured on, and when.
pub fn description() -> String {
    let date = process::output(Command::new("date").args(["-u", "+%Y-%m-%d"]));
    let date = date.unwrap_or_else(|_| "an unknown day".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let model = model().unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{date}, {model}, {cores} cores, {}", std::env::consts::OS)
}

fn model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
