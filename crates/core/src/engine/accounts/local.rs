//! The key that programs on the server's own machine are given: one of the root account, the same for all
//! who ask, and shown to them whenever they do.

use super::root::ROOT_ACCOUNT;
use super::{IssuedKey, Secret};
use crate::engine::Engine;
use crate::error::Error;
use crate::model::{AccessKeyId, AccountId};
use crate::ports::{Expect, Write};
use crate::records::{decode, encode, keys};

/// Record of the server that names the key.
const RECORD: &str = "local-key";

impl Engine {
    /// The key for programs on this machine; made at the first call, and again after it was removed. Whoever is
    /// shown it could make a key of the root account as well. `Busy` when others made one at the same moment.
    pub async fn local_key(&self) -> Result<(AccessKeyId, Secret), Error> {
        let at = keys::server(RECORD);
        let named = self.get_one(at.clone()).await?;
        if let Some(record) = &named {
            let access: AccessKeyId = decode(&record.bytes)?;
            if let Some(held) = self.credential(&access).await? {
                return Ok((access, held.secret));
            }
        }
        let IssuedKey { access, secret, .. } = self
            .create_key(&AccountId(ROOT_ACCOUNT.into()), None)
            .await?;
        let unchanged = match named {
            Some(record) => Expect::Revision(at.clone(), record.revision),
            None => Expect::Absent(at.clone()),
        };
        let name = vec![Write::Put(at, encode(&access))];
        match self.change_keys(vec![unchanged], name).await {
            Ok(()) => Ok((access, secret)),
            Err(error) => {
                // Nobody was told of it.
                self.remove_key(&access).await?;
                Err(error)
            }
        }
    }
}
