//! Who asks: what a signature claims, judged by region, key, clock, secret and token, in this order for
//! every dialect.

use std::sync::LazyLock;
use std::time::Duration;

use cohong_core::engine::{Credential, Engine, Secret};
use cohong_core::model::{AccessKeyId, Principal, Timestamp};
use cohong_core::{Error, ErrorKind};
use cohong_sign::{ChunkSigner, Place, RequestHead};
use http::request::Parts;
use http::{HeaderMap, Method};
use sha2::{Digest as _, Sha256};

use super::fault::{CredentialFault, Fault};

/// What a request proved.
#[derive(Debug)]
pub(crate) struct Proved {
    /// On whose behalf it runs.
    pub(crate) principal: Principal,
    /// Region of the signature; none for unsigned requests and schemes without regions.
    pub(crate) region: Option<Box<str>>,
    /// What the body must hash to.
    pub(crate) sha256: Option<[u8; 32]>,
    /// Headers that stand in the query, with vendors whose URLs carry some.
    pub(crate) hoisted: HeaderMap,
    /// The vendor's own framing of the body, when it has one inside that of HTTP.
    pub(crate) framing: Option<Framing>,
}

/// A body in chunks of a vendor's own.
#[derive(Clone, Debug)]
pub(crate) struct Framing {
    /// What checks the chunks, when they are signed.
    pub(crate) signer: Option<ChunkSigner>,
    /// Whether lines follow the last chunk.
    pub(crate) trailer: bool,
}

impl Proved {
    /// An unsigned request.
    pub(crate) fn nothing() -> Self {
        Self {
            principal: Principal::Anonymous,
            region: None,
            sha256: None,
            hoisted: HeaderMap::new(),
            framing: None,
        }
    }
}

/// What a signature claims, whatever its scheme.
#[derive(Clone, Copy)]
pub(crate) struct Claimed<'a> {
    /// Key whose secret is to be looked up.
    pub(crate) access_key: &'a str,
    /// Token of temporary credentials.
    pub(crate) token: Option<&'a str>,
    /// Region, where the scheme has one.
    pub(crate) region: Option<&'a str>,
    /// When it holds.
    pub(crate) time: Time,
    /// Where it stands.
    pub(crate) place: Place,
}

/// When a signature holds, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// A request signed at this moment, to be sent at once.
    Sent(i64),
    /// A form signed at this moment; it may be sent much later, its policy says when it ends.
    Form(i64),
    /// A form of a scheme without time: its policy says when it ends.
    Policy,
    /// A URL that holds from a moment, when the scheme says one, to another.
    Url {
        /// First moment.
        from: Option<i64>,
        /// Last moment.
        until: i64,
    },
}

/// What the server holds claims against.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Regions served, each once; any where the list is empty.
    pub(crate) regions: Vec<String>,
    /// How far the client's clock may be away.
    pub(crate) skew_max: Duration,
}

/// The regions that are served: the vendor's, and those configured, which may be among them.
pub(crate) fn regions(vendor: &[&str], own: &[String], default: &str) -> Vec<String> {
    let mut regions: Vec<String> = vendor.iter().map(ToString::to_string).collect();
    for region in own.iter().map(String::as_str).chain([default]) {
        if !regions.iter().any(|known| known == region) {
            regions.push(region.to_owned());
        }
    }
    regions
}

/// A head as signatures cover it.
pub(crate) fn signed_head(head: &Parts) -> RequestHead<'_> {
    RequestHead {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query().unwrap_or(""),
        headers: &head.headers,
    }
}

/// The head that stands for a form, whose signature covers none.
pub(crate) fn form_head() -> RequestHead<'static> {
    static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
    RequestHead {
        method: &Method::POST,
        path: "/",
        query: "",
        headers: &NONE,
    }
}

/// Names and values of a form's fields.
pub(crate) fn pairs(fields: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Judges a claim. `verify` recomputes the signature with the secret, which is used for nothing else.
pub(crate) async fn judge<T, E: From<Fault>>(
    engine: &Engine,
    rules: &Rules,
    claim: Claimed<'_>,
    verify: impl FnOnce(&Secret) -> Result<T, E>,
) -> Result<(Principal, T), E> {
    if let Some(region) = claim.region
        && !rules.regions.is_empty()
        && !rules.regions.iter().any(|served| served == region)
    {
        return Err(Fault::from(CredentialFault::Region(region.into(), claim.place)).into());
    }
    let now = engine.ports().clock.now();
    let key = AccessKeyId(claim.access_key.into());
    let found = engine.credential(&key).await.map_err(Fault::from)?;
    let credential = found.ok_or_else(|| {
        let unknown = Error::new(
            ErrorKind::UnknownAccessKey,
            "this access key does not exist",
        );
        Fault::from(unknown)
    })?;
    check_time(claim.time, now, rules.skew_max)?;
    let proof = verify(&credential.secret)?;
    check_token(claim.token, &credential, now)?;
    Ok((credential.principal, proof))
}

fn check_time(time: Time, now: Timestamp, skew_max: Duration) -> Result<(), Fault> {
    let now = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    let skew = i64::try_from(skew_max.as_secs()).unwrap_or(i64::MAX);
    let ahead = |moment: i64| moment > now.saturating_add(skew);
    let fault = match time {
        Time::Sent(at) if at.abs_diff(now) > skew_max.as_secs() => CredentialFault::Skewed,
        Time::Form(at) if ahead(at) => CredentialFault::Skewed,
        Time::Url { from, .. } if from.is_some_and(ahead) => CredentialFault::Skewed,
        Time::Url { until, .. } if now > until => CredentialFault::Expired,
        Time::Sent(_) | Time::Form(_) | Time::Policy | Time::Url { .. } => return Ok(()),
    };
    Err(fault.into())
}

/// A temporary key needs its token, and in time; a permanent one takes none.
fn check_token(given: Option<&str>, key: &Credential, now: Timestamp) -> Result<(), Fault> {
    let bad = |text| Err(CredentialFault::Token(text).into());
    match (&key.token, given) {
        (None, None) => Ok(()),
        (None, Some(_)) => bad("this access key takes no security token"),
        (Some(_), None) => bad("this access key is temporary and needs its security token"),
        (Some(token), Some(given)) => {
            // Of digests, so that the time taken tells nothing about the token.
            if Sha256::digest(token.0.as_bytes()) != Sha256::digest(given.as_bytes()) {
                return bad("this is not the security token of the access key");
            }
            if key.expires_at.is_some_and(|end| now >= end) {
                let text = "the temporary credential has expired; issue a new one";
                return Err(Error::new(ErrorKind::ExpiredToken, text).into());
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_judged() {
        let skew = Duration::from_mins(15);
        let now = Timestamp::from_millis(1_714_979_289_000);
        let at = 1_714_979_289;
        let url = |from, until| Time::Url { from, until };
        let cases = [
            (Time::Sent(at), "good"),
            (Time::Sent(at - 900), "good"),
            (Time::Sent(at + 900), "good"),
            (Time::Sent(at - 901), "skewed"),
            (Time::Sent(at + 901), "skewed"),
            (Time::Sent(i64::MIN), "skewed"),
            (Time::Form(at - 1_000_000), "good"),
            (Time::Form(at + 901), "skewed"),
            (Time::Policy, "good"),
            (url(None, at), "good"),
            (url(None, at - 1), "expired"),
            (url(Some(at - 10), at + 10), "good"),
            (url(Some(at + 901), at + 2000), "skewed"),
            (url(Some(at - 20), at - 10), "expired"),
        ];
        for (time, wanted) in cases {
            let found = match check_time(time, now, skew) {
                Ok(()) => "good",
                Err(Fault::Credential(CredentialFault::Skewed)) => "skewed",
                Err(Fault::Credential(CredentialFault::Expired)) => "expired",
                Err(_) => "another",
            };
            assert_eq!(found, wanted, "{time:?}");
        }
    }
}
