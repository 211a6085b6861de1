//! What geo runs on. All that calls the platform is here, and nothing of what
//! geo is about.

mod p2;
