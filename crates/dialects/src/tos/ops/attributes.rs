//! What a new object carries, from headers or from the fields of a form: they have the same names.

use std::collections::BTreeMap;

use cohong_core::engine::Attributes;
use cohong_core::limits::GRANTS_MAX;
use cohong_core::model::{Acl, Grant, Permission, StoredHeaders, UserMeta};
use http::HeaderMap;

use crate::tos::error::TosError;
use crate::tos::wire::header::META_PREFIX;
use crate::tos::wire::object::tag_header;
use crate::tos::wire::words;

/// Names that operations look at beside those with the vendor's prefix.
const STANDARD: [&str; 12] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// What the vendor's service would do with an object and this server does not: refused, never ignored,
/// because each is a promise about the stored bytes.
const REFUSED: [&str; 7] = [
    "x-tos-image-operations",
    "x-tos-object-expires",
    "x-tos-server-side-encryption",
    "x-tos-server-side-encryption-customer-algorithm",
    "x-tos-server-side-encryption-customer-key",
    "x-tos-server-side-encryption-customer-key-md5",
    "x-tos-server-side-encryption-key-id",
];

/// The named values of a request: lower-case names, each once.
#[derive(Debug)]
pub(super) struct Given<'a>(BTreeMap<String, &'a str>);

impl<'a> Given<'a> {
    /// Of the headers that operations look at.
    pub(super) fn headers(headers: &'a HeaderMap) -> Result<Self, TosError> {
        let known = headers.iter().filter(|(name, _)| is_known(name.as_str()));
        let pairs = known.map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes())
                .map_err(|_| TosError::invalid_argument(format!("header {name} is not UTF-8")))?;
            Ok((name.as_str().to_owned(), value))
        });
        Self::collect(pairs)
    }

    /// Of the fields of a form. They become headers later, so they must be able to.
    pub(super) fn fields(fields: &'a [(String, String)]) -> Result<Self, TosError> {
        let known = fields
            .iter()
            .filter(|(name, _)| is_known(&name.to_ascii_lowercase()));
        let pairs = known.map(|(name, value)| {
            let clean = |text: &str| !text.contains(|c: char| c.is_control() && c != '\t');
            if !clean(value) || http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(TosError::invalid_argument(format!(
                    "the form field {name:?} holds what no header can hold"
                )));
            }
            Ok((name.to_ascii_lowercase(), value.as_str()))
        });
        Self::collect(pairs)
    }

    fn collect(
        pairs: impl Iterator<Item = Result<(String, &'a str), TosError>>,
    ) -> Result<Self, TosError> {
        let mut map = BTreeMap::new();
        for pair in pairs {
            let (name, value) = pair?;
            if map.insert(name.clone(), value).is_some() {
                return Err(TosError::invalid_argument(format!("{name} stands twice")));
            }
        }
        Ok(Self(map))
    }

    /// The value under a lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }
}

fn is_known(name: &str) -> bool {
    name.starts_with("x-tos-") || STANDARD.contains(&name)
}

/// Everything a new object carries.
pub(super) fn attributes(given: &Given<'_>) -> Result<Attributes, TosError> {
    refuse_unkept(given)?;
    Ok(Attributes {
        headers: stored_headers(given),
        user_meta: user_meta(given),
        tags: given
            .get("x-tos-tagging")
            .map(tag_header)
            .transpose()?
            .unwrap_or_default(),
        class: given
            .get("x-tos-storage-class")
            .map(words::class)
            .transpose()?,
        acl: acl(given)?.own(),
    })
}

/// An error when the request asks for something that would not be done.
pub(super) fn refuse_unkept(given: &Given<'_>) -> Result<(), TosError> {
    match REFUSED.iter().find(|name| given.get(name).is_some()) {
        None => Ok(()),
        Some(name) => Err(TosError::not_implemented(name)),
    }
}

/// Headers given back with the object.
pub(super) fn stored_headers(given: &Given<'_>) -> StoredHeaders {
    let text = |name| {
        given
            .get(name)
            .filter(|value| !value.is_empty())
            .map(Into::into)
    };
    StoredHeaders {
        content_type: text("content-type"),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding"),
        content_language: text("content-language"),
        expires: text("expires"),
        website_redirect: text("x-tos-website-redirect-location"),
    }
}

/// User metadata, verbatim: clients escape names and values themselves (sheet, trap 18).
pub(super) fn user_meta(given: &Given<'_>) -> UserMeta {
    let names = given.0.iter();
    let pairs = names.filter_map(|(name, value)| {
        let name = name
            .strip_prefix(META_PREFIX)
            .filter(|name| !name.is_empty())?;
        Some((name.into(), (*value).into()))
    });
    pairs.collect()
}

/// What the headers say of an access control list.
#[derive(Debug)]
pub(super) enum AclHeaders {
    /// Nothing.
    Silent,
    /// The list of the bucket is to be in force.
    OfBucket,
    /// This list.
    Own(Acl),
}

impl AclHeaders {
    /// The list of a new object; `None` leaves that of its bucket in force.
    pub(super) fn own(self) -> Option<Acl> {
        match self {
            Self::Silent | Self::OfBucket => None,
            Self::Own(acl) => Some(acl),
        }
    }
}

/// Reads the headers of an access control list: a canned word or grants.
pub(super) fn acl(given: &Given<'_>) -> Result<AclHeaders, TosError> {
    let canned = given.get("x-tos-acl").filter(|word| !word.is_empty());
    let grants = grants(given)?;
    match (canned, grants.is_empty()) {
        (None, true) => Ok(AclHeaders::Silent),
        (Some(word), true) => {
            Ok(words::canned_acl(word)?.map_or(AclHeaders::OfBucket, AclHeaders::Own))
        }
        (None, false) if grants.len() <= GRANTS_MAX => Ok(AclHeaders::Own(Acl { grants })),
        (None, false) => Err(TosError::invalid_argument("there are more than 100 grants")),
        (Some(_), false) => Err(TosError::invalid_argument(
            "give either x-tos-acl or x-tos-grant headers, not both",
        )),
    }
}

fn grants(given: &Given<'_>) -> Result<Vec<Grant>, TosError> {
    let headers = [
        ("x-tos-grant-full-control", Permission::FullControl),
        ("x-tos-grant-read", Permission::Read),
        ("x-tos-grant-read-non-list", Permission::ReadNonList),
        ("x-tos-grant-read-acp", Permission::ReadAcl),
        ("x-tos-grant-write", Permission::Write),
        ("x-tos-grant-write-acp", Permission::WriteAcl),
    ];
    let mut grants = Vec::new();
    for (name, permission) in headers {
        if let Some(value) = given.get(name) {
            let grantees = words::grantees(value)?.into_iter();
            grants.extend(grantees.map(|grantee| Grant {
                grantee,
                permission,
            }));
        }
    }
    Ok(grants)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Attributes, TosError> {
        attributes(&Given::fields(&fields(pairs))?)
    }

    #[test]
    fn attributes_are_read() {
        let read = read(&[
            ("Content-Type", "text/plain"),
            ("x-tos-meta-%E4%B8%AD", "%E6%96%87"),
            ("X-Tos-Meta-A", "b"),
            ("x-tos-storage-class", "IA"),
            ("x-tos-tagging", "a=1"),
            ("x-tos-acl", "public-read"),
            ("something-else", "ignored\r\n"),
        ]);
        let read = read.expect("accepted");
        assert_eq!(read.headers.content_type.as_deref(), Some("text/plain"));
        let meta: UserMeta = vec![
            ("%e4%b8%ad".into(), "%E6%96%87".into()),
            ("a".into(), "b".into()),
        ];
        assert_eq!(read.user_meta, meta);
        assert_eq!(read.tags.len(), 1);
        assert_eq!(read.acl.expect("a list").grants.len(), 1);
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("x-tos-meta-a", "b\r\nc: d")], "InvalidArgument"),
            (&[("x-tos-meta-a\r\n", "b")], "InvalidArgument"),
            (
                &[("x-tos-meta-a", "b"), ("X-TOS-META-A", "c")],
                "InvalidArgument",
            ),
            (&[("x-tos-acl", "everybody")], "InvalidArgument"),
            (
                &[("x-tos-acl", "private"), ("x-tos-grant-read", "id=1")],
                "InvalidArgument",
            ),
            (
                &[("x-tos-storage-class", "DEEP_COLD_ARCHIVE")],
                "InvalidArgument",
            ),
            (
                &[("x-tos-server-side-encryption", "AES256")],
                "NotImplemented",
            ),
        ];
        for (pairs, code) in cases {
            assert_eq!(read(pairs).expect_err("refused").code, *code, "{pairs:?}");
        }
    }
}
