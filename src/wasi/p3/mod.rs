//! The WASI 0.3 components: spin-sdk around the core. An instance answers many
//! requests, some of them at the same time.

mod client;
#[cfg(not(feature = "middleware"))]
mod incoming;
#[cfg(feature = "middleware")]
mod middleware;
mod outgoing;
mod runtime;
mod store;
mod variables;

use futures_util::future::{Either, select};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::wit_bindgen::yield_async;
use std::pin::pin;
use std::time::Duration;

mod export {
    #![allow(unsafe_code)] // generated
    #[cfg(not(feature = "middleware"))]
    use super::incoming::Component;
    #[cfg(feature = "middleware")]
    use super::middleware::Component;
    spin_sdk::wasip3::http::service::export!(Component);
}

/// Waits for a future, for a time at most; `None` where the time was up. The future is
/// dropped then.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    if let Either::Left((value, _)) = select(future.as_mut(), pin!(sleep(time))).await {
        return Some(value);
    }
    // On a busy host, the future may be ready too: it tells one event at a time.
    match select(future, pin!(yield_async())).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Waits for a future, for a time at most. It goes on where the time is up.
#[cfg(feature = "middleware")]
async fn within_or_later<T>(
    time: Duration,
    future: impl Future<Output = T> + 'static,
) -> Option<T> {
    let future = Box::pin(future);
    let later = if time.is_zero() {
        future
    } else {
        match select(future, pin!(sleep(time))).await {
            Either::Left((value, _)) => return Some(value),
            Either::Right((_, future)) => future,
        }
    };
    spin_sdk::wasip3::spawn(async { drop(later.await) });
    None
}

async fn sleep(time: Duration) {
    monotonic_clock::wait_for(super::failure::nanoseconds(time)).await;
}
