//! One request to a store, signed.

use bytes::Bytes;
use cohong_core::engine::Secret;
use cohong_core::model::Timestamp as Instant;
use cohong_core::ports::{SourceCredentials, SourceFault};
use cohong_sign::{Credentials, SignError, Signer, Timestamp, UNSIGNED_PAYLOAD, azure, oss, s3};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sha2::{Digest, Sha256};

use super::speech::Speech;
use super::store::{Address, Store};

/// Version of Azure's interface, which it wants to be told of whoever signs.
const AZURE_VERSION: HeaderValue = HeaderValue::from_static("2021-12-02");

/// What is asked of a store.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Empty for the store itself.
    pub(super) bucket: &'a str,
    /// The key; none for the bucket.
    pub(super) key: Option<&'a str>,
    /// Not escaped.
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Signs what is asked: sets `Host` and the vendor's headers. Without an access key nothing is signed.
pub(super) fn sign(
    store: &Store,
    ask: &Ask<'_>,
    address: &Address,
    host: &str,
    with: &SourceCredentials,
    now: Instant,
) -> Result<HeaderMap, SourceFault> {
    let mut headers = ask.headers.clone();
    headers.insert(HOST, value(host)?);
    if with.access.is_empty() || store.speech == Speech::Http {
        return Ok(headers);
    }
    let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    let time = Timestamp::from_unix(seconds)
        .ok_or_else(|| SourceFault::Broken("this server's clock is beyond all dates".into()))?;
    let credentials = Credentials {
        access_key: &with.access,
        secret: with.secret.expose(),
        security_token: with.token.as_ref().map(Secret::expose),
    };
    let region = store.signing_region.as_deref();
    let (path, query) = (&*address.path, &*address.query);
    let signed = match store.speech {
        Speech::S3 => {
            let hash = hex::encode(Sha256::digest(&ask.body));
            headers.insert(
                HeaderName::from_static("x-amz-content-sha256"),
                value(&hash)?,
            );
            let signer = s3::Signer {
                version: s3::Version::V4,
                credentials,
                region: region.unwrap_or_default(),
                time,
            };
            signer.sign_headers(&ask.method, path, query, &mut headers, None, &[])
        }
        Speech::Oss => {
            let signer = oss::Signer {
                version: region.map_or(oss::Version::V1, |_| oss::Version::V4),
                credentials,
                region: region.unwrap_or_default(),
                time,
            };
            let resource = oss::Resource {
                bucket: Some(ask.bucket).filter(|bucket| !bucket.is_empty()),
                key: ask.key.unwrap_or_default().as_bytes(),
            };
            signer.sign_headers(&ask.method, &resource, query, &mut headers, &[])
        }
        Speech::Tos => {
            headers.insert(
                HeaderName::from_static("x-tos-content-sha256"),
                HeaderValue::from_static(UNSIGNED_PAYLOAD),
            );
            let scheme = &cohong_sign::TOS;
            let signer = Signer::new(scheme, credentials, region.unwrap_or_default(), time);
            signer.sign_headers(&ask.method, path, query, &mut headers)
        }
        Speech::Azure => {
            headers.insert(HeaderName::from_static("x-ms-version"), AZURE_VERSION);
            let signer = azure::Signer {
                account: &with.access,
                key: with.secret.expose(),
                time,
            };
            signer.sign_headers(&ask.method, path, query, &mut headers)
        }
        Speech::Http => return Ok(headers),
    };
    let signed = signed.map_err(|error| match error {
        SignError::Secret => SourceFault::Denied,
        _ => SourceFault::Broken("the request cannot be signed with such a key".into()),
    })?;
    let mut signed = value(&signed)?;
    signed.set_sensitive(true);
    headers.insert(AUTHORIZATION, signed);
    Ok(headers)
}

/// A header's value.
pub(super) fn value(text: &str) -> Result<HeaderValue, SourceFault> {
    HeaderValue::from_str(text)
        .map_err(|_| SourceFault::Broken("a name holds characters that no header may have".into()))
}
