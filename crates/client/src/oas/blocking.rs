//! The same client for programs without a runtime: every method blocks until it is done.
//!
//! ```no_run
//! use cohong_client::oas::blocking::{Api, Vault};
//! use cohong_client::oas::{Error, ToFile};
//! use std::path::Path;
//!
//! # fn example() -> Result<(), Error> {
//! let api = Api::new("http://127.0.0.1:9000", "access key", "secret key")?;
//! let vault = Vault::get_vault_by_name(&api, "backups")?;
//! for upload in vault.list_all_multipart_uploads()? {
//!     upload.cancel()?;
//! }
//! let mut job = vault.retrieve_inventory(None)?;
//! job.download_to_file(Path::new("inventory.json"), ToFile::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! Fields are read through these types as they stand in those they wrap. None of it may be called from within a
//! runtime of tokio.

use std::io::{Seek, SeekFrom, Write};
use std::ops::Deref;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncSeek, AsyncWrite};
use tokio::runtime::Runtime;

use super::error::Error;
use super::limits::CHUNK_BYTES;
use super::ranges::ByteRange;
use super::{Response as AsyncResponse, Retry, ToFile};
use crate::blocking::runtime;

/// A service and who asks it: [`super::Api`] with a runtime. Clones are cheap and share both.
#[derive(Debug, Clone)]
pub struct Api {
    api: super::Api,
    runtime: Arc<Runtime>,
}

impl Api {
    /// As [`super::Api::new`]. Fails with an I/O error when there can be no threads.
    pub fn new(
        endpoint: &str,
        access_key: impl Into<String>,
        secret: impl Into<String>,
    ) -> Result<Self, Error> {
        Ok(Self {
            api: super::Api::new(endpoint, access_key, secret)?,
            runtime: runtime()?,
        })
    }

    /// As [`super::Api::with_retry`].
    #[must_use]
    pub fn with_retry(&self, retry: Retry) -> Self {
        Self {
            api: self.api.with_retry(retry),
            runtime: self.runtime.clone(),
        }
    }

    /// As [`super::Api::get_job_output`]; the answer is read with [`Response::read`].
    pub fn get_job_output(
        &self,
        vault_id: &str,
        job_id: &str,
        byte_range: Option<ByteRange>,
    ) -> Result<Response, Error> {
        let answer = self.api.get_job_output(vault_id, job_id, byte_range);
        Ok(Response {
            inner: self.runtime.block_on(answer)?,
            runtime: self.runtime.clone(),
        })
    }

    fn vault(&self, inner: super::Vault) -> Vault {
        Vault {
            inner,
            runtime: self.runtime.clone(),
        }
    }
}

/// Defines a type around one of the asynchronous client, with its runtime.
macro_rules! wrapped {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            inner: $inner,
            runtime: Arc<Runtime>,
        }

        impl Deref for $name {
            type Target = $inner;

            fn deref(&self) -> &Self::Target {
                &self.inner
            }
        }
    };
}

wrapped! {
    /// An answer: [`super::Response`].
    Response, AsyncResponse
}
wrapped! {
    /// A vault: [`super::Vault`].
    Vault, super::Vault
}
wrapped! {
    /// An upload in parts: [`super::Uploader`].
    Uploader, super::Uploader
}
wrapped! {
    /// A job: [`super::Job`].
    Job, super::Job
}

impl Response {
    /// As [`super::Response::read`].
    pub fn read(&mut self, size: usize) -> Result<bytes::Bytes, Error> {
        self.runtime.block_on(self.inner.read(size))
    }
}

impl Vault {
    /// As [`super::Vault::create_vault`].
    pub fn create_vault(api: &Api, name: &str) -> Result<Self, Error> {
        let made = super::Vault::create_vault(&api.api, name);
        Ok(api.vault(api.runtime.block_on(made)?))
    }

    /// As [`super::Vault::get_vault_by_id`].
    pub fn get_vault_by_id(api: &Api, vault_id: &str) -> Result<Self, Error> {
        let found = super::Vault::get_vault_by_id(&api.api, vault_id);
        Ok(api.vault(api.runtime.block_on(found)?))
    }

    /// As [`super::Vault::get_vault_by_name`].
    pub fn get_vault_by_name(api: &Api, vault_name: &str) -> Result<Self, Error> {
        let found = super::Vault::get_vault_by_name(&api.api, vault_name);
        Ok(api.vault(api.runtime.block_on(found)?))
    }

    /// As [`super::Vault::list_all_vaults`].
    pub fn list_all_vaults(api: &Api) -> Result<Vec<Self>, Error> {
        let vaults = super::Vault::list_all_vaults(&api.api);
        let vaults = api.runtime.block_on(vaults)?.into_iter();
        Ok(vaults.map(|vault| api.vault(vault)).collect())
    }

    /// As [`super::Vault::delete_vault_by_id`].
    pub fn delete_vault_by_id(api: &Api, vault_id: &str) -> Result<AsyncResponse, Error> {
        let removed = super::Vault::delete_vault_by_id(&api.api, vault_id);
        api.runtime.block_on(removed)
    }

    /// As [`super::Vault::delete_vault_by_name`].
    pub fn delete_vault_by_name(api: &Api, vault_name: &str) -> Result<AsyncResponse, Error> {
        let removed = super::Vault::delete_vault_by_name(&api.api, vault_name);
        api.runtime.block_on(removed)
    }

    /// As [`super::Vault::delete`].
    pub fn delete(&self) -> Result<AsyncResponse, Error> {
        self.runtime.block_on(self.inner.delete())
    }

    /// As [`super::Vault::list_all_multipart_uploads`].
    pub fn list_all_multipart_uploads(&self) -> Result<Vec<Uploader>, Error> {
        let uploads = self.inner.list_all_multipart_uploads();
        let uploads = self.runtime.block_on(uploads)?.into_iter();
        Ok(uploads.map(|upload| self.uploader(upload)).collect())
    }

    /// As [`super::Vault::list_all_jobs`].
    pub fn list_all_jobs(&self) -> Result<Vec<Job>, Error> {
        let jobs = self.runtime.block_on(self.inner.list_all_jobs())?;
        Ok(jobs.into_iter().map(|job| self.job(job)).collect())
    }

    /// As [`super::Vault::upload_archive`].
    pub fn upload_archive(&self, file_path: &Path, desc: Option<&str>) -> Result<String, Error> {
        let stored = self.inner.upload_archive(file_path, desc);
        self.runtime.block_on(stored)
    }

    /// As [`super::Vault::initiate_uploader`].
    pub fn initiate_uploader(
        &self,
        file_path: &Path,
        desc: Option<&str>,
    ) -> Result<Uploader, Error> {
        let begun = self.inner.initiate_uploader(file_path, desc);
        Ok(self.uploader(self.runtime.block_on(begun)?))
    }

    /// As [`super::Vault::recover_uploader`].
    pub fn recover_uploader(&self, upload_id: &str) -> Result<Uploader, Error> {
        let found = self.inner.recover_uploader(upload_id);
        Ok(self.uploader(self.runtime.block_on(found)?))
    }

    /// As [`super::Vault::delete_archive`].
    pub fn delete_archive(&self, archive_id: &str) -> Result<AsyncResponse, Error> {
        self.runtime.block_on(self.inner.delete_archive(archive_id))
    }

    /// As [`super::Vault::get_job`].
    pub fn get_job(&self, job_id: &str) -> Result<Job, Error> {
        self.begun(self.inner.get_job(job_id))
    }

    /// As [`super::Vault::retrieve_archive`].
    pub fn retrieve_archive(
        &self,
        archive_id: &str,
        desc: Option<&str>,
        byte_range: Option<ByteRange>,
    ) -> Result<Job, Error> {
        self.begun(self.inner.retrieve_archive(archive_id, desc, byte_range))
    }

    /// As [`super::Vault::retrieve_inventory`].
    pub fn retrieve_inventory(&self, desc: Option<&str>) -> Result<Job, Error> {
        self.begun(self.inner.retrieve_inventory(desc))
    }

    /// As [`super::Vault::pull_from_oss`].
    pub fn pull_from_oss(
        &self,
        osshost: &str,
        bucket: &str,
        object: &str,
        desc: Option<&str>,
    ) -> Result<Job, Error> {
        self.begun(self.inner.pull_from_oss(osshost, bucket, object, desc))
    }

    /// As [`super::Vault::push_to_oss`].
    pub fn push_to_oss(
        &self,
        archive_id: &str,
        osshost: &str,
        bucket: &str,
        object: &str,
        desc: Option<&str>,
    ) -> Result<Job, Error> {
        let begun = self
            .inner
            .push_to_oss(archive_id, osshost, bucket, object, desc);
        self.begun(begun)
    }

    fn begun(&self, job: impl Future<Output = Result<super::Job, Error>>) -> Result<Job, Error> {
        Ok(self.job(self.runtime.block_on(job)?))
    }

    fn uploader(&self, inner: super::Uploader) -> Uploader {
        Uploader {
            inner,
            runtime: self.runtime.clone(),
        }
    }

    fn job(&self, inner: super::Job) -> Job {
        Job {
            inner,
            runtime: self.runtime.clone(),
        }
    }
}

impl Uploader {
    /// As [`super::Uploader::start`].
    pub fn start(&mut self) -> Result<String, Error> {
        self.runtime.block_on(self.inner.start())
    }

    /// As [`super::Uploader::resume`].
    pub fn resume(&mut self, file_path: &Path) -> Result<String, Error> {
        self.runtime.block_on(self.inner.resume(file_path))
    }

    /// As [`super::Uploader::cancel`].
    pub fn cancel(&self) -> Result<AsyncResponse, Error> {
        self.runtime.block_on(self.inner.cancel())
    }
}

/// Where [`Job::download_by_range`] writes, and how: [`super::ByRange`] with an object of the standard library.
pub struct ByRange<'a> {
    /// File to write; it appears under this name when it is complete.
    pub file_path: Option<&'a Path>,
    /// Or what to write to, from where it stands.
    pub file_obj: Option<&'a mut dyn FileObject>,
    /// Bytes written at once; 0 means 1 MiB.
    pub chunk_size: usize,
    /// Whether to wait for the job's end. Without it a job that runs is a failure.
    pub block: bool,
}

impl Default for ByRange<'_> {
    fn default() -> Self {
        Self {
            file_path: None,
            file_obj: None,
            chunk_size: CHUNK_BYTES,
            block: true,
        }
    }
}

/// What a range can be written to: it can be positioned, since a range that breaks off is written again.
pub trait FileObject: Write + Seek + Send {}

impl<T: Write + Seek + Send> FileObject for T {}

impl Job {
    /// As [`super::Job::update_status`].
    pub fn update_status(&mut self) -> Result<(), Error> {
        self.runtime.block_on(self.inner.update_status())
    }

    /// As [`super::Job::wait`].
    pub fn wait(&mut self) -> Result<(), Error> {
        self.runtime.block_on(self.inner.wait())
    }

    /// As [`super::Job::download_by_range`].
    pub fn download_by_range(
        &mut self,
        byte_range: ByteRange,
        to: ByRange<'_>,
    ) -> Result<(), Error> {
        let mut object = to.file_obj.map(Object::new);
        let to = super::ByRange {
            file_path: to.file_path,
            file_obj: object.as_mut().map(|object| object as _),
            chunk_size: to.chunk_size,
            block: to.block,
        };
        let done = self.inner.download_by_range(byte_range, to);
        self.runtime.block_on(done)
    }

    /// As [`super::Job::download_to_file`].
    pub fn download_to_file(&mut self, file_path: &Path, how: ToFile) -> Result<(), Error> {
        let done = self.inner.download_to_file(file_path, how);
        self.runtime.block_on(done)
    }
}

/// An object of the standard library for the asynchronous client: the one thread that there is waits.
struct Object<'a> {
    object: &'a mut dyn FileObject,
    position: std::io::Result<u64>,
}

impl<'a> Object<'a> {
    fn new(object: &'a mut dyn FileObject) -> Self {
        Self {
            object,
            position: Ok(0),
        }
    }
}

impl AsyncWrite for Object<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(self.object.write(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(self.object.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for Object<'_> {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> std::io::Result<()> {
        self.position = self.object.seek(to);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<u64>> {
        let position = match &self.position {
            Ok(position) => Ok(*position),
            Err(_) => std::mem::replace(&mut self.position, Ok(0)),
        };
        Poll::Ready(position)
    }
}
