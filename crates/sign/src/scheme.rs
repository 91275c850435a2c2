//! The constants in which the signature schemes of this family differ.

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
    /// Service name in the credential scope.
    pub service: &'static str,
    /// Last component of the credential scope and last step of the key derivation.
    pub terminator: &'static str,
    /// Lower-case prefix of the vendor's own headers and form fields, with its hyphen.
    pub header_prefix: &'static str,
    /// The same prefix as the vendor's clients spell it in query parameters.
    pub query_prefix: &'static str,
    /// Headers, in lower case, without whose signature the target of a request would be open.
    pub must_sign: &'static [&'static str],
}

/// `TOS4-HMAC-SHA256` (TOS sheet section 2). The bucket stands in `Host` and not in the signed path, so
/// a signature that leaves out `host` would be good for every bucket.
pub const TOS: Scheme = Scheme {
    algorithm: "TOS4-HMAC-SHA256",
    service: "tos",
    terminator: "request",
    header_prefix: "x-tos-",
    query_prefix: "X-Tos-",
    must_sign: &["host"],
};

impl Scheme {
    /// Full lower-case name of a vendor header or form field, e.g. `date` gives `x-tos-date`.
    pub(crate) fn header(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.header_prefix)
    }

    /// Full name of a vendor query parameter as clients spell it, e.g. `Date` gives `X-Tos-Date`.
    pub(crate) fn parameter(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.query_prefix)
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
