//! The service itself: versions and clouds (sheet section 6).

use http::{Response, StatusCode};
use serde::Serialize;

use super::{Answer, Call, json};
use crate::gate::OutBody;
use crate::oms::error::OmsError;
use crate::oms::words::{CLOUDS, DESTINATION};

#[derive(Serialize)]
struct Link {
    href: String,
    rel: &'static str,
}

/// A version of the API.
#[derive(Serialize)]
struct Version {
    id: &'static str,
    links: [Link; 1],
    status: &'static str,
    updated: &'static str,
}

#[derive(Serialize)]
struct Versions {
    versions: [Version; 1],
}

fn current(call: &Call) -> Version {
    Version {
        id: "v2",
        links: [Link {
            href: call.url("v2"),
            rel: "self",
        }],
        status: "CURRENT",
        // Of the page that this server follows.
        updated: "2024-02-19T00:00:00Z",
    }
}

/// `ListApiVersions`.
pub(super) fn versions(call: &Call) -> Response<OutBody> {
    let versions = [current(call)];
    json(StatusCode::OK, &Versions { versions })
}

/// `ShowApiInfo`.
pub(super) fn version(call: &Call) -> Response<OutBody> {
    json(StatusCode::OK, &current(call))
}

/// `ShowCloudType`.
pub(super) fn clouds(call: &Call) -> Answer {
    let clouds: &[&str] = match call.query.needed_text("type")? {
        "src" => &CLOUDS,
        "dst" => &[DESTINATION],
        _ => return Err(OmsError::value("type is src or dst")),
    };
    Ok(json(StatusCode::OK, &clouds))
}
