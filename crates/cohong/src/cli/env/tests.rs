use super::*;

fn answer() -> Value {
    json!({
        "listen": "127.0.0.1:9000",
        "access_key": "AK",
        "secret_key": "SK",
        "regions": { "tos": "cn-beijing", "oss": "cn-hangzhou", "s3": "us-east-1" },
    })
}

fn trust() -> Trust {
    let path = |name: &str| format!("/d/ca/{name}");
    Trust {
        own: path("certificate.pem"),
        bundle: path("bundle.pem"),
        java: path("trust.jks"),
    }
}

#[test]
fn every_dialect_gets_what_its_sdks_read() {
    let set = variables(&answer(), Path::new("/d"), &trust(), &[], &|_| None);
    let text = shell(&set);
    let (regions, rest): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.contains("_REGION_OMS_"));
    assert_eq!(regions.len(), oms::VENDOR_REGIONS.len());
    let north = "export HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4='http://127.0.0.1:9000'";
    assert!(regions.contains(&north), "{regions:?}");
    insta::assert_snapshot!(rest.join("\n"));
    let names: std::collections::BTreeSet<_> = set.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), set.len(), "none twice");
}

#[test]
fn hosts_around_the_proxy_add_up_and_none_stands_twice() {
    let direct = ["pypi.org".to_owned(), ".example.org".into()];
    for (kept, direct, expected) in [
        (None, &[][..], "localhost,127.0.0.1,::1"),
        (Some(""), &[], "localhost,127.0.0.1,::1"),
        (
            Some("intra.net, 127.0.0.1"),
            &[],
            "localhost,127.0.0.1,::1,intra.net",
        ),
        (
            None,
            &direct,
            "localhost,127.0.0.1,::1,pypi.org,.example.org",
        ),
        (
            Some("localhost,127.0.0.1,::1,pypi.org"),
            &direct,
            "localhost,127.0.0.1,::1,pypi.org,.example.org",
        ),
    ] {
        assert_eq!(without_proxy(kept, direct), expected);
    }
}

#[test]
fn options_of_java_are_replaced_not_repeated() {
    let direct = [".example.org".to_owned()];
    let first = java(
        Some("-Xmx1g -Dhttps.proxyHost=old"),
        "127.0.0.1:1",
        "/a b/t.jks",
        &direct,
    );
    assert!(
        first.starts_with("-Xmx1g -Dhttp.proxyHost=127.0.0.1 "),
        "{first}"
    );
    assert!(first.contains("-Dhttp.nonProxyHosts=localhost|127.*|[::1]|*.example.org "));
    assert!(!first.contains("old"));
    let plain = java(Some("-Xmx1g"), "[::1]:2", "/t.jks", &[]);
    assert!(
        plain.contains("-Dhttps.proxyHost=::1 -Dhttps.proxyPort=2 "),
        "{plain}"
    );
    assert_eq!(java(Some(&plain), "[::1]:2", "/t.jks", &[]), plain);
}

#[test]
fn values_stay_what_they_are_in_a_shell() {
    let set = vec![("A".to_owned(), "it's $HOME `x` \\".to_owned())];
    assert!(shell(&set).starts_with("export A='it'\\''s $HOME `x` \\'\nunset "));
}
