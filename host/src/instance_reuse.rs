//! How many requests an instance serves.

use std::num::ParseIntError;
use std::time::Duration;

/// How many requests an instance of a WASI 0.3 component serves, with the names and
/// defaults of Spin. An instance of a WASI 0.2 component serves one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct InstanceReuse {
    /// How many requests an instance of a WASI 0.3 component serves
    #[arg(long, value_name = "NUMBER", default_value_t = Self::default().max_instance_reuse_count)]
    pub max_instance_reuse_count: usize,

    /// How many of them it serves at the same time
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Self::default().max_instance_concurrent_reuse_count
    )]
    pub max_instance_concurrent_reuse_count: usize,

    /// How long an instance without requests is kept, in seconds (2 or 2s) or
    /// milliseconds (500ms)
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub idle_instance_timeout: Duration,
}

impl Default for InstanceReuse {
    fn default() -> Self {
        Self {
            max_instance_reuse_count: 128,
            max_instance_concurrent_reuse_count: 16,
            idle_instance_timeout: Duration::from_secs(1),
        }
    }
}

fn duration(text: &str) -> Result<Duration, ParseIntError> {
    match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse().map(Duration::from_millis),
        None => {
            let seconds = text.strip_suffix('s').unwrap_or(text);
            seconds.parse().map(Duration::from_secs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        reuse: InstanceReuse,
    }

    fn parse(arguments: &[&str]) -> Option<InstanceReuse> {
        let arguments = [&["geo-host"], arguments].concat();
        Arguments::try_parse_from(arguments).ok().map(|a| a.reuse)
    }

    #[test]
    fn the_defaults_are_those_of_spin() {
        assert_eq!(parse(&[]), Some(InstanceReuse::default()));
    }

    #[test]
    fn times_are_in_seconds_or_milliseconds() {
        for (text, expected) in [
            ("2", Some(2_000)),
            ("2s", Some(2_000)),
            ("500ms", Some(500)),
            ("0", Some(0)),
            ("", None),
            ("1.5s", None),
            ("1m", None),
        ] {
            let reuse = parse(&["--idle-instance-timeout", text]);
            let timeout = reuse.map(|reuse| reuse.idle_instance_timeout);
            assert_eq!(timeout, expected.map(Duration::from_millis), "{text}");
        }
    }
}
