//! The key that signs upload callbacks, as it is kept: sealed, with the public half of the key before it.
//! What a key is and how it signs is not known here.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::ports::{CommitError, Expect, MetadataStore, Revision, Sealer, Txn, When, Write};
use crate::records::{CallbackKeyRecord, FormerCallbackKey, decode, encode, keys};

/// Record of the server that holds the sealed key.
const RECORD: &str = "callback-key";

/// Where the key is kept. Stands beside the engine, because calls are signed by what the engine sends
/// them through.
#[derive(Clone, Debug)]
pub struct CallbackKeys {
    meta: Arc<dyn MetadataStore>,
    sealer: Arc<dyn Sealer>,
}

/// The key in force.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCallbackKey {
    /// The private key: a secret.
    pub secret: Vec<u8>,
    /// What is left of the key before it.
    pub former: Option<FormerCallbackKey>,
    revision: Revision,
}

impl fmt::Debug for StoredCallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCallbackKey")
            .field("former", &self.former)
            .finish_non_exhaustive()
    }
}

impl CallbackKeys {
    /// On the stores of a server.
    pub fn new(meta: Arc<dyn MetadataStore>, sealer: Arc<dyn Sealer>) -> Self {
        Self { meta, sealer }
    }

    /// The key in force; `None` while there is none. `Internal` when it cannot be opened with the
    /// server's key.
    pub async fn load(&self) -> Result<Option<StoredCallbackKey>, Error> {
        let found = self.meta.get_many(&[keys::server(RECORD)]).await?;
        let Some(stored) = found.into_iter().next().flatten() else {
            return Ok(None);
        };
        let record: CallbackKeyRecord = decode(&stored.bytes)?;
        let secret = self.sealer.open(&record.sealed).map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                "the stored callback key cannot be opened; restore the server's key file",
            )
            .because(error)
        })?;
        Ok(Some(StoredCallbackKey {
            secret,
            former: record.former,
            revision: stored.revision,
        }))
    }

    /// Keeps the first key; gives the one in force, which is another when somebody was faster.
    pub async fn keep_first(&self, secret: &[u8]) -> Result<StoredCallbackKey, Error> {
        let absent = Expect::Absent(keys::server(RECORD));
        match self.keep(absent, secret, None).await {
            Ok(()) | Err(CommitError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        let stored = self.load().await?;
        stored.ok_or_else(|| CommitError::Conflict.into())
    }

    /// Puts a key in the place of `seen`, of which `former` is left. Of the key before that nothing is
    /// kept. `Busy` when `seen` is not in force any more.
    pub async fn replace(
        &self,
        seen: &StoredCallbackKey,
        former: FormerCallbackKey,
        secret: &[u8],
    ) -> Result<(), Error> {
        let unchanged = Expect::Revision(keys::server(RECORD), seen.revision);
        Ok(self.keep(unchanged, secret, Some(former)).await?)
    }

    async fn keep(
        &self,
        expect: Expect,
        secret: &[u8],
        former: Option<FormerCallbackKey>,
    ) -> Result<(), CommitError> {
        let record = CallbackKeyRecord {
            sealed: self.sealer.seal(secret),
            former,
        };
        let txn = Txn {
            when: When::Now,
            expect: vec![expect],
            write: vec![Write::Put(keys::server(RECORD), encode(&record))],
            payloads: Vec::new(),
        };
        let outcome = self.meta.commit(vec![txn]).await.into_iter().next();
        outcome.unwrap_or(Ok(()))
    }
}
