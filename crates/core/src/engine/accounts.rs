//! Accounts and access keys. An account is no more than a name that owns keys and buckets.
//!
//! Secrets are sealed before they are stored, shown once when they are made, and otherwise leave this
//! module only for computing signatures; the one of [`Engine::local_key`] is shown again to the operator.

mod cache;
mod local;
mod public;
mod random;
mod root;
mod types;

use std::time::Duration;

use super::Engine;
use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{AccessKeyId, AccountId, Principal, SessionToken, Timestamp};
use crate::ports::{Expect, KeyRange, Table, Txn, When, Write};
use crate::records::{CredentialRecord, decode, encode, keys};

pub(crate) use cache::Cache;
pub use types::{Credential, IssuedKey, KeyInfo, RootKey, Secret};

/// Length of a made access key behind its `AK`.
const ACCESS_CHARS: usize = 20;
/// Length of a made secret: 238 bits.
const SECRET_CHARS: usize = 40;
/// Length of a made token.
const TOKEN_CHARS: usize = 64;

impl Engine {
    /// Makes a key, and the account with its first one. A temporary key ends after the given time, at
    /// most [`limits::TEMPORARY_KEY_MAX`]. Keys that expired long ago are forgotten on the way.
    pub async fn create_key(
        &self,
        account: &AccountId,
        temporary: Option<Duration>,
    ) -> Result<IssuedKey, Error> {
        check_account(account)?;
        check_life(temporary)?;
        let now = self.ports.clock.now();
        let stored = self.stored_keys().await?;
        let (outlived, kept): (Vec<_>, Vec<_>) = stored.into_iter().partition(|(_, key)| {
            let kept_until = key.expires_at.map(|end| end.plus(limits::EXPIRED_KEY_KEPT));
            kept_until.is_some_and(|end| end < now)
        });
        if kept.len() >= limits::KEYS_MAX {
            return Err(invalid("there are 10000 access keys; remove some first"));
        }
        let issued = IssuedKey {
            access: self.new_access(),
            secret: Secret::new(&self.random(random::MIXED, SECRET_CHARS)),
            token: temporary.map(|_| SessionToken(self.random(random::MIXED, TOKEN_CHARS).into())),
            expires_at: temporary.map(|life| now.plus(life)),
        };
        let mut write: Vec<Write> = outlived
            .iter()
            .map(|(access, _)| Write::Delete(keys::credential(access)))
            .collect();
        write.push(Write::Put(
            keys::credential(&issued.access),
            encode(&self.sealed(account, &issued, now)),
        ));
        let absent = Expect::Absent(keys::credential(&issued.access));
        write.extend(self.first_of(account).await?);
        self.change_keys(vec![absent], write).await?;
        for access in outlived
            .iter()
            .map(|(access, _)| access)
            .chain([&issued.access])
        {
            self.credentials.forget(access);
        }
        Ok(issued)
    }

    /// The keys of an account, or all of them, in the order of their ids.
    pub async fn list_keys(&self, account: Option<&AccountId>) -> Result<Vec<KeyInfo>, Error> {
        let stored = self.stored_keys().await?.into_iter();
        let wanted =
            stored.filter(|(_, key)| account.is_none_or(|account| *account == key.account));
        let infos = wanted.map(|(access, key)| KeyInfo {
            access,
            account: key.account,
            created_at: key.created_at,
            expires_at: key.expires_at,
        });
        Ok(infos.collect())
    }

    /// Removes a key; from then on it is unknown. `UnknownAccessKey` when there is none,
    /// `InvalidArgument` for the root key.
    pub async fn remove_key(&self, access: &AccessKeyId) -> Result<(), Error> {
        if self.root_access().await?.as_ref() == Some(access) {
            return Err(invalid(
                "this is the root key; start the server with another root key to replace it",
            ));
        }
        let at = keys::credential(access);
        let record = self.get_one(at.clone()).await?.ok_or_else(|| {
            Error::new(ErrorKind::UnknownAccessKey, "there is no such access key")
        })?;
        let expect = vec![Expect::Revision(at.clone(), record.revision)];
        self.change_keys(expect, vec![Write::Delete(at)]).await?;
        self.credentials.forget(access);
        Ok(())
    }

    /// The credential of a key; `None` for an unknown key. Answers come from a cache that is at most
    /// [`limits::CREDENTIAL_AGE_MAX`] stale, and not at all about changes made by this process.
    pub async fn credential(&self, key: &AccessKeyId) -> Result<Option<Credential>, Error> {
        if key.0.is_empty() || key.0.len() > limits::ROOT_KEY_CHARS_MAX {
            return Ok(None);
        }
        let now = self.ports.clock.mono();
        let seen = match self.credentials.find(key, now) {
            Ok(answer) => return Ok(answer),
            Err(seen) => seen,
        };
        let record = self.get_one(keys::credential(key)).await?;
        let found = match record {
            Some(record) => Some(self.opened(key, decode(&record.bytes)?)?),
            None => None,
        };
        self.credentials.keep(key, found.as_ref(), now, seen);
        Ok(found)
    }

    /// What makes the account, when this is its first key.
    async fn first_of(&self, account: &AccountId) -> Result<Option<Write>, Error> {
        let (record, seen) = self.account(account).await?;
        Ok(seen
            .is_none()
            .then(|| Write::Put(keys::account(account), encode(&record))))
    }

    async fn stored_keys(&self) -> Result<Vec<(AccessKeyId, CredentialRecord)>, Error> {
        let all = KeyRange {
            table: Table::Credentials,
            start: bytes::Bytes::new(),
            end: None,
        };
        let rows = Walk::over(all).all(&*self.ports.meta).await?;
        rows.into_iter()
            .filter_map(|(at, record)| {
                let access = AccessKeyId(std::str::from_utf8(&at).ok()?.into());
                Some(decode(&record.bytes).map(|key| (access, key)))
            })
            .collect::<Result<_, _>>()
            .map_err(Error::from)
    }

    async fn change_keys(&self, expect: Vec<Expect>, write: Vec<Write>) -> Result<(), Error> {
        let txn = Txn {
            when: When::Now,
            expect,
            write,
            payloads: Vec::new(),
        };
        let outcome = self.ports.meta.commit(vec![txn]).await.into_iter().next();
        Ok(outcome.unwrap_or(Ok(()))?)
    }

    fn sealed(&self, account: &AccountId, issued: &IssuedKey, now: Timestamp) -> CredentialRecord {
        let seal = |text: &str| self.ports.sealer.seal(text.as_bytes());
        CredentialRecord {
            account: account.clone(),
            secret: seal(issued.secret.expose()),
            token: issued.token.as_ref().map(|token| seal(&token.0)),
            created_at: now,
            expires_at: issued.expires_at,
        }
    }

    fn opened(&self, access: &AccessKeyId, record: CredentialRecord) -> Result<Credential, Error> {
        let token = record
            .token
            .as_deref()
            .map(|token| self.open(token))
            .transpose()?;
        Ok(Credential {
            principal: Principal::Account {
                account: record.account,
                key: access.clone(),
            },
            secret: Secret::new(&self.open(&record.secret)?),
            token: token.map(|token| SessionToken(token.into())),
            expires_at: record.expires_at,
        })
    }

    fn open(&self, sealed: &[u8]) -> Result<String, Error> {
        let damaged = || {
            Error::new(
                ErrorKind::Internal,
                "a stored key cannot be opened; the operator has to restore the server's key file",
            )
        };
        let opened = self
            .ports
            .sealer
            .open(sealed)
            .map_err(|error| damaged().because(error))?;
        // The cause would show the secret.
        String::from_utf8(opened).map_err(|_| damaged())
    }

    fn new_access(&self) -> AccessKeyId {
        AccessKeyId(format!("AK{}", self.random(random::UPPER, ACCESS_CHARS)).into())
    }

    fn random(&self, alphabet: &[u8], len: usize) -> String {
        random::text(&*self.ports.sealer, alphabet, len)
    }
}

fn check_account(account: &AccountId) -> Result<(), Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if account.0.is_empty()
        || account.0.len() > limits::ACCOUNT_BYTES_MAX
        || !account.0.bytes().all(plain)
    {
        return Err(invalid(
            "an account's name has 1 to 64 of letters, digits, '-', '_' and '.'",
        ));
    }
    Ok(())
}

fn check_life(temporary: Option<Duration>) -> Result<(), Error> {
    let allowed = Duration::from_secs(1)..=limits::TEMPORARY_KEY_MAX;
    if temporary.is_some_and(|life| !allowed.contains(&life)) {
        return Err(invalid(
            "a temporary key lives at least a second and at most 7 days",
        ));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
