//! How a store is spoken to, and what its vendor calls things.

use cohong_core::model::StorageClass as Class;

/// A way of speaking to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Amazon S3 and what is compatible with it, signed by version 4.
    S3,
    /// Alibaba Cloud OSS, signed by version 4, or 1 where no region is known.
    Oss,
    /// Volcengine TOS.
    Tos,
    /// Azure Blob Storage: containers are the buckets, and the access key is the name of an account.
    Azure,
    /// Any HTTP server: keys are paths below a URL. Nothing is signed or listed.
    Http,
}

impl Speech {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::S3, Self::Oss, Self::Tos, Self::Azure, Self::Http];

    /// Its word in commands and records.
    pub fn word(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Oss => "oss",
            Self::Tos => "tos",
            Self::Azure => "azure",
            Self::Http => "http",
        }
    }

    /// The way with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|speech| speech.word() == word)
    }

    pub(super) fn facts(self) -> &'static Facts {
        match self {
            Self::S3 => &S3,
            Self::Oss => &OSS,
            Self::Tos => &TOS,
            Self::Azure => &AZURE,
            Self::Http => &HTTP,
        }
    }
}

/// What differs between vendors in answers about objects.
#[derive(Debug)]
pub(super) struct Facts {
    /// What names of the vendor's headers begin with; empty where there are none.
    pub(super) prefix: &'static str,
    /// Header with the CRC-64 of the whole object.
    pub(super) crc64: Option<&'static str>,
    /// Whether a plain entity tag is the MD5, as far as encryption lets it.
    pub(super) etag_is_md5: bool,
    /// What the header with the class is called behind the prefix.
    pub(super) class: &'static str,
    /// Classes; a word that is not there is taken for the standard one.
    pub(super) classes: &'static [(&'static str, Class)],
    /// What asks for an archived object: media type and body with the number of days for `DAYS`.
    pub(super) restore: Option<(&'static str, &'static str)>,
}

/// Sheet `s3.md`; the words below the blank line are those of compatible stores, OBS and COS. COS also
/// publishes a CRC-64.
const S3: Facts = Facts {
    prefix: "x-amz-",
    crc64: Some("x-cos-hash-crc64ecma"),
    etag_is_md5: true,
    class: "storage-class",
    classes: &[
        ("STANDARD_IA", Class::Infrequent),
        ("ONEZONE_IA", Class::Infrequent),
        ("INTELLIGENT_TIERING", Class::Intelligent),
        ("GLACIER_IR", Class::ArchiveInstant),
        ("GLACIER", Class::Archive),
        ("DEEP_ARCHIVE", Class::DeepColdArchive),
        // Compatible stores.
        ("WARM", Class::Infrequent),
        ("COLD", Class::Archive),
        ("ARCHIVE", Class::Archive),
        ("MAZ_STANDARD_IA", Class::Infrequent),
        ("MAZ_INTELLIGENT_TIERING", Class::Intelligent),
    ],
    restore: Some((
        "application/xml",
        "<RestoreRequest><Days>DAYS</Days></RestoreRequest>",
    )),
};

/// Sheet `oss.md`, section 3. Entity tags are the MD5 of some objects only, and nothing tells which.
const OSS: Facts = Facts {
    prefix: "x-oss-",
    crc64: Some("x-oss-hash-crc64ecma"),
    etag_is_md5: false,
    class: "storage-class",
    classes: &[
        ("IA", Class::Infrequent),
        ("Archive", Class::Archive),
        ("ColdArchive", Class::ColdArchive),
        ("DeepColdArchive", Class::DeepColdArchive),
    ],
    restore: Some((
        "application/xml",
        "<RestoreRequest><Days>DAYS</Days></RestoreRequest>",
    )),
};

/// Sheet `tos.md`, section 4.
const TOS: Facts = Facts {
    prefix: "x-tos-",
    crc64: Some("x-tos-hash-crc64ecma"),
    etag_is_md5: false,
    class: "storage-class",
    classes: &[
        ("IA", Class::Infrequent),
        ("ARCHIVE_FR", Class::ArchiveInstant),
        ("INTELLIGENT_TIERING", Class::Intelligent),
        ("ARCHIVE", Class::Archive),
        ("COLD_ARCHIVE", Class::ColdArchive),
        ("DEEP_COLD_ARCHIVE", Class::DeepColdArchive),
    ],
    restore: Some(("application/json", "{\"Days\":DAYS}")),
};

/// The vendor's pages "Get Blob Properties" and "Access tiers". What an archived object comes back as is a
/// lasting choice of its owner, so none is asked for.
const AZURE: Facts = Facts {
    prefix: "x-ms-",
    crc64: None,
    etag_is_md5: false,
    class: "access-tier",
    classes: &[
        ("Cool", Class::Infrequent),
        ("Cold", Class::Infrequent),
        ("Archive", Class::Archive),
    ],
    restore: None,
};

const HTTP: Facts = Facts {
    prefix: "",
    crc64: None,
    etag_is_md5: false,
    class: "storage-class",
    classes: &[],
    restore: None,
};

impl Facts {
    /// The class with this word.
    pub(super) fn class(&self, word: &str) -> Class {
        let found = self.classes.iter().find(|(known, _)| *known == word);
        found.map_or(Class::Standard, |(_, class)| *class)
    }

    /// The word for a class, where there is one.
    pub(super) fn word(&self, class: Class) -> Option<&'static str> {
        let found = self.classes.iter().find(|(_, known)| *known == class);
        found.map(|(word, _)| *word)
    }
}
