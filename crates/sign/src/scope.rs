//! Credential scope: the day, region and service a signature is good for.

use crate::error::Fault;
use crate::limits::MAX_ACCESS_KEY_BYTES;
use crate::scheme::Scheme;

/// Credential scope. Its text is `{date}/{region}/{service}/{terminator}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// UTC day, `yyyyMMdd`.
    pub date: String,
    /// Region name; whether it is served is the caller's question.
    pub region: String,
    /// Service name, one of those of the scheme.
    pub service: String,
}

impl Scope {
    /// The scope of a day and region in `scheme`.
    pub fn new(scheme: &Scheme, date: &str, region: &str) -> Self {
        Self {
            date: date.to_owned(),
            region: region.to_owned(),
            service: scheme.service.to_owned(),
        }
    }

    /// The scope as it stands in credentials and in the string to sign.
    pub fn text(&self, scheme: &Scheme) -> String {
        let Self {
            date,
            region,
            service,
        } = self;
        format!("{date}/{region}/{service}/{}", scheme.terminator)
    }
}

/// A parsed `Credential`: who signs, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Access key; may itself contain slashes.
    pub access_key: String,
    /// What the signature is good for.
    pub scope: Scope,
}

impl Credential {
    /// Parses `{access key}/{date}/{region}/{service}/{terminator}`. Service and terminator must be known to `scheme`.
    pub fn parse(scheme: &Scheme, text: &str) -> Result<Self, Fault> {
        const FIELD: &str = "Credential";
        let shape = || {
            Fault::malformed(
                FIELD,
                "write access key, date, region, service and terminator with slashes between",
            )
        };
        let mut parts = text.rsplitn(5, '/');
        let mut next = || parts.next().filter(|p| !p.is_empty()).ok_or_else(shape);
        let (terminator, service, region, date, access_key) =
            (next()?, next()?, next()?, next()?, next()?);
        let known = service == scheme.service || scheme.other_services.contains(&service);
        if terminator != scheme.terminator || !known {
            return Err(Fault::malformed(
                FIELD,
                "service or terminator of the scope belong to another scheme",
            ));
        }
        if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Fault::malformed(FIELD, "write the date as yyyyMMdd"));
        }
        if access_key.len() > MAX_ACCESS_KEY_BYTES {
            return Err(Fault::malformed(FIELD, "the access key is too long"));
        }
        Ok(Self {
            access_key: access_key.to_owned(),
            scope: Scope {
                date: date.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
            },
        })
    }

    /// The credential as it stands in a request.
    pub fn text(&self, scheme: &Scheme) -> String {
        format!("{}/{}", self.access_key, self.scope.text(scheme))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::TOS;

    #[test]
    fn parse_and_text() {
        for key in ["AK", "a/b", "AK="] {
            let text = format!("{key}/20240506/cn-beijing/tos/request");
            let credential = Credential::parse(&TOS, &text).expect(key);
            assert_eq!(credential.access_key, key);
            assert_eq!(credential.scope, Scope::new(&TOS, "20240506", "cn-beijing"));
            assert_eq!(credential.text(&TOS), text);
        }
    }

    #[test]
    fn refused() {
        let long = "k".repeat(MAX_ACCESS_KEY_BYTES + 1);
        for bad in [
            "",
            "AK",
            "20240506/cn-beijing/tos/request",
            "/20240506/cn-beijing/tos/request",
            "AK/20240506//tos/request",
            "AK/2024050/cn-beijing/tos/request",
            "AK/2024-5-6/cn-beijing/tos/request",
            "AK/20240506/cn-beijing/s3/request",
            "AK/20240506/cn-beijing/tos/aws4_request",
            "AK/20240506/cn-beijing/tos/request/",
            &format!("{long}/20240506/cn-beijing/tos/request"),
        ] {
            let fault = Credential::parse(&TOS, bad).expect_err(bad);
            assert!(matches!(fault, Fault::Malformed { .. }), "{bad}");
        }
    }
}
