//! Requests in the words of OSS: virtual hosts on the vendor's domain, signed with any version.

use std::collections::BTreeMap;

use cohong_core::engine::IssuedKey;
use cohong_dialects::oss::Options;
use cohong_sign::oss::{Resource, Signer, Version};
use cohong_sign::{Credentials, RequestHead, Timestamp};
use http::{HeaderMap, Method};

use super::{Ask, NOW, Tongue, ascii};

/// Host of the service.
pub(crate) const HOST: &str = "oss-cn-hangzhou.aliyuncs.com";

/// What the dialect is told in tests.
pub(crate) fn options() -> Options {
    Options {
        custom_domains: BTreeMap::from([("pics.example.org".into(), "bucket-test".into())]),
        regions: vec!["on-premises".into()],
        ..Options::default()
    }
}

/// What signs with a key.
pub(super) fn signer(key: &IssuedKey, version: Version) -> Signer<'_> {
    Signer {
        version,
        credentials: Credentials {
            access_key: &key.access.0,
            secret: key.secret.expose(),
            security_token: None,
        },
        region: "cn-hangzhou",
        time: Timestamp::parse(NOW).expect("a time"),
    }
}

/// Signs a request and gives its target.
pub(super) fn signed(
    key: &IssuedKey,
    version: Version,
    ask: &Ask,
    headers: &mut HeaderMap,
) -> String {
    let signer = signer(key, version);
    let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    let key = cohong_sign::decode(path.strip_prefix('/').unwrap_or(path)).expect("escapes");
    let resource = Resource {
        bucket: ask.bucket,
        key: &key,
    };
    if let Some(expires) = ask.presigned {
        let head = RequestHead {
            method: &ask.method,
            path,
            query,
            headers,
        };
        let query = signer.presign(&head, &resource, expires, &[]);
        return format!("{path}?{}", query.expect("signed"));
    }
    let authorization = signer.sign_headers(&ask.method, &resource, query, headers, &[]);
    headers.insert("authorization", ascii(&authorization.expect("signed")));
    ask.target.clone()
}

/// A request of the owner, with a version 4 signature; no bucket for the service.
pub(crate) fn ask(method: Method, bucket: Option<&'static str>, target: &str) -> Ask {
    super::ask(method, bucket, target).tongue(Tongue::Oss(Version::V4))
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
