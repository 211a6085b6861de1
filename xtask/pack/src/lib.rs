//! Packs geo into images and artifacts, and analyses its size.

pub mod artifact;
pub mod image;
mod layout;
pub mod size;
