//! Packs geo into images and artifacts, and tells what its bytes are.

pub mod artifact;
pub mod image;
mod layout;
pub mod size;
