//! The secret that signs webhook messages.

use super::Engine;
use crate::error::{Error, ErrorKind};
use crate::ports::{CommitError, Expect, Txn, When, Write};
use crate::records::{decode, encode, keys};

/// Record of the server that holds the sealed secret.
const RECORD: &str = "webhook-secret";
/// Length of the secret: as much as the digest of its signatures.
const SECRET_BYTES: usize = 32;

impl Engine {
    /// The secret that signs this server's webhook messages, 32 random bytes; made at the first call,
    /// kept sealed and the same from then on. `Internal` when it cannot be opened with the server's
    /// key.
    pub async fn webhook_secret(&self) -> Result<Vec<u8>, Error> {
        if let Some(secret) = self.stored_webhook_secret().await? {
            return Ok(secret);
        }
        let mut secret = vec![0; SECRET_BYTES];
        self.ports.sealer.random(&mut secret);
        let at = keys::server(RECORD);
        let sealed = self.ports.sealer.seal(&secret);
        let txn = Txn {
            when: When::Now,
            expect: vec![Expect::Absent(at.clone())],
            write: vec![Write::Put(at, encode(&sealed))],
            payloads: Vec::new(),
        };
        let outcome = self.ports.meta.commit(vec![txn]).await.into_iter().next();
        match outcome.unwrap_or(Ok(())) {
            Ok(()) => Ok(secret),
            // Another call made it just now.
            Err(error @ CommitError::Conflict) => {
                let stored = self.stored_webhook_secret().await?;
                stored.ok_or_else(|| Error::from(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn stored_webhook_secret(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(record) = self.get_one(keys::server(RECORD)).await? else {
            return Ok(None);
        };
        let sealed: Vec<u8> = decode(&record.bytes)?;
        let opened = self.ports.sealer.open(&sealed);
        opened.map(Some).map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                "the stored webhook secret cannot be opened; restore the server's key file",
            )
            .because(error)
        })
    }
}
