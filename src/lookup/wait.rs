//! Waits for the answer that another request asks ipify for.

use super::cache::Mark;
use super::stored::milliseconds;
use crate::host::Clock;
use std::time::Duration;

/// How long a request waits before it looks for the answer again: at first this
/// long, and then twice as long each time, until it is [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(160);

/// How long a request has waited for others.
pub(crate) struct Wait<'a> {
    clock: &'a dyn Clock,
    timeout: Duration,
    begin: Duration,
    pause: Duration,
    /// The request that is waited for, and since when.
    awaited: Option<(u64, Duration)>,
    /// Whether it has ended, and got no answer.
    was_in_vain: bool,
}

impl<'a> Wait<'a> {
    /// Starts to wait. The request that is waited for is known to end within
    /// `timeout`.
    pub(crate) fn new(clock: &'a dyn Clock, timeout: Duration) -> Self {
        Self {
            clock,
            timeout,
            begin: clock.elapsed(),
            pause: MIN_PAUSE,
            awaited: None,
            was_in_vain: false,
        }
    }

    /// Whether the request that left a mark may still come to an end: not
    /// where its time is up, since then the instance has died. The mark's time
    /// is that of another instance's clock, which may be wrong, so it is not
    /// trusted for longer than this request itself can tell.
    pub(crate) fn is_worth_it(&mut self, mark: Option<Mark>) -> bool {
        let Some(mark) = mark else {
            self.was_in_vain = self.awaited.is_some();
            return false;
        };
        let now = self.clock.elapsed();
        let since = match self.awaited {
            Some((awaited, since)) if awaited == mark.id => since,
            _ => now,
        };
        self.awaited = Some((mark.id, since));
        let has_time = now - since < self.timeout && now - self.begin < 2 * self.timeout;
        has_time && is_running(mark, self.clock, self.timeout)
    }

    /// Whether to ask side by side with others: where the one that was waited for
    /// has ended without an answer; and where twice the time has passed, so that
    /// no store, whatever it says, fails a request.
    pub(crate) fn was_in_vain(&self) -> bool {
        self.was_in_vain || self.clock.elapsed() - self.begin >= 2 * self.timeout
    }

    /// Waits a little for a request that was faster.
    pub(crate) fn pause(&mut self) {
        self.clock.sleep(self.pause);
        self.pause = MAX_PAUSE.min(2 * self.pause);
    }
}

/// Whether the request that left a mark may still be waiting for ipify.
pub(crate) fn is_running(mark: Mark, clock: &dyn Clock, timeout: Duration) -> bool {
    let now = milliseconds(clock.now());
    Duration::from_millis(now.abs_diff(mark.time)) < timeout
}
