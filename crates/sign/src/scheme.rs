//! The constants in which the signature schemes of this family differ.

use crate::percent::{BadEscape, Pair, plain_query_pairs, query_pairs};

/// Payload line of a request whose body is not covered by the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// SHA-256 of no bytes in hexadecimal. The vendor's Go SDK writes it as the payload line of every
/// header-signed request that does not state a hash, whatever the body is.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The constants of one signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// Algorithm name: first word of `Authorization` and first line of the string to sign.
    pub algorithm: &'static str,
    /// What stands before the secret in the first step of the key derivation.
    pub key_prefix: &'static str,
    /// Service name in the credential scope.
    pub service: &'static str,
    /// Further service names that are understood; signers do not write them.
    pub other_services: &'static [&'static str],
    /// Last component of the credential scope and last step of the key derivation.
    pub terminator: &'static str,
    /// Lower-case prefix of the vendor's own headers and form fields, with its hyphen.
    pub header_prefix: &'static str,
    /// The same prefix as the vendor's clients spell it in query parameters.
    pub query_prefix: &'static str,
    /// Name of the query parameter and form field that holds the algorithm, after the prefix, as clients spell it.
    pub algorithm_parameter: &'static str,
    /// Name of the list of signed headers in `Authorization`.
    pub list_name: &'static str,
    /// Name of the query parameter that holds the list, after the prefix, as clients spell it.
    pub list_parameter: &'static str,
    /// Headers, in lower case, without whose signature the target of a request would be open.
    pub must_sign: &'static [&'static str],
    /// Headers, in lower case, that are signed without being listed, as are then all of the vendor's. A scheme
    /// that has them needs no list; one that has none signs what is listed.
    pub unlisted: Option<&'static [&'static str]>,
    /// How the query is signed.
    pub query: QueryRules,
    /// How headers are signed.
    pub headers: HeaderRules,
    /// Whether a query with a policy is a policy URL; else a policy there is an ordinary parameter.
    pub policy_urls: bool,
}

/// How a scheme reads and writes the query that it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryRules {
    /// Whether `+` is a space; else it stands for itself.
    pub plus_is_space: bool,
    /// Whether a parameter without value is signed without `=`.
    pub bare_empty: bool,
    /// Whether parameters are sorted by their encoded names, then values; else by the decoded names alone.
    pub encoded_order: bool,
}

/// How a scheme reads the headers that it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderRules {
    /// Whether a run of blanks inside a value is signed as one.
    pub one_blank: bool,
    /// Whether a listed header that is not there is signed as an empty one; else nothing can be signed.
    pub absent_is_empty: bool,
    /// Whether `Date` tells the time where the vendor's own header is absent.
    pub plain_date: bool,
}

impl HeaderRules {
    /// Values as they are, every listed header present, the vendor's date.
    pub(crate) const STRICT: Self = Self {
        one_blank: false,
        absent_is_empty: false,
        plain_date: false,
    };
}

/// `TOS4-HMAC-SHA256` (TOS sheet section 2). The bucket stands in `Host` and not in the signed path, so
/// a signature that leaves out `host` would be good for every bucket.
pub const TOS: Scheme = Scheme {
    algorithm: "TOS4-HMAC-SHA256",
    key_prefix: "",
    service: "tos",
    other_services: &[],
    terminator: "request",
    header_prefix: "x-tos-",
    query_prefix: "X-Tos-",
    algorithm_parameter: "Algorithm",
    list_name: "SignedHeaders",
    list_parameter: "SignedHeaders",
    must_sign: &["host"],
    unlisted: None,
    query: QueryRules {
        plus_is_space: true,
        bare_empty: false,
        encoded_order: false,
    },
    headers: HeaderRules::STRICT,
    policy_urls: true,
};

/// `AWS4-HMAC-SHA256` (S3 sheet section 2).
pub const AWS4: Scheme = Scheme {
    algorithm: "AWS4-HMAC-SHA256",
    key_prefix: "AWS4",
    service: "s3",
    other_services: &[],
    terminator: "aws4_request",
    header_prefix: "x-amz-",
    query_prefix: "X-Amz-",
    algorithm_parameter: "Algorithm",
    list_name: "SignedHeaders",
    list_parameter: "SignedHeaders",
    must_sign: &["host"],
    unlisted: None,
    query: QueryRules {
        plus_is_space: false,
        bare_empty: false,
        encoded_order: true,
    },
    headers: HeaderRules {
        one_blank: true,
        absent_is_empty: true,
        plain_date: true,
    },
    policy_urls: false,
};

impl Scheme {
    /// The decoded parameters of a raw query.
    pub(crate) fn pairs(&self, query: &str) -> Result<Vec<Pair>, BadEscape> {
        if self.query.plus_is_space {
            query_pairs(query)
        } else {
            plain_query_pairs(query)
        }
    }

    /// Full lower-case name of a vendor header or form field, e.g. `date` gives `x-tos-date`.
    pub(crate) fn header(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.header_prefix)
    }

    /// Full name of a vendor query parameter as clients spell it, e.g. `Date` gives `X-Tos-Date`. A vendor
    /// that has one prefix for headers and parameters writes both in lower case.
    pub(crate) fn parameter(&self, suffix: &str) -> String {
        if self.query_prefix == self.header_prefix {
            self.header(&suffix.to_ascii_lowercase())
        } else {
            format!("{}{suffix}", self.query_prefix)
        }
    }

    /// Whether a header (lower case) is signed without being listed.
    pub(crate) fn signs_unlisted(&self, name: &str) -> bool {
        self.unlisted
            .is_some_and(|fixed| name.starts_with(self.header_prefix) || fixed.contains(&name))
    }

    /// What follows the vendor prefix in `name`, in lower case; nothing when the prefix (in any case) is absent.
    pub(crate) fn suffix(&self, name: &[u8]) -> Option<String> {
        let (head, tail) = name.split_at_checked(self.header_prefix.len())?;
        if !head.eq_ignore_ascii_case(self.header_prefix.as_bytes()) {
            return None;
        }
        Some(String::from_utf8_lossy(tail).to_ascii_lowercase())
    }
}
