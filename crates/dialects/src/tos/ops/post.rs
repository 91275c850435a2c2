//! Form uploads (sheet sections 2 and 4, `PostObject`).

use cohong_core::engine::{Body, Cx, Engine, ExpectedDigests, PutObject};
use cohong_core::model::{BucketName, EventKind, ObjectKey};
use cohong_core::{Error, ErrorKind};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::attributes::{Given, attributes};
use super::input::{key, md5_of, take_body, write_conditions};
use super::{Answer, answer, callback};
use crate::common::form::{self, BadForm, Limits};
use crate::common::policy::{BadPolicy, Policy};
use crate::gate::OutBody;
use crate::tos::Call;
use crate::tos::auth::Auth;
use crate::tos::error::TosError;
use crate::tos::limits::{FORM_FIELDS_BYTES_MAX, FORM_FIELDS_MAX};
use crate::tos::wire::header::{quoted, uploaded};

/// Fields that carry the signature: no condition needs to name them.
const OF_SIGNATURE: [&str; 5] = [
    "x-tos-algorithm",
    "x-tos-credential",
    "x-tos-date",
    "x-tos-security-token",
    "x-tos-signature",
];

/// The fields of a form under lower-case names.
struct Fields<'a>(&'a [(String, String)]);

impl<'a> Fields<'a> {
    /// The first value under a lower-case name.
    fn get(&self, name: &str) -> Option<&'a str> {
        let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.0.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// A field that stands twice would be judged by one value and used by another.
    fn refuse_repeats(&self) -> Result<(), TosError> {
        let mut seen = std::collections::BTreeSet::new();
        for (name, _) in self.0 {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(TosError::invalid_argument(format!(
                    "the form field {name:?} stands twice"
                )));
            }
        }
        Ok(())
    }
}

/// What the client gets when the upload is stored.
enum Success {
    Status(StatusCode),
    Redirect(String),
}

/// `PostObject`: the form is judged by its fields, then its file streams into the engine.
pub(super) async fn post(mut call: Call, engine: &Engine, auth: &Auth) -> Answer {
    let bucket = call.bucket()?.clone();
    let content_type = call.header("content-type")?.unwrap_or_default().to_owned();
    let body = take_body(&mut call);
    let limits = Limits {
        bytes: FORM_FIELDS_BYTES_MAX,
        fields: FORM_FIELDS_MAX,
    };
    let form = form::open(&content_type, body.stream, limits)
        .await
        .map_err(bad_form)?;
    let fields = Fields(&form.fields);
    fields.refuse_repeats()?;
    let cx = Cx {
        principal: auth.form(&form.fields).await?.principal,
        ..call.cx
    };
    let size = judge(&fields, &bucket, engine)?;
    let given = Given::fields(&form.fields)?;
    let success = success(&fields)?;
    let key = key(fields.get("key").unwrap_or_default())?;
    if call.key.as_ref().is_some_and(|addressed| *addressed != key) {
        return Err(TosError::invalid_argument(
            "the address names another key than the form; send the form to the bucket's address",
        ));
    }
    let md5 = given.get("content-md5").map(md5_of).transpose()?;
    let request = PutObject {
        bucket: bucket.clone(),
        key: key.clone(),
        attributes: attributes(&given)?,
        conditions: write_conditions(&given)?,
        digests: ExpectedDigests {
            md5,
            ..ExpectedDigests::default()
        },
        size,
        callback: callback::of_form(&cx.principal, |name| fields.get(name))?,
        kind: EventKind::CreatedPost,
    };
    let receipt = engine
        .put_object(
            &cx,
            request,
            Body {
                stream: form.file,
                len: None,
            },
        )
        .await?;
    let headers = uploaded(&receipt.stored);
    let etag = quoted(&receipt.stored.etag);
    match receipt.callback {
        Some(outcome) => callback::answer(outcome, headers),
        None => Ok(finish(
            &success,
            headers,
            (&bucket, &key, &etag),
            &call.endpoint,
        )),
    }
}

fn bad_form(error: BadForm) -> TosError {
    match error {
        BadForm::Malformed(why) => TosError::malformed_body(why),
        BadForm::TooLarge => Error::new(ErrorKind::TooLarge, error.to_string()).into(),
        BadForm::Body(error) => Error::from(error).into(),
    }
}

/// Judges the form by its policy and gives the sizes it allows. Only a form without signature comes
/// without policy. Fields that tell the server what to do must be named by a condition: the one who
/// signed has to have meant them.
fn judge(
    fields: &Fields<'_>,
    bucket: &BucketName,
    engine: &Engine,
) -> Result<Option<(u64, u64)>, TosError> {
    let Some(text) = fields.get("policy") else {
        return Ok(None);
    };
    let policy = Policy::read(text).map_err(bad_policy)?;
    let value = |name: &str| match name {
        "bucket" => Some(bucket.as_str()),
        _ => fields.get(name),
    };
    policy
        .check(engine.ports().clock.now(), value)
        .map_err(bad_policy)?;
    for (name, _) in fields.0 {
        let name = name.to_ascii_lowercase();
        let orders = ["key", "callback", "callback-var"].contains(&name.as_str())
            || (name.starts_with("x-tos-") && !OF_SIGNATURE.contains(&name.as_str()));
        if orders && !policy.names(&name) {
            return Err(TosError::access_denied(format!(
                "the policy has no condition on the form field {name:?}"
            )));
        }
    }
    Ok(policy.size())
}

fn bad_policy(error: BadPolicy) -> TosError {
    match error {
        BadPolicy::Malformed(why) => TosError::invalid_argument(why),
        BadPolicy::Refused(why) => TosError::access_denied(why),
    }
}

/// A redirect goes before a status; a status that is not one of the vendor's is the default, 204.
fn success(fields: &Fields<'_>) -> Result<Success, TosError> {
    if let Some(url) = fields
        .get("success_action_redirect")
        .filter(|url| !url.is_empty())
    {
        let http = url.starts_with("http://") || url.starts_with("https://");
        if !http || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TosError::invalid_argument(
                "success_action_redirect is an http or https URL, percent-encoded",
            ));
        }
        return Ok(Success::Redirect(url.to_owned()));
    }
    Ok(Success::Status(match fields.get("success_action_status") {
        Some("200") => StatusCode::OK,
        Some("201") => StatusCode::CREATED,
        _ => StatusCode::NO_CONTENT,
    }))
}

/// Body of an answer with status 201.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Posted<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(rename = "ETag")]
    etag: &'a str,
    location: &'a str,
}

/// `stored` is bucket, key and quoted etag.
fn finish(
    success: &Success,
    mut headers: HeaderMap,
    stored: (&BucketName, &ObjectKey, &str),
    endpoint: &str,
) -> Response<OutBody> {
    let (bucket, key, etag) = stored;
    let location = match success {
        Success::Redirect(url) => redirect(url, bucket.as_str(), key.as_str(), etag),
        Success::Status(_) => {
            format!(
                "http://{bucket}.{endpoint}/{}",
                cohong_sign::encode_path(key.as_str().as_bytes())
            )
        }
    };
    // Both are visible ASCII: one was checked, the other is encoded.
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(LOCATION, location);
    }
    match success {
        Success::Redirect(_) => answer::empty(StatusCode::SEE_OTHER, headers),
        Success::Status(StatusCode::CREATED) => {
            let body = Posted {
                bucket: bucket.as_str(),
                key: key.as_str(),
                etag,
                location: &location,
            };
            let body = serde_json::to_vec(&body).expect("strings are always JSON");
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            answer::bytes(StatusCode::CREATED, headers, body)
        }
        Success::Status(status) => answer::empty(*status, headers),
    }
}

/// The client's address with what was stored added to its query.
fn redirect(url: &str, bucket: &str, key: &str, etag: &str) -> String {
    let (url, fragment) = url
        .split_once('#')
        .map_or((url, None), |(url, rest)| (url, Some(rest)));
    let separator = if url.contains('?') { '&' } else { '?' };
    let query = [("bucket", bucket), ("key", key), ("etag", etag)]
        .map(|(name, value)| format!("{name}={}", cohong_sign::encode(value.as_bytes())))
        .join("&");
    let fragment = fragment
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    format!("{url}{separator}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_tell_what_was_stored() {
        let cases = [
            ("http://a/b", "http://a/b?bucket=b&key=k%2F%26&etag=%22e%22"),
            (
                "http://a/b?c=d#f",
                "http://a/b?c=d&bucket=b&key=k%2F%26&etag=%22e%22#f",
            ),
        ];
        for (url, wanted) in cases {
            assert_eq!(redirect(url, "b", "k/&", "\"e\""), wanted);
        }
    }

    #[test]
    fn redirects_are_judged() {
        let status = |name: &str, value: &str| {
            success(&Fields(&[(name.to_owned(), value.to_owned())])).map(|success| match success {
                Success::Status(status) => status.as_u16(),
                Success::Redirect(_) => 303,
            })
        };
        assert_eq!(
            status("success_action_redirect", "https://a/b").ok(),
            Some(303)
        );
        for bad in ["javascript:alert(1)", "http://a/\r\nx: y", "//a"] {
            assert!(status("Success_Action_Redirect", bad).is_err(), "{bad}");
        }
        for (value, wanted) in [
            ("200", 200),
            ("201", 201),
            ("204", 204),
            ("500", 204),
            ("", 204),
        ] {
            assert_eq!(status("success_action_status", value).ok(), Some(wanted));
        }
    }
}
