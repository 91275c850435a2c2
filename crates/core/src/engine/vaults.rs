//! Vaults: making, showing and deleting them. What they hold is in files of their own.
//!
//! A vault is known to the account that made it and to nobody else. What it holds is counted in a record of
//! its own, which every change of its archives and jobs expects and rewrites; everything that is put into a
//! vault expects the vault itself, so that nothing appears in a deleted one.
//!
//! An archive's bytes are a payload like that of an object, and may be shared with objects and jobs: whoever
//! holds it keeps it.

mod archives;
mod complete;
mod forget;
mod jobs;
mod leaves;
mod output;
mod parts;
mod run;
mod uploads;

use super::buckets::now;
use super::key::unchanged;
use super::walk::{Walk, after};
use super::{Cx, Engine, VaultInfo, VaultListing, VaultPage};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, PAGE_MAX, SCAN_BYTES_MAX};
use crate::model::{AccountId, Vault, VaultId, VaultName, VaultUsage};
use crate::ports::{CommitError, Expect, Key, KeyRange, Limit, Order, Record, Revision, Write};
use crate::records::{WorkKind, decode, encode, keys};
use crate::rules::access::{allow_account, allow_vault, no_such_vault};
use crate::rules::vault::check_text;
use crate::work;

/// The record that every creation of a vault expects and rewrites, so that their number is exact.
const LAST_VAULT: &str = "last-vault";

/// A vault as it was read, with what it holds.
#[derive(Clone, Debug)]
struct Found {
    vault: Vault,
    revision: Revision,
    usage: VaultUsage,
    usage_revision: Revision,
}

impl Found {
    /// That the vault is there.
    fn is_there(&self) -> Expect {
        Expect::Revision(keys::vault(self.vault.id), self.revision)
    }

    /// That nobody changed what it holds.
    fn is_unchanged(&self) -> Expect {
        Expect::Revision(keys::vault_usage(self.vault.id), self.usage_revision)
    }

    /// The write that counts what it holds from now on.
    fn counting(&self, change: impl FnOnce(&mut VaultUsage)) -> Write {
        let mut usage = self.usage;
        change(&mut usage);
        Write::Put(keys::vault_usage(self.vault.id), encode(&usage))
    }
}

impl Engine {
    /// Makes a vault for the asking account, or gives the one that it has of this name in the region:
    /// `TooManyVaults`, `InvalidArgument` for a region that is none.
    pub async fn create_vault(
        &self,
        cx: &Cx,
        region: &str,
        name: &VaultName,
    ) -> Result<VaultId, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        check_text(region)?;
        let at = keys::vault_name(account, region, name);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let last = keys::server(LAST_VAULT);
            let seen = self.get_one(last.clone()).await?;
            let names = self.vaults_of(account, region).await?;
            if let Some((_, id)) = names.iter().find(|(taken, _)| *taken == at) {
                return Ok(*id);
            }
            if names.len() >= self.vault_settings.vaults_max {
                return Err(Error::new(
                    ErrorKind::TooManyVaults,
                    "the account has as many vaults as it may; delete one first",
                ));
            }
            let vault = Vault {
                id: VaultId(self.ports.ids.work().0),
                account: account.clone(),
                region: region.into(),
                name: name.clone(),
                created_at: self.ports.clock.now(),
            };
            let expect = vec![
                unchanged(last.clone(), seen.map(|seen| seen.revision)),
                Expect::Absent(at.clone()),
                Expect::Absent(keys::vault(vault.id)),
            ];
            let write = vec![
                Write::Put(last, encode(&())),
                Write::Put(at.clone(), encode(&vault.id)),
                Write::Put(keys::vault(vault.id), encode(&vault)),
                Write::Put(keys::vault_usage(vault.id), encode(&VaultUsage::default())),
            ];
            if self.commit_one(now(expect, write)).await? {
                return Ok(vault.id);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A vault of the asking account: `NoSuchVault`.
    pub async fn vault(&self, cx: &Cx, id: VaultId) -> Result<VaultInfo, Error> {
        let Found { vault, usage, .. } = self.own_vault(cx, id).await?;
        Ok(VaultInfo { vault, usage })
    }

    /// A page of the vaults of the asking account in a region, by id, from the first one that is not before
    /// `from`; at most `limit` and [`PAGE_MAX`].
    pub async fn list_vaults(
        &self,
        cx: &Cx,
        region: &str,
        from: Option<VaultId>,
        limit: usize,
    ) -> Result<VaultListing, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        let names = self.vaults_of(account, region).await?;
        let mut ids: Vec<VaultId> = names.into_iter().map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.retain(|id| from.is_none_or(|from| *id >= from));
        let limit = limit.min(PAGE_MAX);
        let next = ids.get(limit).copied();
        let mut entries = Vec::new();
        for id in ids.into_iter().take(limit) {
            // One that was deleted meanwhile is none.
            if let Some(Found { vault, usage, .. }) = self.find_vault(id).await? {
                entries.push(VaultInfo { vault, usage });
            }
        }
        Ok(VaultPage { entries, next })
    }

    /// Deletes a vault without archives; its open uploads and its jobs go with it: `NoSuchVault`,
    /// `VaultNotEmpty`.
    pub async fn delete_vault(&self, cx: &Cx, id: VaultId) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let found = self.own_vault(cx, id).await?;
            if found.usage.archives > 0 {
                return Err(Error::new(
                    ErrorKind::VaultNotEmpty,
                    "the vault still holds archives; delete them first",
                ));
            }
            let Vault {
                account,
                region,
                name,
                ..
            } = &found.vault;
            let mut write = vec![
                Write::Delete(keys::vault(id)),
                Write::Delete(keys::vault_usage(id)),
                Write::Delete(keys::vault_name(account, region, name)),
            ];
            let time = self.ports.clock.now();
            let kind = WorkKind::ForgetVault { vault: id };
            write.extend(work::put(&*self.ports.ids, kind, time, time));
            let expect = vec![found.is_there(), found.is_unchanged()];
            if self.commit_one(now(expect, write)).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A vault of the asking account. That of another reads as absent.
    async fn own_vault(&self, cx: &Cx, id: VaultId) -> Result<Found, Error> {
        allow_account(&cx.principal)?;
        let found = self.find_vault(id).await?.ok_or_else(no_such_vault)?;
        allow_vault(&cx.principal, &found.vault)?;
        Ok(found)
    }

    /// A vault and what it holds, of one snapshot.
    async fn find_vault(&self, id: VaultId) -> Result<Option<Found>, Error> {
        let at = [keys::vault(id), keys::vault_usage(id)];
        let mut found = self.ports.meta.get_many(&at).await?.into_iter();
        let (Some(vault), Some(usage)) = (found.next().flatten(), found.next().flatten()) else {
            return Ok(None);
        };
        Ok(Some(Found {
            vault: decode(&vault.bytes)?,
            revision: vault.revision,
            usage: decode(&usage.bytes)?,
            usage_revision: usage.revision,
        }))
    }

    /// The names of all vaults of an account in a region, with their ids: as many as the settings allow.
    async fn vaults_of(
        &self,
        account: &AccountId,
        region: &str,
    ) -> Result<Vec<(Key, VaultId)>, Error> {
        let range = keys::vault_names_range(account, region);
        let table = range.table;
        let rows = Walk::over(range).all(&*self.ports.meta).await?;
        let named = |(bytes, stored): (bytes::Bytes, Record)| {
            Ok((Key { table, bytes }, decode(&stored.bytes)?))
        };
        rows.into_iter().map(named).collect()
    }

    /// Rows of a range from a key on, at most `limit`, and the key of the row behind them.
    async fn vault_rows(
        &self,
        range: KeyRange,
        from: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<(bytes::Bytes, Record)>, Option<bytes::Bytes>), Error> {
        let limit = limit.min(PAGE_MAX);
        let mut range = match from {
            Some(from) => KeyRange {
                start: from.bytes,
                ..range
            },
            None => range,
        };
        let mut rows = Vec::new();
        loop {
            let bound = Limit {
                rows: limit + 1 - rows.len(),
                bytes: SCAN_BYTES_MAX,
            };
            let ranges = std::slice::from_ref(&range);
            let page = self
                .ports
                .meta
                .scan(ranges, Order::Ascending, bound)
                .await?
                .pop();
            let Some(page) = page else {
                return Ok((rows, None));
            };
            rows.extend(page.rows);
            if rows.len() > limit {
                let next = rows.pop().map(|(at, _)| at);
                return Ok((rows, next));
            }
            match rows.last() {
                Some((last, _)) if page.more => range.start = after(last),
                _ => return Ok((rows, None)),
            }
        }
    }
}
