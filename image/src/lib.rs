//! What `make image` and `make artifact` do: the scratch image, built from the
//! Dockerfile by [buildah](https://buildah.io), and the OCI artifact of the
//! component alone. Both are OCI image layouts, and the same bytes each time.

pub mod artifact;
pub mod buildah;
pub mod layout;
