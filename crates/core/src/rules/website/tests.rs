use super::*;
use crate::model::{Elsewhere, ErrorPage, HeaderTest, Index, MirrorRule, PassedHeaders, Route};

fn visit(key: &str, reach: Reach) -> Visit<'_> {
    Visit {
        key,
        method: "GET",
        host: "photos.example.com",
        header: &|name| (name == "x-from").then_some("app-1"),
        reach,
    }
}

fn index(folders: Folders) -> Site {
    Site {
        website: Website {
            index: Some(Index {
                suffix: "index.html".into(),
                folders,
            }),
            error: Some(ErrorPage {
                key: "error.html".into(),
                status: None,
            }),
            ..Website::default()
        },
        mirrors: Vec::new(),
    }
}

fn show(key: &str, status: Option<u16>) -> Step<'static> {
    Step::Show {
        key: key.into(),
        status,
    }
}

fn to(host: Option<&str>, key: &str, status: u16) -> Step<'static> {
    Step::Redirect(Target {
        host: host.map(Into::into),
        scheme: None,
        key: key.into(),
        status,
        query: false,
    })
}

#[test]
fn folders_show_an_index_to_visitors() {
    use Folders::{Bucket, Missing, Redirect, Show};
    let cases = [
        (Bucket, "", Some("index.html")),
        (Bucket, "a/b/", Some("index.html")),
        (Redirect, "", Some("index.html")),
        (Redirect, "a/b/", Some("a/b/index.html")),
        (Missing, "a/", Some("a/index.html")),
        (Show, "a/", Some("a/index.html")),
        (Show, "a", None),
    ];
    for (folders, key, wanted) in cases {
        let site = index(folders);
        let found = before(&site, &visit(key, Reach::Pages));
        let wanted = wanted.map(|key| show(key, None));
        assert_eq!(found, wanted, "{folders:?} {key:?}");
        for reach in [Reach::Rules, Reach::Mirrors] {
            assert_eq!(
                before(&site, &visit(key, reach)),
                None,
                "{folders:?} {key:?}"
            );
        }
    }
}

#[test]
fn what_is_missing_is_looked_for_in_order() {
    let error = |status| show("error.html", Some(status));
    let folder = || Step::Folder {
        index: "a/index.html".into(),
        target: Target {
            host: None,
            scheme: None,
            key: "a/".into(),
            status: 302,
            query: false,
        },
    };
    let cases = [
        (Folders::Bucket, "a", Reach::Pages, 404, vec![error(404)]),
        (Folders::Missing, "a", Reach::Pages, 404, vec![error(404)]),
        (
            Folders::Redirect,
            "a",
            Reach::Pages,
            404,
            vec![folder(), error(404)],
        ),
        (
            Folders::Show,
            "a",
            Reach::Pages,
            404,
            vec![show("a/index.html", None), error(404)],
        ),
        (Folders::Redirect, "a", Reach::Pages, 403, vec![error(403)]),
        (Folders::Redirect, "a", Reach::Pages, 503, Vec::new()),
        (Folders::Redirect, "a/", Reach::Pages, 404, vec![error(404)]),
        (Folders::Redirect, "a", Reach::Rules, 404, vec![folder()]),
        (
            Folders::Bucket,
            "a/",
            Reach::Rules,
            404,
            vec![show("index.html", None)],
        ),
        (
            Folders::Show,
            "a/",
            Reach::Rules,
            404,
            vec![show("a/index.html", None)],
        ),
        (Folders::Show, "a", Reach::Mirrors, 404, Vec::new()),
    ];
    for (folders, key, reach, status, wanted) in cases {
        let site = index(folders);
        let found = after(&site, &visit(key, reach), status);
        assert_eq!(found, wanted, "{folders:?} {key:?} {reach:?} {status}");
    }
}

fn route(when: When, then: Then) -> Route {
    Route {
        number: 1,
        when,
        then,
    }
}

fn routes() -> Site {
    let when = |prefix: Option<&str>, status| When {
        prefix: prefix.map(Into::into),
        status,
        ..When::default()
    };
    let redirect = |host: Option<&str>, key, status| {
        Then::Redirect(Redirect {
            host: host.map(Into::into),
            key,
            status,
            ..Redirect::default()
        })
    };
    let prefix = |from: &str, to: &str| KeyChange {
        prefix: Some((from.into(), to.into())),
        ..KeyChange::default()
    };
    let whole = |text: &str| KeyChange {
        whole: Some(text.into()),
        ..KeyChange::default()
    };
    let mirror = Mirror {
        origins: vec!["http://origin/".into()],
        ..Mirror::default()
    };
    let headers = When {
        headers: vec![HeaderTest {
            name: "x-from".into(),
            equals: None,
            starts: Some("app".into()),
            ends: Some("1".into()),
        }],
        suffix: Some(".txt".into()),
        ..when(None, Some(404))
    };
    Site {
        website: Website {
            routes: vec![
                route(
                    when(Some("docs/"), None),
                    redirect(None, prefix("docs/", "documents/"), None),
                ),
                route(
                    when(Some("m/"), Some(404)),
                    Then::Mirror(Mirror {
                        redirects: true,
                        ..mirror.clone()
                    }),
                ),
                route(
                    headers,
                    Then::Inside {
                        key: whole("all/${key}.${key}"),
                        pass_query: None,
                    },
                ),
                route(
                    when(None, Some(403)),
                    redirect(Some("other.example"), whole("no"), Some(307)),
                ),
            ],
            ..Website::default()
        },
        mirrors: vec![MirrorRule {
            id: "1".into(),
            when: When {
                methods: vec!["GET".into(), "HEAD".into()],
                hosts: vec!["photos.example.com".into()],
                ..when(None, Some(404))
            },
            mirror,
        }],
    }
}

#[test]
fn the_first_rule_that_fits_counts() {
    let site = routes();
    let shown = |key| visit(key, Reach::Pages);
    assert_eq!(
        before(&site, &shown("docs/a")),
        Some(to(None, "documents/a", 301))
    );
    assert_eq!(before(&site, &shown("doc")), None);
    let one = |step| vec![step];
    assert_eq!(
        after(&site, &shown("x"), 403),
        one(to(Some("other.example"), "no", 307))
    );
    assert_eq!(
        after(&site, &shown("a.txt"), 404),
        one(show("all/a.txt.a.txt", None))
    );
    let other = Visit {
        header: &|_| None,
        ..shown("a.txt")
    };
    let own = &site.mirrors[0].mirror;
    assert_eq!(after(&site, &other, 404), one(Step::Mirror(own)));
    assert!(matches!(
        after(&site, &shown("m/x"), 404)[..],
        [Step::Mirror(Mirror {
            redirects: true,
            ..
        })]
    ));
}

#[test]
fn rules_reach_as_far_as_requests_go() {
    let site = routes();
    let own = &site.mirrors[0].mirror;
    let cases = [
        (visit("docs/a", Reach::Rules), 404, true),
        (visit("docs/a", Reach::Mirrors), 404, true),
        (
            Visit {
                method: "HEAD",
                ..visit("m/x", Reach::Mirrors)
            },
            404,
            true,
        ),
        (
            Visit {
                host: "other.example.com",
                ..visit("x", Reach::Pages)
            },
            404,
            false,
        ),
        (visit("x", Reach::Mirrors), 403, false),
    ];
    for (visit, status, mirrored) in cases {
        let steps = after(&site, &visit, status);
        assert_eq!(steps == [Step::Mirror(own)], mirrored, "{}", visit.key);
    }
    assert_eq!(before(&site, &visit("docs/a", Reach::Mirrors)), None);
    assert!(before(&site, &visit("docs/a", Reach::Rules)).is_some());
}

#[test]
fn everybody_can_be_sent_elsewhere() {
    let site = Site {
        website: Website {
            elsewhere: Some(Elsewhere {
                host: "www.example.com:8080".into(),
                scheme: Some(Scheme::Https),
            }),
            ..Website::default()
        },
        mirrors: Vec::new(),
    };
    let wanted = Step::Redirect(Target {
        host: Some("www.example.com:8080".into()),
        scheme: Some(Scheme::Https),
        key: "a/b".into(),
        status: 301,
        query: true,
    });
    assert_eq!(before(&site, &visit("a/b", Reach::Pages)), Some(wanted));
    assert_eq!(before(&site, &visit("a/b", Reach::Rules)), None);
}

#[test]
fn keys_are_changed() {
    let change = KeyChange {
        whole: None,
        prefix: Some(("a/".into(), "b/".into())),
        before: "<".into(),
        behind: ">".into(),
    };
    for (key, wanted) in [("a/x", "<b/x>"), ("x/a/", "<x/a/>"), ("a/", "<b/>")] {
        assert_eq!(changed(&change, key), wanted);
    }
    assert_eq!(changed(&KeyChange::default(), "a"), "a");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let good = index(Folders::Show).website;
    let one = |when: When, then: Then| Website {
        routes: vec![route(when, then)],
        ..good.clone()
    };
    let missing = || When {
        status: Some(404),
        ..When::default()
    };
    let mirror = |url: &str| {
        Then::Mirror(Mirror {
            origins: vec![url.into()],
            ..Mirror::default()
        })
    };
    let redirect = |host: &str, status| {
        Then::Redirect(Redirect {
            host: Some(host.into()),
            status,
            ..Redirect::default()
        })
    };
    let elsewhere = Elsewhere {
        host: "a".into(),
        scheme: None,
    };
    let many = vec!["x".into(); ROUTE_NAMES];
    let cases = [
        (good.clone(), true),
        (Website::default(), false),
        (
            Website {
                elsewhere: Some(elsewhere),
                ..good.clone()
            },
            false,
        ),
        (one(missing(), mirror("http://origin/")), true),
        (one(missing(), mirror("https://origin:8/a/")), true),
        (one(missing(), mirror("ftp://origin/")), false),
        (one(missing(), mirror("http:///a")), false),
        (one(missing(), mirror("http://a@b/")), false),
        (one(missing(), mirror("http://a/?x")), false),
        (one(missing(), Then::Mirror(Mirror::default())), false),
        (one(When::default(), mirror("http://origin/")), false),
        (
            one(
                missing(),
                Then::Mirror(Mirror {
                    origins: vec!["http://origin/".into()],
                    headers: PassedHeaders {
                        pass: many,
                        ..PassedHeaders::default()
                    },
                    ..Mirror::default()
                }),
            ),
            false,
        ),
        (one(When::default(), redirect("a.example", None)), true),
        (one(When::default(), redirect("a.example", Some(308))), true),
        (
            one(When::default(), redirect("a.example", Some(304))),
            false,
        ),
        (one(When::default(), redirect("a.example/b", None)), false),
        (
            one(
                When {
                    status: Some(200),
                    ..When::default()
                },
                redirect("a", None),
            ),
            false,
        ),
    ];
    for (website, wanted) in cases {
        assert_eq!(check_website(&website).is_ok(), wanted, "{website:?}");
    }
    let own = routes().mirrors;
    assert!(check_mirrors(&own).is_ok());
    assert!(check_mirrors(&Vec::new()).is_err());
}

/// More names of headers than a list holds.
const ROUTE_NAMES: usize = crate::limits::ROUTE_HEADERS_MAX + 1;
