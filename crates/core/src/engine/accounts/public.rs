//! Whether the buckets of an account are open to everybody, whatever each of them says.

use super::super::buckets::{LAST_BUCKET, now};
use super::super::key::unchanged;
use super::super::{Cx, Engine};
use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::AccountId;
use crate::ports::{CommitError, Expect, Revision, Write};
use crate::records::{AccountRecord, decode, encode, keys};
use crate::rules::access::allow_account;

impl Engine {
    /// Whether the asking account blocks public access in all of its buckets.
    pub async fn blocks_public(&self, cx: &Cx) -> Result<bool, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        Ok(self.account(account).await?.0.blocks_public)
    }

    /// Lets what lists and policies allow everybody count for nothing in all buckets of the asking account, those
    /// it makes later among them; or again for what each bucket says.
    pub async fn block_public(&self, cx: &Cx, blocks: bool) -> Result<(), Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut record, seen) = self.account(account).await?;
            record.blocks_public = blocks;
            let (at, counter) = (keys::account(account), keys::server(LAST_BUCKET));
            // A bucket that is made meanwhile would be missed.
            let last = self.get_one(counter.clone()).await?;
            let mut expect = vec![
                unchanged(at.clone(), seen),
                unchanged(counter, last.map(|record| record.revision)),
            ];
            let mut write = vec![Write::Put(at, encode(&record))];
            let buckets = self.buckets_of(account).await?;
            for (mut bucket, revision) in buckets.iter().cloned() {
                bucket.account_blocks_public = blocks;
                let at = keys::bucket(&bucket.name);
                expect.push(Expect::Revision(at.clone(), revision));
                write.push(Write::Put(at, encode(&bucket)));
            }
            if self.commit_one(now(expect, write)).await? {
                for (bucket, _) in &buckets {
                    self.known.forget(&bucket.name);
                }
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// What is kept of an account; one that is named by a configuration only has no record yet.
    pub(in crate::engine) async fn account(
        &self,
        account: &AccountId,
    ) -> Result<(AccountRecord, Option<Revision>), Error> {
        let Some(found) = self.get_one(keys::account(account)).await? else {
            return Ok((AccountRecord::new(self.ports.clock.now()), None));
        };
        Ok((decode(&found.bytes)?, Some(found.revision)))
    }
}
