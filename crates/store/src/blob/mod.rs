//! Where blobs are kept: implementations of [`cohong_core::ports::BlobStore`].

mod local;

pub use local::{FatalHook, Hold, LocalBlobs, Options};
