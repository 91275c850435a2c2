//! Requests in the words of S3: path style at an address, signed with any version.

use cohong_core::engine::IssuedKey;
use cohong_sign::s3::{Signer, Version};
use cohong_sign::{Credentials, RequestHead, Timestamp};
use http::{HeaderMap, Method};

use super::{Ask, NOW, Tongue, ascii};

/// Host of the service.
pub(crate) const HOST: &str = "127.0.0.1:9000";

/// What signs with a key.
pub(super) fn signer(key: &IssuedKey, version: Version) -> Signer<'_> {
    Signer {
        version,
        credentials: Credentials {
            access_key: &key.access.0,
            secret: key.secret.expose(),
            security_token: None,
        },
        region: "us-east-1",
        time: Timestamp::parse(NOW).expect("a time"),
    }
}

/// Signs a request whose path names the bucket, and gives its target.
pub(super) fn signed(
    key: &IssuedKey,
    version: Version,
    ask: &Ask,
    headers: &mut HeaderMap,
) -> String {
    let signer = signer(key, version);
    let target = target(ask);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let head = RequestHead {
        method: &ask.method,
        path,
        query,
        headers,
    };
    if let Some(expires) = ask.presigned {
        let query = signer.presign(&head, expires, None, &[]);
        return format!("{path}?{}", query.expect("signed"));
    }
    let authorization = signer.sign_headers(&ask.method, path, query, headers, None, &[]);
    headers.insert("authorization", ascii(&authorization.expect("signed")));
    target
}

/// The target of a request, with the bucket in its path.
pub(super) fn target(ask: &Ask) -> String {
    match ask.bucket {
        Some(bucket) => format!("/{bucket}{}", ask.target),
        None => ask.target.clone(),
    }
}

/// A request of the owner, with a version 4 signature; no bucket for the service.
pub(crate) fn ask(method: Method, bucket: Option<&'static str>, target: &str) -> Ask {
    super::ask(method, bucket, target).tongue(Tongue::S3(Version::V4))
}

/// A PUT of the owner.
pub(crate) fn put(bucket: &'static str, target: &str) -> Ask {
    ask(Method::PUT, Some(bucket), target)
}

/// A GET of the owner.
pub(crate) fn get(bucket: &'static str, target: &str) -> Ask {
    ask(Method::GET, Some(bucket), target)
}

/// A HEAD of the owner.
pub(crate) fn head(bucket: &'static str, target: &str) -> Ask {
    ask(Method::HEAD, Some(bucket), target)
}

/// A POST of the owner.
pub(crate) fn post(bucket: &'static str, target: &str) -> Ask {
    ask(Method::POST, Some(bucket), target)
}

/// A DELETE of the owner.
pub(crate) fn delete(bucket: &'static str, target: &str) -> Ask {
    ask(Method::DELETE, Some(bucket), target)
}
