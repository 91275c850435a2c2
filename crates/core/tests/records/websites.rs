//! Samples of websites and origins.

use cohong_core::model::{
    Elsewhere, ErrorPage, Folders, HeaderTest, Index, KeyChange, Mirror, MirrorRule, PassedHeaders,
    Redirect, Route, Scheme, Then, Website, When,
};

use super::{Samples, pair};

pub(super) fn samples(samples: &mut Samples) {
    samples.check("website", &website());
    let rule = MirrorRule {
        id: "m".into(),
        when: when(),
        mirror: mirror(),
    };
    samples.check("mirrors", &vec![rule]);
}

fn mirror() -> Mirror {
    Mirror {
        origins: vec!["http://a/".into()],
        spares: vec!["http://b/".into()],
        probe: Some("http://a/p".into()),
        key: KeyChange {
            whole: Some("w".into()),
            prefix: Some(("f".into(), "t".into())),
            before: "b".into(),
            behind: "e".into(),
        },
        pass_query: true,
        follow: false,
        check_md5: true,
        headers: PassedHeaders {
            all: true,
            pass: vec!["p".into()],
            remove: vec!["r".into()],
            set: vec![pair("s", "v")],
        },
        metadata: vec![pair("h", "m")],
        redirects: true,
        fetches_redirected: false,
        fetches_queries: true,
        fixed: false,
    }
}

fn when() -> When {
    When {
        prefix: Some("p".into()),
        suffix: Some("s".into()),
        status: Some(404),
        headers: vec![HeaderTest {
            name: "n".into(),
            equals: Some("e".into()),
            starts: None,
            ends: Some("z".into()),
        }],
        methods: vec!["GET".into()],
        hosts: vec!["h".into()],
    }
}

fn website() -> Website {
    let route = |number, then| Route {
        number,
        when: when(),
        then,
    };
    let redirect = Redirect {
        host: Some("h".into()),
        scheme: Some(Scheme::Https),
        key: KeyChange::default(),
        status: Some(302),
        pass_query: Some(true),
        cdn: true,
    };
    let inside = Then::Inside {
        key: KeyChange::default(),
        pass_query: None,
    };
    Website {
        elsewhere: Some(Elsewhere {
            host: "h".into(),
            scheme: Some(Scheme::Http),
        }),
        index: Some(Index {
            suffix: "i".into(),
            folders: Folders::Show,
        }),
        error: Some(ErrorPage {
            key: "e".into(),
            status: Some(200),
        }),
        routes: vec![
            route(1, Then::Redirect(redirect)),
            route(2, inside),
            route(3, Then::Mirror(mirror())),
        ],
    }
}
