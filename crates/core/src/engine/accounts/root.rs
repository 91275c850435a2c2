//! The root key: the one that is there before anybody can ask for another.

use super::{IssuedKey, RootKey, SECRET_CHARS, Secret, invalid, random};
use crate::engine::Engine;
use crate::error::Error;
use crate::limits;
use crate::model::{AccessKeyId, AccountId};
use crate::ports::{Expect, Write};
use crate::records::{RootRecord, decode, encode, keys};

/// The account of the root key.
pub(super) const ROOT_ACCOUNT: &str = "root";
/// Record of the server that names the root key.
const ROOT_RECORD: &str = "root-key";

impl Engine {
    /// Sees to it that there is a root key: the one that is given, or the stored one, or a new one. A
    /// given key replaces an earlier root key, which then is unknown. `InvalidArgument` when the given
    /// one has no 1 to 128 printable characters, or is an ordinary key already.
    pub async fn ensure_root(&self, given: Option<(&str, &Secret)>) -> Result<RootKey, Error> {
        let former = self.root_access().await?;
        let (access, secret, shown) = match (given, &former) {
            (Some((access, secret)), _) => (checked_root(access, secret)?, secret.clone(), None),
            (None, Some(access)) => {
                return Ok(RootKey {
                    access: access.clone(),
                    secret: None,
                });
            }
            (None, None) => {
                let secret = Secret::new(&self.random(random::MIXED, SECRET_CHARS));
                (self.new_access(), secret.clone(), Some(secret))
            }
        };
        self.store_root(&access, &secret, former).await?;
        Ok(RootKey {
            access,
            secret: shown,
        })
    }

    pub(super) async fn root_access(&self) -> Result<Option<AccessKeyId>, Error> {
        let record = self.get_one(keys::server(ROOT_RECORD)).await?;
        let root = record.map(|record| decode::<RootRecord>(&record.bytes));
        Ok(root.transpose()?.map(|root| root.access))
    }

    async fn store_root(
        &self,
        access: &AccessKeyId,
        secret: &Secret,
        former: Option<AccessKeyId>,
    ) -> Result<(), Error> {
        let at = keys::credential(access);
        let known = self.get_one(at.clone()).await?;
        let expect = match (&known, former.as_ref() == Some(access)) {
            (Some(record), true) => {
                let held = self.opened(access, decode(&record.bytes)?)?;
                if held.secret == *secret {
                    return Ok(());
                }
                Expect::Revision(at.clone(), record.revision)
            }
            (Some(_), false) => {
                return Err(invalid(
                    "the root access key is an ordinary key already; choose another or remove it",
                ));
            }
            (None, _) => Expect::Absent(at.clone()),
        };
        let account = AccountId(ROOT_ACCOUNT.into());
        let now = self.ports.clock.now();
        let issued = IssuedKey {
            access: access.clone(),
            secret: secret.clone(),
            token: None,
            expires_at: None,
        };
        let mut write = vec![
            Write::Put(at, encode(&self.sealed(&account, &issued, now))),
            Write::Put(
                keys::server(ROOT_RECORD),
                encode(&RootRecord {
                    access: access.clone(),
                }),
            ),
        ];
        let replaced = former.filter(|former| former != access);
        write.extend(
            replaced
                .iter()
                .map(|former| Write::Delete(keys::credential(former))),
        );
        write.extend(self.first_of(&account).await?);
        self.change_keys(vec![expect], write).await?;
        for changed in replaced.iter().chain([access]) {
            self.credentials.forget(changed);
        }
        Ok(())
    }
}

fn checked_root(access: &str, secret: &Secret) -> Result<AccessKeyId, Error> {
    let lengths = [access, secret.expose()].map(|text| text.chars().count());
    if lengths
        .iter()
        .any(|len| !(1..=limits::ROOT_KEY_CHARS_MAX).contains(len))
    {
        return Err(invalid(
            "the root access key and its secret have 1 to 128 characters each",
        ));
    }
    if !access.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(invalid(
            "the root access key has only printable ASCII characters and no spaces",
        ));
    }
    if secret.expose().chars().any(char::is_control) {
        return Err(invalid(
            "the secret of the root key has only printable characters",
        ));
    }
    Ok(AccessKeyId(access.into()))
}
