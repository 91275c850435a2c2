//! The registry of functions: names that notification rules can point at. Nothing here contacts one.

use bytes::Bytes;

use super::Engine;
use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::Timestamp;
use crate::ports::{KeyRange, Table, Txn, When, Write};
use crate::records::{FunctionRecord, decode, encode, keys};
use crate::rules::callback::is_web_address;

/// A registered function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name that rules use.
    pub name: Box<str>,
    /// Where it is invoked.
    pub url: Box<str>,
    /// When this URL was registered.
    pub added_at: Timestamp,
}

impl Engine {
    /// Registers a function under a name; a known name gets the new URL. `InvalidArgument` for a name
    /// or URL that cannot be one, or when there are [`limits::FUNCTIONS_MAX`] already.
    pub async fn add_function(&self, name: &str, url: &str) -> Result<(), Error> {
        check_name(name)?;
        if url.len() > limits::URL_BYTES_MAX || !is_web_address(url) {
            return Err(invalid(
                "a function has an absolute http:// or https:// URL of at most 8 KiB without spaces",
            ));
        }
        if self.function(name).await?.is_none()
            && self.list_functions().await?.len() >= limits::FUNCTIONS_MAX
        {
            return Err(invalid("there are 1000 functions; remove some first"));
        }
        let record = FunctionRecord {
            url: url.into(),
            added_at: self.ports.clock.now(),
        };
        self.write_alone(Write::Put(keys::function(name), encode(&record)))
            .await
    }

    /// All functions in the order of their names.
    pub async fn list_functions(&self) -> Result<Vec<Function>, Error> {
        let all = KeyRange {
            table: Table::Functions,
            start: Bytes::new(),
            end: None,
        };
        let rows = Walk::over(all).all(&*self.ports.meta).await?;
        rows.into_iter()
            .filter_map(|(at, record)| {
                let name = std::str::from_utf8(&at).ok()?.into();
                Some(function_of(name, &record.bytes))
            })
            .collect()
    }

    /// Forgets a function; whether there was one. Rules that name it keep their events until it is
    /// registered again.
    pub async fn remove_function(&self, name: &str) -> Result<bool, Error> {
        let known = self.function(name).await?.is_some();
        if known {
            self.write_alone(Write::Delete(keys::function(name)))
                .await?;
        }
        Ok(known)
    }

    /// A function by name.
    pub async fn function(&self, name: &str) -> Result<Option<Function>, Error> {
        let record = self.get_one(keys::function(name)).await?;
        record
            .map(|record| function_of(name.into(), &record.bytes))
            .transpose()
    }

    /// Commits one write that expects nothing.
    pub(super) async fn write_alone(&self, write: Write) -> Result<(), Error> {
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![write],
            payloads: Vec::new(),
        };
        let outcomes = self.ports.meta.commit(vec![txn]).await;
        outcomes
            .into_iter()
            .try_for_each(|outcome| outcome.map_err(Error::from))
    }
}

fn function_of(name: Box<str>, bytes: &[u8]) -> Result<Function, Error> {
    let FunctionRecord { url, added_at } = decode(bytes)?;
    Ok(Function {
        name,
        url,
        added_at,
    })
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:/-".contains(&b);
    if name.is_empty() || name.len() > limits::FUNCTION_NAME_BYTES_MAX || !name.bytes().all(plain) {
        return Err(invalid(
            "a function's name has 1 to 128 of letters, digits, '_', '.', ':', '/' and '-'",
        ));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
