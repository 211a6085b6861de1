//! `wasi:clocks/wall-clock`.

use super::bindings::wasi::clocks::wall_clock;
use crate::host::Clock;

pub(super) struct Wall;

impl Clock for Wall {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }
}
