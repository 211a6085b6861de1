//! What geo runs on. All that calls the platform is here, and nothing of what
//! geo is about.

mod failure;
#[cfg(all(feature = "p2", not(feature = "p3")))]
mod p2;
#[cfg(feature = "p3")]
mod p3;
