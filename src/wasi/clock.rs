//! `wasi:clocks`: the wall clock and the monotonic one.

use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::host::Clock;
use std::time::Duration;

pub(super) struct Clocks;

impl Clock for Clocks {
    fn now(&self) -> Duration {
        let now = wall_clock::now();
        Duration::new(now.seconds, now.nanoseconds)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn sleep(&self, time: Duration) {
        monotonic_clock::subscribe_duration(time.as_nanos() as u64).block();
    }
}
