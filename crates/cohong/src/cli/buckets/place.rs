//! Places as they are typed.

use std::path::PathBuf;

use cohong_core::model::ObjectKey;
use cohong_egress::Speech;

use crate::cli::failure::Failure;

/// Tongues that places are named in.
const TONGUES: [Speech; 3] = [Speech::Tos, Speech::Oss, Speech::S3];

/// What a place is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard input or output.
    Stream,
    /// A file or a folder.
    Local(PathBuf),
    /// Something in a store.
    Remote(Remote),
}

/// A place in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// How the store is spoken to.
    pub(super) speech: Speech,
    /// Empty for the store itself.
    pub(super) bucket: String,
    /// A key, or what keys begin with; empty for the bucket. Byte for byte what was typed.
    pub(super) key: String,
}

impl Place {
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        if text == "-" {
            return Ok(Self::Stream);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Local(text.into()));
        };
        if scheme.contains(['.', '/']) {
            return Ok(Self::Local(text.into()));
        }
        let speech = TONGUES.into_iter().find(|speech| speech.word() == scheme);
        let speech = speech.ok_or_else(|| {
            Failure::usage(format!("{text} is in no store that is known"))
                .hint("write tos://, oss:// or s3://, or ./ in front of the name of a file")
        })?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() && !key.is_empty() {
            return Err(Failure::usage(format!("{text} names no bucket"))
                .hint(format!("write {scheme}://BUCKET/KEY")));
        }
        Ok(Self::Remote(Remote {
            speech,
            bucket: bucket.into(),
            key: key.into(),
        }))
    }
}

impl Remote {
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        match Place::read(text)? {
            Place::Remote(remote) => Ok(remote),
            _ => Err(Failure::usage(format!("{text} is no place in a store"))
                .hint("write tos://BUCKET/KEY, oss://BUCKET/KEY or s3://BUCKET/KEY")),
        }
    }

    /// A place that names a bucket and nothing in it.
    pub(super) fn only_bucket(text: &str) -> Result<Self, Failure> {
        let remote = Self::read(text)?;
        if remote.bucket.is_empty() || !remote.key.is_empty() {
            let scheme = remote.speech.word();
            return Err(
                Failure::usage(format!("{text} is not the name of a bucket"))
                    .hint(format!("write {scheme}://BUCKET")),
            );
        }
        Ok(remote)
    }

    /// The key it names.
    pub(super) fn object(&self) -> Result<ObjectKey, Failure> {
        ObjectKey::new(&self.key).map_err(|wrong| {
            Failure::usage(format!("{self}: {wrong}")).hint(format!(
                "write {}://BUCKET/KEY; -r means all keys below",
                self.speech.word()
            ))
        })
    }

    /// What keys in the folder that it names begin with: nothing, or a text with a slash at its end.
    pub(super) fn folder(&self) -> String {
        match self.key.as_str() {
            "" => String::new(),
            key if key.ends_with('/') => key.to_owned(),
            key => format!("{key}/"),
        }
    }

    /// The same place with another key.
    pub(super) fn with_key(&self, key: String) -> Self {
        Self {
            key,
            ..self.clone()
        }
    }
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            speech,
            bucket,
            key,
        } = self;
        write!(f, "{}://{bucket}", speech.word())?;
        match key.as_str() {
            "" => Ok(()),
            key => write!(f, "/{}", shown(key)),
        }
    }
}

/// A key for people: what a terminal would obey instead of showing is escaped.
pub(super) fn shown(key: &str) -> String {
    let each = key.chars().map(|c| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_byte_for_byte() {
        let remote = |speech, bucket: &str, key: &str| {
            Place::Remote(Remote {
                speech,
                bucket: bucket.into(),
                key: key.into(),
            })
        };
        let table = [
            ("-", Place::Stream),
            ("a", Place::Local("a".into())),
            ("./s3://x", Place::Local("./s3://x".into())),
            ("s3://", remote(Speech::S3, "", "")),
            ("tos://b", remote(Speech::Tos, "b", "")),
            ("oss://b/", remote(Speech::Oss, "b", "")),
            ("s3://b//k", remote(Speech::S3, "b", "/k")),
            (
                "s3://b/a//../ 公?#%41",
                remote(Speech::S3, "b", "a//../ 公?#%41"),
            ),
        ];
        for (text, wanted) in table {
            assert_eq!(Place::read(text).expect(text), wanted, "{text}");
        }
        for text in ["ftp://b/k", "s3:///k"] {
            assert_eq!(Place::read(text).expect_err(text).code, 2, "{text}");
        }
    }

    #[test]
    fn folders_end_with_a_slash() {
        let folder = |text| Remote::read(text).expect(text).folder();
        let table = [
            ("s3://b", ""),
            ("s3://b/p", "p/"),
            ("s3://b/p/", "p/"),
            ("s3://b//", "/"),
        ];
        for (text, wanted) in table {
            assert_eq!(folder(text), wanted, "{text}");
        }
    }

    #[test]
    fn terminals_are_not_told_what_to_do() {
        assert_eq!(shown("a\u{1b}[2J\n公"), "a\\u{1b}[2J\\n公");
    }
}
