//! The registry of sources: where stores are that sync tasks name by kind and place. Nothing here
//! contacts one.

use bytes::Bytes;

use super::Engine;
use super::walk::Walk;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::ports::{KeyRange, Table, Write};
use crate::records::{SourceRecord, decode, encode, keys};
use crate::rules::callback::is_web_address;

/// The region of a source that stands for every place.
pub const ANYWHERE: &str = "*";

/// A source before it is registered.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// The name that the operator knows it by.
    pub name: Box<str>,
    /// Kind of the store, as sync tasks name it.
    pub cloud: Box<str>,
    /// Where it is, as sync tasks name it; `*` for every place of this kind that has no source of its own.
    pub region: Box<str>,
    /// How it is spoken to: a word of whoever opens sources.
    pub speech: Box<str>,
    /// Its absolute http or https URL.
    pub endpoint: Box<str>,
    /// Whether buckets stand in paths, not in host names.
    pub path_style: bool,
    /// The region that signatures name, where it is another than `region`.
    pub signing_region: Option<Box<str>>,
}

/// A registered source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSource {
    /// The name that the operator knows it by.
    pub name: Box<str>,
    /// What is known of it.
    pub record: SourceRecord,
}

impl Engine {
    /// Registers a source under a name; a known name gets the new facts. `InvalidArgument` for words or
    /// a URL that cannot be some, for a place that another name has, or when there are
    /// [`limits::SOURCES_MAX`] already.
    pub async fn add_source(&self, new: NewSource) -> Result<(), Error> {
        check(&new)?;
        let others = self.list_sources().await?;
        let others = others.iter().filter(|other| other.name != new.name);
        let mut count = 0;
        for other in others {
            if is_kind(&other.record, &new.cloud) && other.record.region == new.region {
                let name = &other.name;
                let message = format!("source {name} has that cloud and region; remove it first");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
            count += 1;
        }
        if count >= limits::SOURCES_MAX {
            return Err(invalid("there are 256 sources; remove some first"));
        }
        let at = keys::source(&new.name);
        let record = SourceRecord {
            cloud: new.cloud,
            region: new.region,
            speech: new.speech,
            endpoint: new.endpoint,
            path_style: new.path_style,
            signing_region: new.signing_region,
            added_at: self.ports.clock.now(),
        };
        self.write_alone(Write::Put(at, encode(&record))).await
    }

    /// All sources in the order of their names.
    pub async fn list_sources(&self) -> Result<Vec<RegisteredSource>, Error> {
        let all = KeyRange {
            table: Table::Sources,
            start: Bytes::new(),
            end: None,
        };
        let rows = Walk::over(all).all(&*self.ports.meta).await?;
        let mut sources = Vec::with_capacity(rows.len());
        for (at, record) in rows {
            let name = String::from_utf8_lossy(&at).into();
            let record = decode(&record.bytes)?;
            sources.push(RegisteredSource { name, record });
        }
        Ok(sources)
    }

    /// Forgets a source; whether there was one. Tasks that read from it go on until they are started
    /// again.
    pub async fn remove_source(&self, name: &str) -> Result<bool, Error> {
        let at = keys::source(name);
        let found = self.ports.meta.get_many(std::slice::from_ref(&at)).await?;
        let known = found.into_iter().flatten().next().is_some();
        if known {
            self.write_alone(Write::Delete(at)).await?;
        }
        Ok(known)
    }

    /// The source of a kind of store at a place, else the one for every place. Kinds are compared
    /// without case.
    pub async fn source_at(
        &self,
        cloud: &str,
        region: &str,
    ) -> Result<Option<SourceRecord>, Error> {
        let mut anywhere = None;
        for RegisteredSource { record, .. } in self.list_sources().await? {
            if !is_kind(&record, cloud) {
                continue;
            }
            if *record.region == *region {
                return Ok(Some(record));
            }
            if &*record.region == ANYWHERE {
                anywhere = Some(record);
            }
        }
        Ok(anywhere)
    }
}

fn is_kind(record: &SourceRecord, cloud: &str) -> bool {
    record.cloud.eq_ignore_ascii_case(cloud)
}

fn check(new: &NewSource) -> Result<(), Error> {
    let words = [&new.name, &new.cloud, &new.speech];
    let regions = [Some(&new.region), new.signing_region.as_ref()];
    let words = words.into_iter().chain(regions.into_iter().flatten());
    if !words.into_iter().all(|word| is_word(word)) {
        return Err(invalid(
            "name, cloud and regions of a source have 1 to 128 of letters, digits, '_', '.' and '-'; \
             the region may be '*'",
        ));
    }
    let web = is_web_address(&new.endpoint) && !new.endpoint.contains(['?', '#', '@']);
    if new.endpoint.len() > limits::URL_BYTES_MAX || !web {
        return Err(invalid(
            "the endpoint of a source is an absolute http:// or https:// URL of at most 8 KiB without \
             spaces, query and user information",
        ));
    }
    Ok(())
}

fn is_word(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let fits = (1..=limits::SOURCE_NAME_BYTES_MAX).contains(&word.len());
    word == ANYWHERE || (fits && word.bytes().all(plain))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
