//! Where a store is, and the addresses of what is in it.

use cohong_core::ports::SourceFault;
use cohong_sign::{encode, encode_path};

use super::speech::Speech;
use crate::policy::Given;

/// What stands for the region in an endpoint.
const REGION: &str = "{region}";
/// What stands for the account in an endpoint of [`Speech::Azure`], and how long its name may be.
const ACCOUNT: &str = "{account}";
const ACCOUNT_BYTES: std::ops::RangeInclusive<usize> = 3..=24;
/// Longest name of a region or of a bucket, bytes: the longest label of a host name, and the longest
/// bucket names that vendors ever gave.
const REGION_BYTES_MAX: usize = 63;
const BUCKET_BYTES_MAX: usize = 255;

/// A store, as it can be asked for one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// How it is spoken to.
    pub speech: Speech,
    /// Absolute http or https URL. `{region}` in it stands for the region asked for, `{account}` for the
    /// access key's name. A path is for [`Speech::Http`] and [`Speech::Azure`] only.
    pub endpoint: Box<str>,
    /// Whether buckets stand in paths, not in host names.
    pub path_style: bool,
    /// The region that signatures name.
    pub signing_region: Option<Box<str>>,
    /// Who gave the endpoint.
    pub given: Given,
}

/// Address of an object, or of the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme, host and port.
    pub(super) origin: String,
    /// Escaped path.
    pub(super) path: String,
    /// Escaped query without `?`.
    pub(super) query: String,
}

impl Address {
    pub(super) fn url(&self) -> String {
        let Self {
            origin,
            path,
            query,
        } = self;
        match query.as_str() {
            "" => format!("{origin}{path}"),
            query => format!("{origin}{path}?{query}"),
        }
    }
}

impl Store {
    /// The store of one region. `Unknown` when the region has to become part of a host name and cannot.
    pub(super) fn within(mut self, region: &str) -> Result<Self, SourceFault> {
        if self.endpoint.contains(REGION) {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let fits = (1..=REGION_BYTES_MAX).contains(&region.len());
            if !fits || !region.bytes().all(plain) {
                return Err(SourceFault::Unknown("no region has such a name".into()));
            }
            self.endpoint = self.endpoint.replace(REGION, region).into();
        }
        Ok(self)
    }

    /// The store of one account, where its endpoint names it. `Denied` for what no account is called.
    pub(super) fn of_account(mut self, account: &str) -> Result<Self, SourceFault> {
        if self.speech == Speech::Azure && self.endpoint.contains(ACCOUNT) {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            if !ACCOUNT_BYTES.contains(&account.len()) || !account.bytes().all(plain) {
                return Err(SourceFault::Denied);
            }
            self.endpoint = self.endpoint.replace(ACCOUNT, account).into();
        }
        Ok(self)
    }

    /// The address of a key of a bucket, of the bucket, or without both of the store itself. `Missing` for names that
    /// no bucket has.
    pub(super) fn address(
        &self,
        bucket: &str,
        key: Option<&str>,
        query: &[(&str, &str)],
    ) -> Result<Address, SourceFault> {
        let (scheme, rest) = self.endpoint.split_once("://").ok_or_else(no_endpoint)?;
        let (host, base) = rest.split_once('/').unwrap_or((rest, ""));
        let key = key.map(|key| encode_path(key.as_bytes()));
        let (origin, path) = if self.speech == Speech::Http {
            let bucket = encode_path(bucket.as_bytes());
            let parts = [
                base.trim_matches('/'),
                &bucket,
                key.as_deref().unwrap_or_default(),
            ];
            // All but the key may be missing.
            let folders = parts[..2].iter().filter(|part| !part.is_empty());
            let parts: Vec<&str> = folders.chain(&parts[2..]).copied().collect();
            (
                format!("{scheme}://{host}"),
                format!("/{}", parts.join("/")),
            )
        } else if bucket.is_empty() && key.is_none() {
            let base = base.trim_end_matches('/');
            (format!("{scheme}://{host}"), format!("/{base}"))
        } else if !is_bucket(bucket) {
            return Err(SourceFault::Missing);
        } else if self.speech == Speech::Azure {
            let base = [base.trim_matches('/'), bucket].into_iter();
            let parts = base.filter(|part| !part.is_empty()).chain(key.as_deref());
            let path: String = parts.flat_map(|part| ["/", part]).collect();
            (format!("{scheme}://{host}"), path)
        } else if self.path_style {
            let path = match key {
                Some(key) => format!("/{bucket}/{key}"),
                None => format!("/{bucket}"),
            };
            (format!("{scheme}://{host}"), path)
        } else {
            let path = format!("/{}", key.unwrap_or_default());
            (format!("{scheme}://{bucket}.{host}"), path)
        };
        let pair = |(name, value): &(&str, &str)| match *value {
            "" => encode(name.as_bytes()),
            value => format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes())),
        };
        let query: Vec<String> = query.iter().map(pair).collect();
        Ok(Address {
            origin,
            path,
            query: query.join("&"),
        })
    }
}

fn is_bucket(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let fits = (1..=BUCKET_BYTES_MAX).contains(&name.len());
    fits && name.bytes().all(plain) && !name.starts_with('.') && !name.contains("..")
}

fn no_endpoint() -> SourceFault {
    SourceFault::Broken("its endpoint is no absolute URL".into())
}
