//! What is known of an address.

pub mod address;
pub mod api_key;
pub mod cache;
pub mod ipify;
pub mod json;
pub mod origin;
pub mod problem;
pub mod record;
pub mod retry_after;
pub mod settings;

pub use record::Record;
