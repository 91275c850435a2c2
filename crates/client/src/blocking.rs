//! What the blocking clients share: a runtime of their own, and methods that wait.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

/// Threads that move bytes; digests and files have more of their own.
const THREADS: usize = 2;

/// The runtime of one client.
pub(crate) fn runtime() -> std::io::Result<Arc<Runtime>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    Ok(Arc::new(runtime))
}

/// Defines a client around the asynchronous one, with its runtime: what changes it, and what waits.
macro_rules! blocking {
    (
        $(#[$doc:meta])* $name:ident, $inner:ty;
        new($($made:ident: $made_kind:ty),*);
        $(change $change:ident($changed:ident: $changed_kind:ty);)*
        $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            inner: $inner,
            runtime: std::sync::Arc<tokio::runtime::Runtime>,
        }

        impl $name {
            #[doc = concat!("As [`super::", stringify!($name), "::new`]. Fails with an I/O error when there can be no threads.")]
            pub fn new($($made: $made_kind),*) -> Result<Self, Error> {
                Ok(Self {
                    inner: <$inner>::new($($made),*)?,
                    runtime: crate::blocking::runtime()?,
                })
            }

            $(
                #[doc = concat!("As [`super::", stringify!($name), "::", stringify!($change), "`].")]
                #[must_use]
                pub fn $change(self, $changed: $changed_kind) -> Self {
                    Self {
                        inner: self.inner.$change($changed),
                        ..self
                    }
                }
            )*

            $(
                #[doc = concat!("As [`super::", stringify!($name), "::", stringify!($method), "`].")]
                pub fn $method(&self, $($argument: $kind),*) -> Result<$answer, Error> {
                    self.runtime.block_on(self.inner.$method($($argument),*))
                }
            )*
        }
    };
}

/// Defines an object that is read, in the module of a blocking client.
macro_rules! blocking_object {
    () => {
        /// An object that is read: [`super::GetObject`].
        #[derive(Debug)]
        pub struct GetObject {
            inner: super::GetObject,
            runtime: std::sync::Arc<tokio::runtime::Runtime>,
        }

        impl GetObject {
            /// What is told about it.
            pub fn head(&self) -> &HeadObject {
                &self.inner.head
            }

            /// As [`super::GetObject::read`].
            pub fn read(&mut self, size: usize) -> Result<Bytes, Error> {
                self.runtime.block_on(self.inner.read(size))
            }

            /// As [`super::GetObject::read_to_end`].
            pub fn read_to_end(&mut self, bytes_max: usize) -> Result<Bytes, Error> {
                self.runtime.block_on(self.inner.read_to_end(bytes_max))
            }
        }
    };
}

pub(crate) use {blocking, blocking_object};
