//! Credentials of sync tasks at rest.

use crate::engine::{Engine, Secret};
use crate::error::{Error, ErrorKind};
use crate::model::SyncTaskId;
use crate::ports::{SourceCredentials, Write};
use crate::records::{SyncSecretRecord, decode, encode, keys};

/// What is sealed: name, secret, token.
type Plain = (Box<str>, Box<str>, Option<Box<str>>);

impl Engine {
    /// The write that keeps credentials.
    pub(super) fn sealed_credentials(&self, task: SyncTaskId, keys: &SourceCredentials) -> Write {
        let plain: Plain = (
            keys.access.clone(),
            keys.secret.expose().into(),
            keys.token.as_ref().map(|token| token.expose().into()),
        );
        let sealed = self.ports.sealer.seal(&encode(&plain));
        let record = encode(&SyncSecretRecord { sealed });
        Write::Put(keys::sync_secret(task), record)
    }

    /// The credentials of a task; `None` when it has none, `Internal` when they cannot be opened with
    /// the server's key.
    pub(crate) async fn source_credentials(
        &self,
        task: SyncTaskId,
    ) -> Result<Option<SourceCredentials>, Error> {
        let Some(stored) = self.get_one(keys::sync_secret(task)).await? else {
            return Ok(None);
        };
        let SyncSecretRecord { sealed } = decode(&stored.bytes)?;
        // What cannot be opened or read must not be told: it may be the secret.
        let opened = self.ports.sealer.open(&sealed).ok();
        let plain = opened.and_then(|plain| decode::<Plain>(&plain).ok());
        let (access, secret, token) = plain.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "stored credentials cannot be opened; restore the server's key file",
            )
        })?;
        Ok(Some(SourceCredentials {
            access,
            secret: Secret::new(&secret),
            token: token.map(|token| Secret::new(&token)),
        }))
    }
}
