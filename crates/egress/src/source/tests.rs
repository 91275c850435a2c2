//! Addresses, signatures and heads of answers, as tables.

use bytes::Bytes;
use cohong_core::engine::Secret;
use cohong_core::model::{ChecksumAlgorithm, StorageClass, Timestamp};
use cohong_core::ports::{SourceCredentials, SourceFault};
use cohong_sign::{RequestHead, oss, s3};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::answer;
use super::ask::{self, Ask};
use super::known::known_store;
use super::speech::Speech;
use super::store::Store;
use crate::policy::{Given, Policy, Profile};

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

fn store(speech: Speech, endpoint: &str, path_style: bool) -> Store {
    Store {
        speech,
        endpoint: endpoint.into(),
        path_style,
        signing_region: Some("here".into()),
        given: Given::ByOperator,
    }
}

#[test]
fn keys_stand_in_addresses_byte_for_byte() {
    let policy = Policy::new(Profile::Prod, Vec::new(), Vec::new());
    let keys = [
        ("a/b.txt", "a/b.txt"),
        ("/a", "/a"),
        ("//", "//"),
        ("a//b/", "a//b/"),
        (" a b ", "%20a%20b%20"),
        ("a+b%2F", "a%2Bb%252F"),
        ("公行", "%E5%85%AC%E8%A1%8C"),
        ("a?b#c&d='e'", "a%3Fb%23c%26d%3D%27e%27"),
        ("a\\b\u{7f}\n", "a%5Cb%7F%0A"),
        (".hidden/..a/a.", ".hidden/..a/a."),
        ("~!*();:@$,[]", "~%21%2A%28%29%3B%3A%40%24%2C%5B%5D"),
    ];
    let forms = [
        (
            Speech::S3,
            "https://s3.example",
            false,
            "https://bucket.s3.example/",
        ),
        (
            Speech::S3,
            "http://127.0.0.1:9000",
            true,
            "http://127.0.0.1:9000/bucket/",
        ),
        (
            Speech::Oss,
            "https://oss.example/",
            false,
            "https://bucket.oss.example/",
        ),
        (
            Speech::Tos,
            "https://tos.example",
            false,
            "https://bucket.tos.example/",
        ),
        (
            Speech::Azure,
            "http://127.0.0.1:10000/account1/",
            false,
            "http://127.0.0.1:10000/account1/bucket/",
        ),
        (
            Speech::Http,
            "https://w.example/x%20y/",
            false,
            "https://w.example/x%20y/bucket/",
        ),
    ];
    for (speech, endpoint, path_style, before) in forms {
        let store = store(speech, endpoint, path_style);
        for (key, escaped) in keys {
            let address = store.address("bucket", Some(key), &[]).unwrap();
            assert_eq!(address.url(), format!("{before}{escaped}"), "{key:?}");
            let url = policy.check_url(&address.url(), Given::ByOperator).unwrap();
            assert_eq!(url.url().path(), address.path, "{key:?} is sent as it is");
        }
    }
}

#[test]
fn buckets_and_queries_have_addresses() {
    let query = [("restore", ""), ("prefix", "a b'+")];
    let cases = [
        (
            store(Speech::S3, "https://s.example", false),
            "https://bucket.s.example/",
        ),
        (
            store(Speech::S3, "https://s.example", true),
            "https://s.example/bucket",
        ),
        (
            store(Speech::Azure, "https://a.example", true),
            "https://a.example/bucket",
        ),
        (
            store(Speech::Http, "https://s.example", true),
            "https://s.example/bucket/",
        ),
    ];
    for (store, before) in cases {
        let address = store.address("bucket", None, &query).unwrap();
        assert_eq!(
            address.url(),
            format!("{before}?restore&prefix=a%20b%27%2B")
        );
    }
    let whole = store(Speech::Http, "https://s.example/a", false);
    assert_eq!(
        whole.address("", Some("k"), &[]).unwrap().url(),
        "https://s.example/a/k"
    );
    for bucket in [
        "",
        "a/b",
        "a..b",
        ".",
        "a@b",
        "a b",
        "a:1",
        "a?b",
        &"b".repeat(256),
    ] {
        for path_style in [true, false] {
            let store = store(Speech::S3, "https://s.example", path_style);
            let refused = store.address(bucket, Some("k"), &[]);
            assert_eq!(refused, Err(SourceFault::Missing), "{bucket:?}");
        }
    }
}

#[test]
fn public_stores_are_found() {
    let cases = [
        (
            "AWS",
            "eu-central-1",
            "https://b.s3.eu-central-1.amazonaws.com/k",
            "eu-central-1",
        ),
        (
            "aws",
            "cn-north-1",
            "https://b.s3.cn-north-1.amazonaws.com.cn/k",
            "cn-north-1",
        ),
        (
            "Aliyun",
            "oss-cn-hangzhou",
            "https://b.oss-cn-hangzhou.aliyuncs.com/k",
            "cn-hangzhou",
        ),
        (
            "Aliyun",
            "cn-hangzhou",
            "https://b.oss-cn-hangzhou.aliyuncs.com/k",
            "cn-hangzhou",
        ),
        (
            "HuaweiCloud",
            "cn-north-4",
            "https://b.obs.cn-north-4.myhuaweicloud.com/k",
            "cn-north-4",
        ),
        (
            "Tencent",
            "ap-beijing",
            "https://b.cos.ap-beijing.myqcloud.com/k",
            "ap-beijing",
        ),
        (
            "Google",
            "US East!",
            "https://b.storage.googleapis.com/k",
            "auto",
        ),
        ("Baidu", "bj", "https://b.s3.bj.bcebos.com/k", "bj"),
        (
            "KingsoftCloud",
            "cn-beijing",
            "https://b.ks3-cn-beijing.ksyuncs.com/k",
            "cn-beijing",
        ),
        (
            "Qiniu",
            "cn-east-1",
            "https://b.s3-cn-east-1.qiniucs.com/k",
            "cn-east-1",
        ),
        (
            "UCloud",
            "cn-bj",
            "https://b.s3-cn-bj.ufileos.com/k",
            "cn-bj",
        ),
        (
            "QingCloud",
            "pek3a",
            "https://b.s3.pek3a.qingstor.com/k",
            "pek3a",
        ),
        (
            "Azure",
            "eastasia",
            "https://account1.blob.core.windows.net/b/k",
            "eastasia",
        ),
        (
            "Azure",
            "chinaeast2",
            "https://account1.blob.core.chinacloudapi.cn/b/k",
            "chinaeast2",
        ),
    ];
    for (cloud, region, url, signed) in cases {
        let (store, region) = known_store(cloud, region).unwrap();
        let store = store.within(region).unwrap();
        let store = store.of_account("account1").unwrap();
        let address = store.address("b", Some("k"), &[]).unwrap();
        assert_eq!(address.url(), url);
        assert_eq!(store.signing_region.as_deref(), Some(signed), "{cloud}");
        assert_eq!(store.given, Given::ByRequest);
    }
    assert_eq!(known_store("Other", "eastasia"), None);
}

#[test]
fn regions_cannot_lead_elsewhere() {
    for region in [
        "",
        "a.evil.example",
        "a/b",
        "a#",
        "A",
        "a b",
        "127.0.0.1:1",
        &"a".repeat(64),
    ] {
        let (store, region) = known_store("AWS", region).unwrap();
        let refused = store.within(region).unwrap_err();
        assert!(matches!(refused, SourceFault::Unknown(_)), "{region:?}");
    }
}

#[test]
fn accounts_cannot_lead_elsewhere() {
    for account in ["", "ab", "a.evil", "Account", &"a".repeat(25)] {
        let (store, _) = known_store("Azure", "eastasia").unwrap();
        assert_eq!(
            store.of_account(account),
            Err(SourceFault::Denied),
            "{account:?}"
        );
    }
}

fn credentials(access: &str, token: Option<&str>) -> SourceCredentials {
    SourceCredentials {
        access: access.into(),
        secret: Secret::new("theSecretOfTests"),
        token: token.map(Secret::new),
    }
}

fn signed(store: &Store, with: &SourceCredentials) -> (HeaderMap, String, String) {
    let ask = Ask {
        method: Method::GET,
        bucket: "bucket",
        key: Some("a b/+公"),
        query: &[("restore", ""), ("x", "y z")],
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"body"),
    };
    let address = store.address(ask.bucket, ask.key, ask.query).unwrap();
    let host = address.origin.split_once("://").unwrap().1;
    let headers = ask::sign(store, &ask, &address, host, with, NOW).unwrap();
    (headers, address.path, address.query)
}

#[test]
fn what_is_signed_is_what_a_server_verifies() {
    for token in [None, Some("the-token")] {
        let with = credentials("the-key", token);
        for path_style in [false, true] {
            let s3 = store(Speech::S3, "https://s.example:8443", path_style);
            let (headers, path, query) = signed(&s3, &with);
            let head = RequestHead {
                method: &Method::GET,
                path: &path,
                query: &query,
                headers: &headers,
            };
            let claim = s3::present(&head).unwrap().unwrap();
            assert_eq!(claim.region(), Some("here"));
            assert_eq!(
                s3::verify(&claim, "theSecretOfTests", &head, None).map(drop),
                Ok(())
            );
            assert!(s3::verify(&claim, "other", &head, None).is_err());
            for region in [Some("here"), None] {
                let oss = Store {
                    signing_region: region.map(Into::into),
                    ..store(Speech::Oss, "https://s.example", path_style)
                };
                let (headers, path, query) = signed(&oss, &with);
                let head = RequestHead {
                    method: &Method::GET,
                    path: &path,
                    query: &query,
                    headers: &headers,
                };
                let resource = oss::Resource {
                    bucket: Some("bucket"),
                    key: "a b/+公".as_bytes(),
                };
                let claim = oss::present(&head).unwrap().unwrap();
                assert_eq!(claim.region(), region);
                assert!(oss::verify(&claim, "theSecretOfTests", &head, &resource).is_ok());
                assert!(oss::verify(&claim, "other", &head, &resource).is_err());
            }
        }
        let tos = store(Speech::Tos, "https://s.example", false);
        let (headers, path, query) = signed(&tos, &with);
        let head = RequestHead {
            method: &Method::GET,
            path: &path,
            query: &query,
            headers: &headers,
        };
        let scheme = &cohong_sign::TOS;
        let claim = cohong_sign::present(scheme, &headers, &query)
            .unwrap()
            .unwrap();
        let verify = |secret| {
            let key = cohong_sign::signing_key(scheme, secret, &claim.scope);
            cohong_sign::verify(scheme, &key, &claim, &head).is_ok()
        };
        assert!(verify("theSecretOfTests") && !verify("other"));
    }
}

#[test]
fn secrets_are_sent_by_nobody_and_strangers_sign_nothing() {
    let with = credentials("the-key", Some("the-token"));
    for speech in Speech::ALL {
        let (headers, _, _) = signed(&store(speech, "https://s.example", false), &with);
        assert!(
            !format!("{headers:?}").contains("theSecretOfTests"),
            "{speech:?}"
        );
        let signed_it = headers.contains_key("authorization");
        assert_eq!(signed_it, speech != Speech::Http, "{speech:?}");
        let nobody = credentials("", None);
        let (headers, _, _) = signed(&store(speech, "https://s.example", false), &nobody);
        assert_eq!(headers.len(), 1, "{speech:?}: {headers:?}");
    }
    assert_eq!(
        Speech::ALL.map(|speech| Speech::of_word(speech.word())),
        Speech::ALL.map(Some)
    );
    assert_eq!(Speech::of_word("S3"), None);
}

const MD5: &str = "\"9e107d9d372bb6826bd81d3542a419d6\"";

fn head(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-length", HeaderValue::from_static("43"));
    for (name, text) in pairs {
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

const SHA: &str = "15AvcmwU2f1KkNp0jaLGqEb0wUDl1qnr03vE0+N4zlE=";
const CRC: &str = "9548687815775124833";

/// Headers, and whether MD5, CRC-64 and SHA-256 are taken from them.
type Digested<'a> = (&'a [(&'static str, &'a str)], [bool; 3]);

fn takes(speech: Speech, cases: &[Digested<'_>]) {
    for (headers, [md5, crc64, sha256]) in cases {
        let object = answer::object(speech.facts(), &head(headers), NOW).unwrap();
        let digests = object.digests;
        let bytes = hex::decode(MD5.trim_matches('"')).unwrap();
        assert_eq!(
            digests.md5.map(Vec::from),
            md5.then_some(bytes),
            "{headers:?}"
        );
        let sum = crc64.then_some(9_548_687_815_775_124_833);
        assert_eq!(digests.crc64, sum, "{headers:?}");
        let further = digests.further.map(|value| value.algorithm());
        assert_eq!(
            further,
            sha256.then_some(ChecksumAlgorithm::Sha256),
            "{headers:?}"
        );
        assert_eq!(object.size, 43);
    }
}

#[test]
fn digests_of_s3_are_taken_only_where_they_are_of_the_whole_object() {
    let cipher = "x-amz-server-side-encryption";
    let customer = "x-amz-server-side-encryption-customer-algorithm";
    let (sum, kind) = ("x-amz-checksum-sha256", "x-amz-checksum-type");
    let of_parts = "15AvcmwU2f1KkNp0jaLGqEb0wUDl1qnr03vE0+N4zlE=-2";
    let cases: [Digested<'_>; 12] = [
        (&[("etag", MD5)], [true, false, false]),
        (
            &[("etag", "\"9e107d9d372bb6826bd81d3542a419d6-2\"")],
            [false; 3],
        ),
        (&[("etag", "\"-CKicn4fknN8CEAE=\"")], [false; 3]),
        (&[("etag", MD5), (cipher, "AES256")], [true, false, false]),
        (&[("etag", MD5), (cipher, "aws:kms")], [false; 3]),
        (&[("etag", MD5), (cipher, "aws:kms:dsse")], [false; 3]),
        (&[("etag", MD5), (customer, "AES256")], [false; 3]),
        (&[(sum, SHA)], [false, false, true]),
        (&[(sum, SHA), (kind, "FULL_OBJECT")], [false, false, true]),
        (&[(sum, SHA), (kind, "COMPOSITE")], [false; 3]),
        (&[(sum, of_parts)], [false; 3]),
        (&[("x-cos-hash-crc64ecma", CRC)], [false, true, false]),
    ];
    takes(Speech::S3, &cases);
}

#[test]
fn digests_of_others_are_those_that_say_what_they_are() {
    let (crc, md5) = ("x-oss-hash-crc64ecma", "nhB9nTcrtoJr2B01QqQZ1g==");
    let oss: [Digested<'_>; 3] = [
        (&[("etag", MD5), (crc, CRC)], [false, true, false]),
        (&[("content-md5", md5), (crc, CRC)], [true, true, false]),
        (&[(crc, CRC), ("x-oss-object-type", "Symlink")], [false; 3]),
    ];
    takes(Speech::Oss, &oss);
    let crc = "x-tos-hash-crc64ecma";
    takes(
        Speech::Tos,
        &[(&[("etag", MD5), (crc, CRC)], [false, true, false])],
    );
    let http: [Digested<'_>; 2] = [
        (&[("content-md5", md5)], [true, false, false]),
        (&[("etag", MD5), ("content-md5", "nhB9")], [false; 3]),
    ];
    takes(Speech::Http, &http);
}

#[test]
fn every_checksum_of_a_whole_object_is_taken() {
    let cases = [
        (
            "x-amz-checksum-crc32",
            "QUJDRA==",
            Some(ChecksumAlgorithm::Crc32),
        ),
        (
            "x-amz-checksum-crc32c",
            "QUJDRA==",
            Some(ChecksumAlgorithm::Crc32c),
        ),
        (
            "x-amz-checksum-crc64nvme",
            "QUJDREVGR0g=",
            Some(ChecksumAlgorithm::Crc64Nvme),
        ),
        (
            "x-amz-checksum-sha1",
            "QUJDREVGR0hJSktMTU5PUFFSU1Q=",
            Some(ChecksumAlgorithm::Sha1),
        ),
        ("x-amz-checksum-crc32", "QUJD", None),
        ("x-amz-checksum-crc32", "?", None),
        ("x-amz-checksum-md4", "QUJDRA==", None),
        ("x-oss-checksum-crc32", "QUJDRA==", None),
    ];
    for (name, text, wanted) in cases {
        let object = answer::object(Speech::S3.facts(), &head(&[(name, text)]), NOW).unwrap();
        let further = object.digests.further.map(|value| value.algorithm());
        assert_eq!(further, wanted, "{name} {text}");
    }
}

#[test]
fn classes_are_ours_and_archived_objects_are_told() {
    use StorageClass as C;
    let done = Some("ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\"");
    let running = Some("ongoing-request=\"true\"");
    let cases: [(Speech, &str, Option<&str>, C, bool); 16] = [
        (Speech::S3, "", None, C::Standard, false),
        (Speech::S3, "STANDARD_IA", None, C::Infrequent, false),
        (Speech::S3, "GLACIER_IR", None, C::ArchiveInstant, false),
        (
            Speech::S3,
            "INTELLIGENT_TIERING",
            None,
            C::Intelligent,
            false,
        ),
        (Speech::S3, "GLACIER", None, C::Archive, true),
        (Speech::S3, "GLACIER", running, C::Archive, true),
        (Speech::S3, "GLACIER", done, C::Archive, false),
        (Speech::S3, "DEEP_ARCHIVE", None, C::DeepColdArchive, true),
        (Speech::S3, "REDUCED_REDUNDANCY", None, C::Standard, false),
        (Speech::Oss, "IA", None, C::Infrequent, false),
        (Speech::Oss, "ColdArchive", None, C::ColdArchive, true),
        (Speech::Oss, "ColdArchive", done, C::ColdArchive, false),
        (Speech::Tos, "STANDARD", None, C::Standard, false),
        (Speech::Tos, "ARCHIVE_FR", None, C::ArchiveInstant, false),
        (Speech::Tos, "COLD_ARCHIVE", None, C::ColdArchive, true),
        (Speech::Http, "GLACIER", None, C::Standard, false),
    ];
    for (speech, word, state, class, archived) in cases {
        let prefix = speech.facts().prefix;
        let mut headers = head(&[]);
        for (name, text) in [("storage-class", Some(word)), ("restore", state)] {
            if let Some(text) = text.filter(|_| !prefix.is_empty()) {
                let name = HeaderName::from_bytes(format!("{prefix}{name}").as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_str(text).unwrap());
            }
        }
        let object = answer::object(speech.facts(), &headers, NOW).unwrap();
        assert_eq!(
            (object.class, object.archived),
            (class, archived),
            "{speech:?} {word} {state:?}"
        );
    }
    let deep = head(&[
        ("x-amz-storage-class", "INTELLIGENT_TIERING"),
        ("x-amz-archive-status", "ARCHIVE_ACCESS"),
    ]);
    assert!(
        answer::object(Speech::S3.facts(), &deep, NOW)
            .unwrap()
            .archived
    );
}

#[test]
fn headers_metadata_and_times_come_along() {
    let headers = head(&[
        ("etag", MD5),
        ("last-modified", "Sun, 06 Nov 1994 08:49:00 GMT"),
        ("content-type", "text/plain"),
        ("cache-control", "no-store"),
        ("content-disposition", "attachment; filename=\"公\""),
        ("content-encoding", "gzip"),
        ("content-language", "zh"),
        ("expires", "never"),
        ("x-oss-website-redirect-location", "/other"),
        ("x-oss-meta-colour", "蓝"),
        ("x-oss-meta-a-b", " 1"),
        ("x-amz-meta-other", "2"),
    ]);
    let object = answer::object(Speech::Oss.facts(), &headers, NOW).unwrap();
    assert_eq!(object.etag.as_deref(), Some(MD5.trim_matches('"')));
    assert_eq!(object.modified, Timestamp::from_millis(784_111_740_000));
    let stored = object.headers;
    let texts = [
        (stored.content_type, "text/plain"),
        (stored.cache_control, "no-store"),
        (stored.content_disposition, "attachment; filename=\"公\""),
        (stored.content_encoding, "gzip"),
        (stored.content_language, "zh"),
        (stored.expires, "never"),
        (stored.website_redirect, "/other"),
    ];
    for (text, wanted) in texts {
        assert_eq!(text.as_deref(), Some(wanted));
    }
    let mut meta = object.user_meta;
    meta.sort();
    let wanted = [("a-b", " 1"), ("colour", "蓝")];
    assert_eq!(meta, wanted.map(|(name, text)| (name.into(), text.into())));
    let bare = answer::object(Speech::Http.facts(), &head(&[("etag", "W/\"x\"")]), NOW).unwrap();
    assert_eq!(
        (bare.etag, bare.modified, bare.user_meta.len()),
        (None, NOW, 0)
    );
    let endless = answer::object(Speech::S3.facts(), &HeaderMap::new(), NOW);
    assert!(matches!(endless, Err(SourceFault::Broken(_))));
    let latin = HeaderValue::from_bytes(b"caf\xe9").unwrap();
    let mut headers = head(&[]);
    headers.insert("x-amz-meta-a", latin);
    let object = answer::object(Speech::S3.facts(), &headers, NOW).unwrap();
    assert_eq!(&*object.user_meta[0].1, "café");
}
