//! Lookups in flight: a lease in the store makes one of many simultaneous
//! requests ask ipify.
//!
//! A lease is a counter whose value is the time at which it expires, in
//! milliseconds since 1970. What is free has 0, or a time that has passed.

use super::store::{self, Store};
use crate::runtime::Runtime;
use std::time::Duration;

/// How many keys leases have. What instances that crashed left behind does not
/// take more than that; two names that share a key wait for each other.
const KEYS: u64 = 65_536;

/// The right to ask ipify, until it is released or expires.
pub(super) struct Lease<R> {
    key: String,
    store: Store<R>,
}

impl<R: Runtime> Lease<R> {
    /// Takes the lease of a name for some time. `None` where another request
    /// holds it. Where the store fails, it is taken all the same.
    pub(super) async fn acquire(name: &str, duration: Duration, store: &Store<R>) -> Option<Self> {
        let lease = Self {
            key: format!("geo:lease:{}", store::hash(name) % KEYS),
            store: store.clone(),
        };
        let now = store::milliseconds(store.runtime.now()) as i64;
        let expiry = now + store::milliseconds(duration) as i64;
        let held = store.increment(&lease.key, 0).await.unwrap_or_default();
        if held > now {
            return None;
        }
        // Compare and swap, by addition: if the sum is not the new value, another
        // request has changed the old one in between, and this one takes back
        // what it added. Until then the lease only seems to be held for longer.
        let delta = expiry - held;
        match store.increment(&lease.key, delta).await {
            Some(sum) if sum != expiry => {
                store.increment(&lease.key, -delta).await;
                None
            }
            _ => Some(lease),
        }
    }

    /// Ends the lease, and deletes its counter.
    pub(super) async fn release(self) {
        self.store.delete(&self.key).await;
    }
}
