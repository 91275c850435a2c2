//! One request to a store, signed.

use bytes::Bytes;
use cohong_core::engine::Secret;
use cohong_core::model::Timestamp as Instant;
use cohong_core::ports::{SourceCredentials, SourceFault};
use cohong_sign::{
    Credentials, RequestHead, SignError, Signer, Timestamp, UNSIGNED_PAYLOAD, azure, oss, s3,
};
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
    let signing = Signing::new(store, with, now)?;
    let (path, query) = (&*address.path, &*address.query);
    let signed = match store.speech {
        Speech::S3 => {
            let hash = hex::encode(Sha256::digest(&ask.body));
            headers.insert(
                HeaderName::from_static("x-amz-content-sha256"),
                value(&hash)?,
            );
            let signer = signing.s3();
            signer.sign_headers(&ask.method, path, query, &mut headers, None, &[])
        }
        Speech::Oss => {
            let signer = signing.oss();
            signer.sign_headers(&ask.method, &resource(ask), query, &mut headers, &[])
        }
        Speech::Tos => {
            headers.insert(
                HeaderName::from_static("x-tos-content-sha256"),
                HeaderValue::from_static(UNSIGNED_PAYLOAD),
            );
            let signer = signing.tos();
            signer.sign_headers(&ask.method, path, query, &mut headers)
        }
        Speech::Azure => {
            headers.insert(HeaderName::from_static("x-ms-version"), AZURE_VERSION);
            let signer = azure::Signer {
                account: &with.access,
                key: with.secret.expose(),
                time: signing.time,
            };
            signer.sign_headers(&ask.method, path, query, &mut headers)
        }
        Speech::Http => return Ok(headers),
    };
    let mut signed = value(&signed.map_err(unsigned)?)?;
    signed.set_sensitive(true);
    headers.insert(AUTHORIZATION, signed);
    Ok(headers)
}

/// The query of a URL that is good for `expires` seconds, for whoever has it.
pub(super) fn presign(
    store: &Store,
    ask: &Ask<'_>,
    address: &Address,
    host: &str,
    with: &SourceCredentials,
    now: Instant,
    expires: u32,
) -> Result<String, SourceFault> {
    let signing = Signing::new(store, with, now)?;
    let mut headers = HeaderMap::new();
    headers.insert(HOST, value(host)?);
    let head = RequestHead {
        method: &ask.method,
        path: &address.path,
        query: &address.query,
        headers: &headers,
    };
    let signed = match store.speech {
        Speech::S3 => signing.s3().presign(&head, expires, None, &[]),
        Speech::Oss => signing.oss().presign(&head, &resource(ask), expires, &[]),
        Speech::Tos => signing.tos().presign(&head, expires, &[]),
        Speech::Azure | Speech::Http => {
            let why = format!("URLs of {} stores are not signed", store.speech.word());
            return Err(SourceFault::Broken(why.into()));
        }
    };
    signed.map_err(unsigned)
}

/// Who signs, when and for where.
struct Signing<'a> {
    credentials: Credentials<'a>,
    region: Option<&'a str>,
    time: Timestamp,
}

impl<'a> Signing<'a> {
    fn new(
        store: &'a Store,
        with: &'a SourceCredentials,
        now: Instant,
    ) -> Result<Self, SourceFault> {
        let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
        let time = Timestamp::from_unix(seconds)
            .ok_or_else(|| SourceFault::Broken("this clock is beyond all dates".into()))?;
        let credentials = Credentials {
            access_key: &with.access,
            secret: with.secret.expose(),
            security_token: with.token.as_ref().map(Secret::expose),
        };
        Ok(Self {
            credentials,
            region: store.signing_region.as_deref(),
            time,
        })
    }

    fn s3(&self) -> s3::Signer<'a> {
        s3::Signer {
            version: s3::Version::V4,
            credentials: self.credentials,
            region: self.region.unwrap_or_default(),
            time: self.time.clone(),
        }
    }

    fn oss(&self) -> oss::Signer<'a> {
        oss::Signer {
            version: self.region.map_or(oss::Version::V1, |_| oss::Version::V4),
            credentials: self.credentials,
            region: self.region.unwrap_or_default(),
            time: self.time.clone(),
        }
    }

    fn tos(&self) -> Signer<'a> {
        let region = self.region.unwrap_or_default();
        Signer::new(
            &cohong_sign::TOS,
            self.credentials,
            region,
            self.time.clone(),
        )
    }
}

/// What a request is about, as one vendor signs it.
fn resource<'a>(ask: &Ask<'a>) -> oss::Resource<'a> {
    oss::Resource {
        bucket: Some(ask.bucket).filter(|bucket| !bucket.is_empty()),
        key: ask.key.unwrap_or_default().as_bytes(),
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the form that `map_err` takes"
)]
fn unsigned(error: SignError) -> SourceFault {
    match error {
        SignError::Secret => SourceFault::Denied,
        _ => SourceFault::Broken("the request cannot be signed with such a key".into()),
    }
}

/// A header's value.
pub(super) fn value(text: &str) -> Result<HeaderValue, SourceFault> {
    HeaderValue::from_str(text)
        .map_err(|_| SourceFault::Broken("a name holds characters that no header may have".into()))
}
