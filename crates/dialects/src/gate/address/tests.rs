use super::Style::{Custom, Host, Path};
use super::*;

/// Endpoint and bucket.
type Apart<'a> = Option<(&'a str, Option<&'a str>)>;

#[test]
fn hosts_are_taken_apart() {
    let domains = BaseDomains::new(["tos-*.volces.com".into(), "s3.example.org".into()]);
    let cases: &[(&str, Apart<'_>)] = &[
        (
            "tos-cn-beijing.volces.com",
            Some(("tos-cn-beijing.volces.com", None)),
        ),
        (
            "B.tos-cn-beijing.volces.com",
            Some(("tos-cn-beijing.volces.com", Some("b"))),
        ),
        (
            "b.tos-cn-beijing.volces.com:80",
            Some(("tos-cn-beijing.volces.com:80", Some("b"))),
        ),
        ("localhost:9000", Some(("localhost:9000", None))),
        ("b.localhost:9000", Some(("localhost:9000", Some("b")))),
        ("127.0.0.1:9000", Some(("127.0.0.1:9000", None))),
        ("b.127.0.0.1:9000", Some(("127.0.0.1:9000", Some("b")))),
        ("[::1]:9000", Some(("[::1]:9000", None))),
        ("x.y.s3.example.org", Some(("s3.example.org", Some("x.y")))),
        ("tos-.volces.com", None),
        ("tos-a.b.volces.com", None),
        ("other.example.org", None),
        ("", None),
    ];
    for (host, wanted) in cases {
        let found = domains.take_apart(host);
        let found = found
            .as_ref()
            .map(|a| (a.endpoint.as_str(), a.bucket.as_deref()));
        assert_eq!(found, *wanted, "{host}");
    }
}

fn address(addressing: &Addressing, host: &str, path: &str) -> Option<Address> {
    let request = http::Request::builder().uri(path).header("host", host);
    addressing.of(&request.body(()).expect("a request").into_parts().0)
}

#[test]
fn buckets_stand_in_host_path_or_nowhere() {
    let addressing = Addressing {
        domains: BaseDomains::new(["oss-*.aliyuncs.com".into(), "oss.lan".into()]),
        paths: true,
        custom: BTreeMap::from([("pics.example.org".into(), "pictures".into())]),
        pages: BaseDomains::NONE,
        no_bucket: &["", "undefined"],
    };
    let cases = [
        ("127.0.0.1:9", "/", None, "", Host),
        ("127.0.0.1:9", "/b", Some("b"), "", Path),
        ("127.0.0.1:9", "/b/", Some("b"), "", Path),
        ("127.0.0.1:9", "/b/a%2Fc", Some("b"), "a%2Fc", Path),
        ("127.0.0.1:9", "/b//c/../d", Some("b"), "/c/../d", Path),
        ("localhost:9", "/%62/c+d", Some("b"), "c+d", Path),
        ("oss.lan", "/b/c", Some("b"), "c", Path),
        ("b.oss.lan", "/c", Some("b"), "c", Host),
        ("b.localhost:9", "/c", Some("b"), "c", Host),
        ("b.oss-cn-x.aliyuncs.com", "/b/c", Some("b"), "b/c", Host),
        ("b.oss-cn-x-internal.aliyuncs.com", "/", Some("b"), "", Host),
        (".oss-cn-x.aliyuncs.com", "/", None, "", Host),
        ("undefined.oss-cn-x.aliyuncs.com", "/", None, "", Host),
        ("Pics.Example.org:80", "/c", Some("pictures"), "c", Custom),
        ("127.0.0.1:9", "//c", Some(""), "c", Path),
    ];
    for (host, path, bucket, key, style) in cases {
        let found = address(&addressing, host, path).expect(host);
        let parts = (found.bucket.as_deref(), found.path.as_str(), found.style);
        assert_eq!(parts, (bucket, key, style), "{host}{path}");
    }
    assert_eq!(address(&addressing, "elsewhere.org", "/"), None);
}

#[test]
fn hosts_of_websites_are_known_by_name() {
    let addressing = Addressing {
        domains: BaseDomains::new(["s3.*.amazonaws.com".into(), "s3-*.amazonaws.com".into()]),
        paths: true,
        custom: BTreeMap::new(),
        pages: BaseDomains::new(["s3-website-*.amazonaws.com".into()]),
        no_bucket: &[],
    };
    let cases = [
        (
            "b.s3-website-us-east-1.amazonaws.com",
            "/a/b",
            Some("b"),
            "a/b",
            true,
        ),
        (
            "www.b.org.s3-website-us-east-1.amazonaws.com:8",
            "/",
            Some("www.b.org"),
            "",
            true,
        ),
        (
            "s3-website-us-east-1.amazonaws.com",
            "/a/b",
            None,
            "a/b",
            true,
        ),
        ("b.s3-us-east-1.amazonaws.com", "/a", Some("b"), "a", false),
        ("localhost:9", "/b/a", Some("b"), "a", false),
        ("b.localhost:9", "/a", Some("b"), "a", false),
    ];
    for (host, path, bucket, key, pages) in cases {
        let found = address(&addressing, host, path).expect(host);
        let parts = (found.bucket.as_deref(), found.path.as_str(), found.pages);
        assert_eq!(parts, (bucket, key, pages), "{host}{path}");
    }
}

#[test]
fn urls_are_written_as_the_request_was() {
    let addressing = Addressing {
        domains: BaseDomains::new([]),
        paths: true,
        custom: BTreeMap::from([("pics.example.org".into(), "b".into())]),
        pages: BaseDomains::NONE,
        no_bucket: &[],
    };
    for (host, path, wanted) in [
        ("localhost:9", "/b/x", "http://localhost:9/b/a%20/c"),
        ("b.localhost", "/x", "http://b.localhost/a%20/c"),
        ("pics.example.org", "/x", "http://pics.example.org/a%20/c"),
    ] {
        let found = address(&addressing, host, path).expect(host);
        assert_eq!(found.url("http", "b", "a /c"), wanted);
        let secure = wanted.replace("http:", "https:");
        assert_eq!(found.url("https", "b", "a /c"), secure);
    }
}
