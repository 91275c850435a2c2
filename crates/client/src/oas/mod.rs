//! The high-level client of Alibaba Cloud's Open Archive Service (OAS sheet section 7), for this server and any other
//! that speaks it.
//!
//! Names are those of the vendor's client for Python. A [`Vault`] holds archives; [`Vault::upload_archive`] writes one,
//! through an [`Uploader`] when it is large; a [`Job`] brings one back. What is written under a file's final name was
//! complete and, wherever the service tells a digest, compared with it.
//!
//! ```no_run
//! use cohong_client::oas::{Api, Error, ToFile, Vault};
//! use std::path::Path;
//!
//! # async fn example() -> Result<(), Error> {
//! let api = Api::new("http://127.0.0.1:9000", "access key", "secret key")?;
//! let vault = Vault::create_vault(&api, "backups").await?;
//! let archive = vault.upload_archive(Path::new("monday.tar"), Some("Monday")).await?;
//! let mut job = vault.retrieve_archive(&archive, None, None).await?;
//! job.download_to_file(Path::new("restored.tar"), ToFile::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything is asynchronous, on a runtime of tokio; [`blocking`] has the same without one. Each method returns when
//! it is done. What happens on the way is told to `tracing` under the targets `oas.ease.vault`, `oas.ease.uploader`
//! and `oas.ease.job`; who sets up no subscriber sees nothing.

mod api;
pub mod blocking;
mod content;
mod error;
mod hash;
mod hashers;
mod job;
mod limits;
mod progress;
mod ranges;
mod response;
mod uploader;
mod vault;
mod wire;

pub use api::{Api, JobOrder};
pub use content::{Content, Mode, content_length, is_file_like, open_file};
pub use error::{
    ConnectionError, DownloadArchiveError, Error, HashDoesNotMatchError, OASClientError,
    OASServerError, UploadArchiveError, ValueError,
};
pub use hash::{
    Section, compute_combine_tree_etag_from_list, compute_etag_from_file,
    compute_etag_from_file_obj, compute_etag_from_string, compute_hash_from_file,
    compute_hash_from_file_obj, compute_tree_etag_from_file, compute_tree_etag_from_file_obj,
};
pub use job::{ByRange, FileObject, Job, ToFile};
pub use limits::{
    CHUNK_BYTES, DOWNLOAD_PART_BYTES, MAXIMUM_ARCHIVE_BYTES, MAXIMUM_NUMBER_OF_PARTS,
    MINIMUM_PART_BYTES, NORMAL_UPLOAD_THRESHOLD_BYTES,
};
pub use progress::Progress;
pub use ranges::{ByteRange, calc_num_part, calc_ranges, range_size};
pub use response::Response;
pub use uploader::Uploader;
pub use vault::Vault;

pub use crate::web::Retry;
