//! The key that programs on the server's own machine are given: one of the root account, the same for all
//! who ask, and shown to them whenever they do.

use super::root::ROOT_ACCOUNT;
use super::{IssuedKey, Secret};
use crate::engine::Engine;
use crate::error::Error;
use crate::model::{AccessKeyId, AccountId};
use crate::ports::{Expect, Record, Write};
use crate::records::{decode, encode, keys};

/// Record of the server that names the key.
const RECORD: &str = "local-key";

impl Engine {
    /// The key for programs on this machine; made at the first call, and again after it was removed. Whoever is
    /// shown it could make a key of the root account as well.
    pub async fn local_key(&self) -> Result<(AccessKeyId, Secret), Error> {
        let at = keys::server(RECORD);
        let named = self.get_one(at.clone()).await?;
        if let Some(held) = self.held_by(named.as_ref()).await? {
            return Ok(held);
        }
        let unchanged = match &named {
            Some(record) => Expect::Revision(at.clone(), record.revision),
            None => Expect::Absent(at.clone()),
        };
        let IssuedKey { access, secret, .. } = self
            .create_key(&AccountId(ROOT_ACCOUNT.into()), None)
            .await?;
        let name = vec![Write::Put(at.clone(), encode(&access))];
        let Err(error) = self.change_keys(vec![unchanged], name).await else {
            return Ok((access, secret));
        };
        // Nobody was told of it. Another call may have made one meanwhile.
        self.remove_key(&access).await?;
        let named = self.get_one(at).await?;
        self.held_by(named.as_ref()).await?.ok_or(error)
    }

    /// The key that a record names, unless it was removed.
    async fn held_by(
        &self,
        named: Option<&Record>,
    ) -> Result<Option<(AccessKeyId, Secret)>, Error> {
        let Some(record) = named else {
            return Ok(None);
        };
        let access: AccessKeyId = decode(&record.bytes)?;
        let held = self.credential(&access).await?;
        Ok(held.map(|held| (access, held.secret)))
    }
}
