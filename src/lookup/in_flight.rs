//! Lookups in flight: a lease makes one of many simultaneous requests ask ipify. The
//! requests of one instance share it in memory, those of several in the store.
//!
//! In the store, a lease is a counter whose value is the time at which it expires, in
//! milliseconds since 1970. What is free has 0, or a time that has passed.

use super::memory::InFlight;
use super::store::{self, Store};
use crate::runtime::Runtime;
use std::time::Duration;

/// How many keys leases have. What instances that crashed left behind does not
/// take more than that; two names that share a key wait for each other.
const KEYS: u64 = 65_536;

/// The right to ask ipify, until it is released or expires.
pub(super) struct Lease<R: Runtime> {
    key: String,
    expiry: i64,
    store: Store<R>,
    /// `None` where an instance has no memory.
    _in_flight: Option<InFlight<R>>,
}

/// The lease of another request.
pub(super) enum Held<R: Runtime> {
    /// Of this instance: the name of the lease.
    Here(String),
    /// Of another one.
    Elsewhere {
        key: String,
        expiry: i64,
        store: Store<R>,
        /// Makes other requests of this instance wait for the one that waits for it.
        _in_flight: Option<InFlight<R>>,
    },
}

impl<R: Runtime> Lease<R> {
    /// Takes the lease of a name for some time. Where the store fails, it is
    /// taken all the same.
    ///
    /// # Errors
    ///
    /// If another request holds it.
    pub(super) async fn acquire(
        name: &str,
        duration: Duration,
        store: &Store<R>,
    ) -> Result<Self, Held<R>> {
        let in_flight = if R::HAS_MEMORY {
            Some(InFlight::begin(name).ok_or_else(|| Held::Here(name.to_owned()))?)
        } else {
            None
        };
        let key = format!("geo:lease:{}", store::hash(name) % KEYS);
        let store = store.clone();
        let now = now(&store);
        let expiry = now + store::milliseconds(duration) as i64;
        let held = store.increment(&key, 0).await.unwrap_or_default();
        if held > now {
            let expiry = expiry.min(held);
            return Err(Held::Elsewhere {
                key,
                expiry,
                store,
                _in_flight: in_flight,
            });
        }
        // Compare and swap, by addition: if the sum is not the new value, another
        // request has changed the old one in between, and this one takes back
        // what it added. Until then the lease only seems to be held for longer.
        let delta = expiry - held;
        match store.increment(&key, delta).await {
            Some(sum) if sum != expiry => {
                subtract(delta, &key, &store).await;
                Err(Held::Elsewhere {
                    key,
                    expiry,
                    store,
                    _in_flight: in_flight,
                })
            }
            _ => Ok(Self {
                key,
                expiry,
                store,
                _in_flight: in_flight,
            }),
        }
    }

    /// Ends the lease.
    pub(super) async fn release(self) {
        subtract(self.expiry, &self.key, &self.store).await;
    }
}

impl<R: Runtime> Held<R> {
    /// Returns the lease of a name, if a request of this instance holds it.
    pub(super) fn here(name: &str) -> Option<Self> {
        InFlight::<R>::is_any(name).then(|| Self::Here(name.to_owned()))
    }

    /// Returns whether it was released or has expired.
    pub(super) async fn has_ended(&self) -> bool {
        match self {
            Self::Here(name) => !InFlight::<R>::is_any(name),
            Self::Elsewhere {
                key, expiry, store, ..
            } => now(store) >= *expiry || store.get(key).await.is_none(),
        }
    }
}

/// Takes back what was added to a counter, and deletes it where nothing is left.
async fn subtract<R: Runtime>(delta: i64, key: &str, store: &Store<R>) {
    if store.increment(key, -delta).await == Some(0) {
        store.delete(key).await;
    }
}

/// The time, in milliseconds since 1970.
fn now<R: Runtime>(store: &Store<R>) -> i64 {
    store::milliseconds(store.runtime.now()) as i64
}
