//! What dialects of one family differ in where they do the same: a vendor's words and rules as data.

use std::ops::RangeInclusive;

use cohong_core::model::{
    Acl, ChecksumAlgorithm, Etag, Grant, Grantee, Permission, Replicated, StorageClass, Timestamp,
};
use http::HeaderName;

use super::callback::CallbackRules;
use super::checksum::Word;
use super::encryption::EncryptionWords;
use super::lock::LockWords;
use crate::gate::call::{Call, KeyRules};
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// A vendor's words and rules. Names of headers, parameters and fields are without the vendor's prefix
/// unless said otherwise.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
pub(crate) struct Vocabulary {
    /// What the vendor's own names begin with, lower case.
    pub(crate) prefix: &'static str,
    /// What answers call the server.
    pub(crate) server: &'static str,
    /// The type of all bodies that the vendor writes.
    pub(crate) body_type: &'static str,
    /// What bodies that are XML documents tell.
    pub(crate) bodies: Bodies,
    /// Headers of answers.
    pub(crate) names: Names,
    /// What is allowed of keys.
    pub(crate) keys: KeyRules,
    /// Parameter that says where an appended piece goes; empty with vendors whose objects do not grow.
    pub(crate) append_at: &'static str,
    /// Storage classes that can be asked for, with the vendor's words.
    pub(crate) classes: &'static [(StorageClass, &'static str)],
    /// Classes that are shown and cannot be asked for.
    pub(crate) classes_shown: &'static [(StorageClass, &'static str)],
    /// Words for whole access control lists; `None` leaves the bucket's grants in force.
    pub(crate) canned: &'static [(&'static str, Option<Grants>)],
    /// Headers that each grant one permission, where the vendor has them.
    pub(crate) grants: &'static [(&'static str, Permission)],
    /// How those headers name groups.
    pub(crate) groups: Groups,
    /// What the vendor's service would do with an object and this server does not: refused, never
    /// ignored, because each is a promise about the stored bytes.
    pub(crate) refused: &'static [&'static str],
    /// Type of objects stored without one.
    pub(crate) default_type: &'static str,
    /// How digits of entity tags are written.
    pub(crate) etags: Digits,
    /// Whether answers about a body's bytes tell their MD5 in `Content-MD5`.
    pub(crate) tells_md5: bool,
    /// Whether every object's answer says what it is; else only those do that are not plain objects.
    pub(crate) tells_kind: bool,
    /// Whether answers about an object tell its class also where it is the first one.
    pub(crate) tells_first_class: bool,
    /// Whether answers about an object tell when a lifecycle rule will delete it.
    pub(crate) tells_expiry: bool,
    /// Further checksums that clients may send and ask for, with the vendor's words.
    pub(crate) checksums: &'static [Word],
    /// The one of a body whose client sent none.
    pub(crate) usual_checksum: Option<ChecksumAlgorithm>,
    /// How bodies write instants.
    pub(crate) date: fn(Timestamp) -> String,
    /// The header for what the time of writing has beyond whole seconds, nanoseconds.
    pub(crate) modified_ns: Option<HeaderName>,
    /// Whether a new object may say after how many days it is to be deleted.
    pub(crate) own_ends: bool,
    /// How values of user metadata stand in headers.
    pub(crate) metadata: Metadata,
    /// Whether lists of parts tell the CRC-64 of each.
    pub(crate) tells_parts_crc64: bool,
    /// Whether a write may overwrite in spite of `forbid-overwrite` once the bucket has kept versions.
    pub(crate) versions_overwrite: bool,
    /// What copies do.
    pub(crate) copies: Copies,
    /// What a client means by a value of `response-content-disposition`.
    pub(crate) disposition: fn(&str) -> String,
    /// Whether answers to HEAD tell the range that is asked for; else it is ignored there.
    pub(crate) ranges_in_heads: bool,
    /// Whether a read may ask for one part of an object.
    pub(crate) reads_parts: bool,
    /// Whether `If-Match` says what may be deleted; else it is ignored there.
    pub(crate) conditional_deletes: bool,
    /// Whether a range without a byte of the object is the whole object, unless the request says
    /// `range-behavior: standard`.
    pub(crate) lenient_ranges: bool,
    /// Types of objects that are compressed on the way to those who ask for it.
    pub(crate) compressed: &'static [&'static str],
    /// What `traffic-limit` may ask for, bits in a second; ignored where there is no range.
    pub(crate) traffic: Option<RangeInclusive<u64>>,
    /// How the number of entries on a page is read.
    pub(crate) pages: Pages,
    /// What is allowed of the tags of an object.
    pub(crate) tags: TagRules,
    /// What is allowed of the tags of a bucket.
    pub(crate) bucket_tags: TagRules,
    /// How upload callbacks are ordered, with vendors that have them.
    pub(crate) callbacks: Option<Orders>,
    /// What a form's fields are held to.
    pub(crate) forms: Forms,
    /// How encryption at rest is asked for and told.
    pub(crate) encryption: EncryptionWords,
    /// How objects are locked, with vendors that lock single ones.
    pub(crate) locks: Option<LockWords>,
    /// How it is told what replication has to do with an object, with vendors that do.
    pub(crate) replicas: Option<ReplicaWords>,
}

/// How it is told what replication has to do with an object.
#[derive(Debug)]
pub(crate) struct ReplicaWords {
    /// The header.
    pub(crate) header: HeaderName,
    /// The word for an object that was copied wherever it is to be.
    pub(crate) complete: &'static str,
}

impl ReplicaWords {
    /// The word for a state; none for an object that replication has nothing to do with.
    pub(crate) fn word(&self, state: Replicated) -> Option<&'static str> {
        match state {
            Replicated::No => None,
            Replicated::Pending => Some("PENDING"),
            Replicated::Complete => Some(self.complete),
            Replicated::Failed => Some("FAILED"),
            Replicated::Copy(_) => Some("REPLICA"),
        }
    }
}

/// What is allowed of tags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagRules {
    /// How many there may be.
    pub(crate) most: usize,
    /// What no name begins with.
    pub(crate) reserved: Option<&'static str>,
    /// Characters beside letters and digits; all where nothing is said.
    pub(crate) marks: Option<&'static str>,
}

/// Grants that a word stands for.
pub(crate) type Grants = &'static [(Grantee, Permission)];

/// How headers that grant something name groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    /// Key of a group, as in `canned="AllUsers"`.
    pub(crate) key: &'static str,
    /// What stands in front of the group's name.
    pub(crate) front: &'static str,
}

/// How upload callbacks are ordered. Each pair names the order and its variables, in full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// How they are read, and what is made of them.
    pub(crate) rules: CallbackRules,
    /// Parameters of a presigned URL.
    pub(crate) query: [&'static str; 2],
    /// Fields of a form.
    pub(crate) fields: [&'static str; 2],
    /// Member of an order that names one which the bucket keeps, with vendors that have such.
    pub(crate) by_name: Option<&'static str>,
}

/// What bodies that are XML documents tell.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
pub(crate) struct Bodies {
    /// Namespace of their roots, those of errors and of answers to forms excepted.
    pub(crate) namespace: Option<&'static str>,
    /// Whether a page without delimiter says so with an empty element.
    pub(crate) empty_delimiter: bool,
    /// Whether lines of objects tell what their restore has come to.
    pub(crate) restores: bool,
    /// Whether rules for pages of other origins say that answers depend on the origin.
    pub(crate) vary: bool,
    /// Whether open uploads and lists of parts name who began the upload beside its owner.
    pub(crate) initiators: bool,
    /// Whether rules for pages of other origins keep names of headers in lower case.
    pub(crate) lower_headers: bool,
}

impl Bodies {
    /// Of a vendor whose bodies are no XML.
    pub(crate) const NONE: Self = Self {
        namespace: None,
        empty_delimiter: false,
        restores: false,
        vary: false,
        initiators: false,
        lower_headers: false,
    };
}

/// Names of headers in answers; none for what a vendor does not tell.
#[derive(Debug)]
pub(crate) struct Names {
    /// CRC-64 of the whole object, unsigned decimal.
    pub(crate) crc64: Option<HeaderName>,
    /// Stands only where it is true: SDKs take any value for true.
    pub(crate) delete_marker: HeaderName,
    /// The version an answer is about.
    pub(crate) version_id: HeaderName,
    /// The version a copy was read from.
    pub(crate) source_version_id: HeaderName,
    /// How the object is kept.
    pub(crate) storage_class: HeaderName,
    /// How many tags the object has.
    pub(crate) tagging_count: HeaderName,
    /// How the object came to be.
    pub(crate) kind: Option<HeaderName>,
    /// Where a website redirects to.
    pub(crate) website_redirect: HeaderName,
    /// Where the next piece of an appendable object goes.
    pub(crate) next_append: Option<HeaderName>,
    /// The key a link points at, percent-encoded.
    pub(crate) symlink_target: Option<HeaderName>,
    /// When a lifecycle rule will delete the object, and which.
    pub(crate) expiration: HeaderName,
    /// How many parts the object was made of.
    pub(crate) parts_count: HeaderName,
    /// What the restore of an object has come to.
    pub(crate) restore: HeaderName,
    /// The error's number.
    pub(crate) ec: Option<HeaderName>,
    /// The request's id.
    pub(crate) request_id: HeaderName,
    /// The server's clock, milliseconds.
    pub(crate) server_time: Option<HeaderName>,
    /// Stands only where what was read is a directory.
    pub(crate) directory: Option<HeaderName>,
}

/// The names of a family of headers under one prefix; with a `$place` also those of what not every vendor
/// has: pieces are appended there.
macro_rules! names {
    ($prefix:literal) => {
        $crate::common::vocabulary::names!(@all $prefix, [None, None, None, None, None, None, None])
    };
    ($prefix:literal, $place:literal) => {
        $crate::common::vocabulary::names!(@all $prefix, [
            Some(http::HeaderName::from_static(concat!($prefix, "hash-crc64ecma"))),
            Some(http::HeaderName::from_static(concat!($prefix, "object-type"))),
            Some(http::HeaderName::from_static(concat!($prefix, "next-append-", $place))),
            Some(http::HeaderName::from_static(concat!($prefix, "symlink-target"))),
            Some(http::HeaderName::from_static(concat!($prefix, "ec"))),
            Some(http::HeaderName::from_static(concat!($prefix, "server-time"))),
            Some(http::HeaderName::from_static(concat!($prefix, "directory")))
        ])
    };
    (@all $prefix:literal, [$crc64:expr, $kind:expr, $next:expr, $link:expr, $ec:expr, $time:expr, $directory:expr]) => {
        $crate::common::vocabulary::Names {
            crc64: $crc64,
            delete_marker: http::HeaderName::from_static(concat!($prefix, "delete-marker")),
            version_id: http::HeaderName::from_static(concat!($prefix, "version-id")),
            source_version_id: http::HeaderName::from_static(concat!(
                $prefix,
                "copy-source-version-id"
            )),
            storage_class: http::HeaderName::from_static(concat!($prefix, "storage-class")),
            tagging_count: http::HeaderName::from_static(concat!($prefix, "tagging-count")),
            kind: $kind,
            website_redirect: http::HeaderName::from_static(concat!(
                $prefix,
                "website-redirect-location"
            )),
            next_append: $next,
            symlink_target: $link,
            expiration: http::HeaderName::from_static(concat!($prefix, "expiration")),
            parts_count: http::HeaderName::from_static(concat!($prefix, "mp-parts-count")),
            restore: http::HeaderName::from_static(concat!($prefix, "restore")),
            ec: $ec,
            request_id: http::HeaderName::from_static(concat!($prefix, "request-id")),
            server_time: $time,
            directory: $directory,
        }
    };
}
pub(crate) use names;

/// How hexadecimal digits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// `0a`.
    Lower,
    /// `0A`.
    Upper,
}

/// How values of user metadata stand in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// As UTF-8.
    Text,
    /// Percent-encoded by the client where they are not ASCII.
    Escaped,
}

/// What a copy of the current version of an object onto itself does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OntoItself {
    /// What any copy does.
    Copies,
    /// It replaces the metadata, whatever the directive says.
    Replaces,
    /// It is refused unless it changes something.
    Refused,
}

/// What the range of a copied part may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartRanges {
    /// Open at one end, as that of a read.
    Open,
    /// From a byte to a byte; what the source does not have is left out.
    Closed,
    /// From a byte to a byte, all of which the source has.
    Within,
}

/// What copies do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copies {
    /// Whether new metadata leaves the content type where it names none.
    pub(crate) keep_type: bool,
    /// What a copy of an object onto itself does.
    pub(crate) onto_itself: OntoItself,
    /// Whether a source that is not new enough is answered with 304; else with 412.
    pub(crate) tell_not_modified: bool,
    /// What the range of a part may be.
    pub(crate) ranges: PartRanges,
    /// Whether `If-Match` and its relatives are about what the copy replaces; else they mean nothing.
    pub(crate) conditions: bool,
}

/// How the number of entries on a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Entries where the request names no number.
    pub(crate) default: usize,
    /// Which numbers it may name.
    pub(crate) sizes: Sizes,
}

/// Which numbers of entries a request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// 1 to 1,000; others are refused.
    Strict,
    /// Any; more than a thousand are a thousand.
    Capped,
    /// Any; more than a thousand are a thousand, and 0 is as good as no number.
    OrDefault,
}

/// What a form's fields are held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forms {
    /// Names and values of all fields in front of the file together, bytes.
    pub(crate) bytes_max: usize,
    /// Fields, which cost more than their bytes.
    pub(crate) fields_max: usize,
    /// Fields under the vendor's prefix that carry the signature: no condition needs to name them.
    pub(crate) of_signature: &'static [&'static str],
    /// Fields that stand for headers under the vendor's prefix without bearing it.
    pub(crate) bare: &'static [&'static str],
    /// Whether a field named `tagging` is a document of tags.
    pub(crate) tagging: bool,
    /// Which fields the policy has to name.
    pub(crate) named: Naming,
}

/// Which fields of a form its policy has to name with a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// None.
    Free,
    /// Those that tell the server what to do.
    Orders,
    /// All but these, and those that begin with the second.
    AllBut(&'static [&'static str], &'static str),
}

impl Vocabulary {
    /// The headers that operations look at.
    pub(crate) fn given<'a>(&self, call: &'a Call) -> Result<Given<'a>, Fault> {
        Given::headers(&call.headers, self.prefix)
    }

    /// The vendor's word for a class; the first one for a class it does not have.
    pub(crate) fn class_word(&self, class: StorageClass) -> &'static str {
        let mut all = self.classes.iter().chain(self.classes_shown);
        let named = all.find(|(known, _)| *known == class);
        named.or(self.classes.first()).map_or("", |(_, word)| word)
    }

    /// The class a word names.
    pub(crate) fn class(&self, word: &str) -> Result<StorageClass, Fault> {
        let named = self.classes.iter().find(|(_, known)| *known == word);
        named.map(|(class, _)| *class).ok_or_else(|| {
            let known: Vec<&str> = self.classes.iter().map(|(_, word)| *word).collect();
            Fault::argument(
                format!("{}storage-class", self.prefix),
                word,
                format!("this server keeps the storage classes {}", known.join(", ")),
            )
        })
    }

    /// The list a canned word stands for; `None` inside leaves the bucket's grants in force. `header`
    /// is where the word stands, full name.
    pub(crate) fn canned_acl(&self, header: &str, word: &str) -> Result<Option<Acl>, Fault> {
        let named = self.canned.iter().find(|(known, _)| *known == word);
        let Some((_, grants)) = named else {
            let why = format!("{header} is not one of the canned lists");
            return Err(Fault::argument(header.to_owned(), word, why));
        };
        let grant = |(grantee, permission): &(Grantee, Permission)| Grant {
            grantee: grantee.clone(),
            permission: *permission,
        };
        Ok(grants.map(|grants| Acl {
            grants: grants.iter().map(grant).collect(),
        }))
    }

    /// An instant as bodies write it.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        (self.date)(at)
    }

    /// An entity tag as headers and bodies show it: in quotes.
    pub(crate) fn quoted(&self, etag: &Etag) -> String {
        format!("\"{}\"", self.digits(&etag.to_string()))
    }

    /// An entity tag without quotes.
    pub(crate) fn digits(&self, etag: &str) -> String {
        match self.etags {
            Digits::Lower => etag.to_owned(),
            Digits::Upper => etag.to_ascii_uppercase(),
        }
    }
}

impl Metadata {
    /// What a header's value says. Only what is given back in the same letters is decoded.
    pub(crate) fn read(self, value: &str) -> Box<str> {
        let decode = || {
            let text = String::from_utf8(cohong_sign::decode(value).ok()?).ok()?;
            let same = cohong_sign::encode(text.as_bytes()) == value;
            (same && !text.is_ascii() && !text.contains(char::is_control)).then_some(text)
        };
        match self {
            Self::Text => value.into(),
            Self::Escaped => decode().map_or_else(|| value.into(), Into::into),
        }
    }

    /// The value of a header.
    pub(crate) fn write(self, text: &str) -> String {
        match self {
            Self::Escaped if !text.is_ascii() => cohong_sign::encode(text.as_bytes()),
            Self::Escaped | Self::Text => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_metadata_is_text_to_others_and_comes_back_in_the_same_letters() {
        let cases = [
            ("%E6%96%87", "文"),
            ("%E6%96%87%20a", "文 a"),
            ("a%20b", "a%20b"),
            ("100%", "100%"),
            ("%e6%96%87", "%e6%96%87"),
            ("%FF", "%FF"),
            ("%C2%85", "%C2%85"),
            ("plain text", "plain text"),
        ];
        for (header, text) in cases {
            assert_eq!(&*Metadata::Escaped.read(header), text, "{header}");
            assert_eq!(Metadata::Escaped.write(text), header, "{header}");
            assert_eq!(&*Metadata::Text.read(header), header);
            assert_eq!(Metadata::Text.write(text), text);
        }
    }
}
