//! Form uploads: the form is judged by its fields, then its file streams into the engine.

use cohong_core::engine::{Body, Cx, Engine, ExpectedDigests, PutObject};
use cohong_core::model::{BucketName, EventKind, Principal};
use cohong_core::{Error, ErrorKind};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::answer::{self, put_text};
use super::form::{self, BadForm, Form, Limits};
use super::input::md5_of;
use super::ordered::answered;
use super::policy::{BadPolicy, Policy};
use super::vocabulary::{Naming, Vocabulary};
use super::wire::tags::Tagging;
use super::xml;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// The fields of a form under lower-case names.
struct Fields<'a>(&'a [(String, String)]);

impl<'a> Fields<'a> {
    /// The value under a lower-case name.
    fn get(&self, name: &str) -> Option<&'a str> {
        let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.0.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// A field that stands twice would be judged by one value and used by another.
    fn refuse_repeats(&self) -> Result<(), Fault> {
        let mut seen = std::collections::BTreeSet::new();
        for (name, _) in self.0 {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(Fault::twice("the form field ", name));
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

/// What was stored: the body of an answer with status 201, in the words of the family.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Posted<'a> {
    /// The bucket.
    pub(crate) bucket: &'a str,
    /// The key.
    pub(crate) key: &'a str,
    /// Entity tag in quotes.
    #[serde(rename = "ETag")]
    pub(crate) etag: &'a str,
    /// URL of the object.
    pub(crate) location: &'a str,
}

/// Stands in a key for what the client calls the file.
const FILE_NAME: &str = "${filename}";

impl Vocabulary {
    /// Reads a form up to its file. Its key is the one that it gets: the policy is held against that.
    pub(crate) async fn open_form(&self, call: &mut Call) -> Result<Form, Fault> {
        let content_type = call.header("content-type")?.unwrap_or_default().to_owned();
        let limits = Limits {
            bytes: self.forms.bytes_max,
            fields: self.forms.fields_max,
        };
        let body = call.take_body();
        let form = form::open(&content_type, body.stream, limits).await;
        let mut form = form.map_err(bad_form)?;
        Fields(&form.fields).refuse_repeats()?;
        for (name, value) in &mut form.fields {
            if name.eq_ignore_ascii_case("key") && value.contains(FILE_NAME) {
                *value = value.replace(FILE_NAME, &form.file_name);
            }
        }
        Ok(form)
    }

    /// Stores the file of a form that `principal` signed. `acl` is the name of the field of its access
    /// control list; `created` writes the body of an answer with status 201.
    pub(crate) async fn post_object(
        &self,
        call: Call,
        engine: &Engine,
        (form, principal): (Form, Principal),
        acl: &str,
        created: fn(Posted<'_>) -> Vec<u8>,
    ) -> Result<Response<OutBody>, Fault> {
        let bucket = call.bucket()?.clone();
        let fields = Fields(&form.fields);
        let size = self.judge(&fields, &bucket, engine)?;
        let given = Given::fields(&form.fields, self.prefix, self.forms.bare)?;
        let success = success(&fields)?;
        let key = self.keys.read(fields.get("key").unwrap_or_default())?;
        if call.key.as_ref().is_some_and(|addressed| *addressed != key) {
            return Err(Fault::argument(
                "key",
                key.as_str(),
                "the address names another key than the form; send the form to the bucket's address",
            ));
        }
        let mut attributes = self.attributes(&given, acl)?;
        if let Some(text) = fields.get("tagging").filter(|_| self.forms.tagging) {
            let tags: Tagging = xml::read(text.as_bytes(), "Tagging").map_err(|_| Fault::Xml)?;
            attributes.tags = self.tags.read(tags.pairs(), "tagging")?;
        }
        let kind = given.own_text("content-type").map(Into::into);
        let of_file = || form.file_type.as_deref().map(Into::into);
        attributes.headers.content_type = kind.or(attributes.headers.content_type).or_else(of_file);
        let md5 = given.get("content-md5").map(md5_of).transpose()?;
        let request = PutObject {
            bucket: bucket.clone(),
            key: key.clone(),
            attributes,
            conditions: self.write_conditions(&given)?,
            digests: ExpectedDigests {
                md5,
                further: self.checksum_wanted(&given)?,
                ..ExpectedDigests::default()
            },
            size,
            callback: self
                .callback_of_form((&call, engine), &principal, &form.fields)
                .await?,
            kind: EventKind::CreatedPost,
        };
        let cx = Cx {
            principal,
            ..self.encrypting(&call, &given)?
        };
        let body = Body {
            stream: form.file,
            len: None,
        };
        let receipt = engine.put_object(&cx, request, body).await?;
        let headers = self.uploaded(&receipt.stored, &cx);
        let etag = self.quoted(&receipt.stored.etag);
        if let Some(outcome) = receipt.callback {
            return answered(outcome, headers);
        }
        let location = call.location(bucket.as_str(), key.as_str());
        let stored = Posted {
            bucket: bucket.as_str(),
            key: key.as_str(),
            etag: &etag,
            location: &location,
        };
        Ok(self.posted(&success, headers, stored, created))
    }

    fn posted(
        &self,
        success: &Success,
        mut headers: HeaderMap,
        stored: Posted<'_>,
        created: fn(Posted<'_>) -> Vec<u8>,
    ) -> Response<OutBody> {
        let location = match success {
            Success::Redirect(url) => redirect(url, stored),
            Success::Status(_) => stored.location.to_owned(),
        };
        // Both are visible ASCII: one was checked, the other is encoded.
        put_text(&mut headers, LOCATION, &location);
        match success {
            Success::Redirect(_) => answer::empty(StatusCode::SEE_OTHER, headers),
            Success::Status(StatusCode::CREATED) => {
                let kind = HeaderValue::from_static(self.body_type);
                headers.insert(CONTENT_TYPE, kind);
                answer::bytes(StatusCode::CREATED, headers, created(stored))
            }
            Success::Status(status) => answer::empty(*status, headers),
        }
    }

    /// Judges the form by its policy and gives the sizes it allows. Only a form without signature comes
    /// without policy. With vendors that say so, fields that tell the server what to do must be named by a
    /// condition: the one who signed has to have meant them.
    fn judge(
        &self,
        fields: &Fields<'_>,
        bucket: &BucketName,
        engine: &Engine,
    ) -> Result<Option<(u64, u64)>, Fault> {
        let Some(text) = fields.get("policy") else {
            return Ok(None);
        };
        let policy = Policy::read(text).map_err(Fault::Policy)?;
        let value = |name: &str| match name {
            "bucket" => Some(bucket.as_str()),
            _ => fields.get(name),
        };
        policy
            .check(engine.ports().clock.now(), value)
            .map_err(Fault::Policy)?;
        for (name, _) in fields.0 {
            let name = name.to_ascii_lowercase();
            if self.must_name(&name) && !policy.names(&name) {
                return Err(Fault::Policy(BadPolicy::Unnamed(name)));
            }
        }
        Ok(policy.size())
    }

    /// Whether the policy has to name a field, by its lower-case name.
    fn must_name(&self, name: &str) -> bool {
        match self.forms.named {
            Naming::Free => false,
            Naming::Orders => self.orders(name),
            Naming::AllBut(free, front) => {
                let own = name.strip_prefix(self.prefix);
                let signs = own.is_some_and(|own| own == "signature");
                !signs && !free.contains(&name) && !name.starts_with(front)
            }
        }
    }

    /// Whether a field, by its lower-case name, tells the server what to do.
    fn orders(&self, name: &str) -> bool {
        ["key", "callback", "callback-var"].contains(&name)
            || name
                .strip_prefix(self.prefix)
                .is_some_and(|name| !self.forms.of_signature.contains(&name))
    }
}

fn bad_form(error: BadForm) -> Fault {
    match error {
        BadForm::Malformed(why) => Fault::Body(why.into()),
        BadForm::TooLarge => Error::new(ErrorKind::TooLarge, error.to_string()).into(),
        BadForm::Body(error) => Error::from(error).into(),
    }
}

/// A redirect goes before a status; a status that is not one of the vendor's is the default, 204.
fn success(fields: &Fields<'_>) -> Result<Success, Fault> {
    let redirect = fields.get("success_action_redirect");
    if let Some(url) = redirect.filter(|url| !url.is_empty()) {
        let http = url.starts_with("http://") || url.starts_with("https://");
        if !http || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Fault::argument(
                "success_action_redirect",
                url,
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

/// The client's address with what was stored added to its query.
fn redirect(url: &str, stored: Posted<'_>) -> String {
    let (url, fragment) = url
        .split_once('#')
        .map_or((url, None), |(url, rest)| (url, Some(rest)));
    let separator = if url.contains('?') { '&' } else { '?' };
    let query = [
        ("bucket", stored.bucket),
        ("key", stored.key),
        ("etag", stored.etag),
    ]
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
        let stored = Posted {
            bucket: "b",
            key: "k/&",
            etag: "\"e\"",
            location: "",
        };
        let cases = [
            ("http://a/b", "http://a/b?bucket=b&key=k%2F%26&etag=%22e%22"),
            (
                "http://a/b?c=d#f",
                "http://a/b?c=d&bucket=b&key=k%2F%26&etag=%22e%22#f",
            ),
        ];
        for (url, wanted) in cases {
            assert_eq!(redirect(url, stored), wanted);
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
