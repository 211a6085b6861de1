//! Spin's key-value store with the label `default`, which stays open.
//!
//! A store that hangs holds up nobody: each call has a limit, and after one that took
//! too long, the store is left alone for a while.

use super::within;
use anyhow::{anyhow, bail};
use spin_sdk::key_value::{Error, Store};
use spin_sdk::wasip3::clocks::monotonic_clock;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the store is left alone after one that took longer.
const PAUSE: Duration = Duration::from_secs(10);

thread_local! {
    static OPEN: RefCell<Option<Rc<Store>>> = const { RefCell::new(None) };
    /// When the store may be used again, in terms of the monotonic clock.
    static AVAILABLE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Returns whether the store may be used now.
pub(super) fn is_available() -> bool {
    now() >= AVAILABLE.get()
}

pub(super) async fn get(key: &str) -> anyhow::Result<Option<Vec<u8>>> {
    call(async |store| store.get(key).await).await
}

pub(super) async fn set(key: &str, value: &[u8]) -> anyhow::Result<()> {
    call(async |store| store.set(key, value).await).await
}

pub(super) async fn delete(key: &str) -> anyhow::Result<()> {
    call(async |store| store.delete(key).await).await
}

#[cfg(feature = "atomics")]
pub(super) use counters::increment;

/// Reads and writes: of requests that count at the same time, some are not counted.
#[cfg(not(feature = "atomics"))]
pub(super) async fn increment(key: &str, delta: i64) -> anyhow::Result<i64> {
    let value = get(key).await?.unwrap_or_default();
    let digits = std::str::from_utf8(&value).unwrap_or_default();
    let sum = digits.parse().unwrap_or(0_i64).wrapping_add(delta);
    set(key, sum.to_string().as_bytes()).await?;
    Ok(sum)
}

/// Calls the store, which is opened for the first call.
async fn call<T>(call: impl AsyncFnOnce(&Store) -> Result<T, Error>) -> anyhow::Result<T> {
    if !is_available() {
        bail!("a call took too long a short time ago");
    }
    let called = within(PATIENCE, async { call(&*open().await?).await }).await;
    let Some(result) = called else {
        AVAILABLE.set(now() + PAUSE);
        bail!("no answer within {} ms", PATIENCE.as_millis());
    };
    result.map_err(described)
}

async fn open() -> Result<Rc<Store>, Error> {
    if let Some(store) = OPEN.with_borrow(Option::clone) {
        return Ok(store);
    }
    let store = Rc::new(Store::open_default().await?);
    OPEN.set(Some(Rc::clone(&store)));
    Ok(store)
}

fn described(error: Error) -> anyhow::Error {
    match error {
        Error::StoreTableFull => anyhow!("too many stores are open"),
        Error::NoSuchStore => anyhow!("there is no store with the label default"),
        Error::AccessDenied => anyhow!("key_value_stores does not grant default"),
        Error::Other(reason) => anyhow!(reason),
    }
}

fn now() -> Duration {
    Duration::from_nanos(monotonic_clock::now())
}

/// `wasi:keyvalue/atomics`, on the same store. Its functions are synchronous: one that
/// hangs would hold up the whole instance, without a limit.
#[cfg(feature = "atomics")]
mod counters {
    use super::get;
    use anyhow::anyhow;
    use bindings::wasi::keyvalue::atomics;
    use bindings::wasi::keyvalue::store::{self, Bucket, Error};
    use std::cell::OnceCell;

    mod bindings {
        #![allow(missing_docs, unsafe_code)] // generated
        use spin_sdk::wit_bindgen;
        wit_bindgen::generate!({
            path: ["wit/lookup", "wit"],
            world: "geo:geo/geo-counters",
            runtime_path: "spin_sdk::wit_bindgen::rt",
            generate_all,
        });
    }

    thread_local! {
        static OPEN: OnceCell<Bucket> = const { OnceCell::new() };
    }

    pub(in super::super) async fn increment(key: &str, delta: i64) -> anyhow::Result<i64> {
        // Whether the store answers. It is another key than the counter's: stores encode
        // counters in ways of their own.
        get("geo:0").await?;
        let sum = OPEN.with(|open| {
            let bucket = match open.get() {
                Some(bucket) => bucket,
                None => {
                    let bucket = store::open("default")?;
                    open.get_or_init(|| bucket)
                }
            };
            atomics::increment(bucket, key, delta)
        });
        sum.map_err(described)
    }

    fn described(error: Error) -> anyhow::Error {
        match error {
            Error::NoSuchStore => anyhow!("there is no store with the label default"),
            Error::AccessDenied => anyhow!("key_value_stores does not grant default"),
            Error::Other(reason) => anyhow!(reason),
        }
    }
}
