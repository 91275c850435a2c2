//! Upload callbacks in the vendor's words (sheet section 4): how orders are read, what is put on a call,
//! and what the uploader is told when an order is refused or a call fails.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::Error;
use cohong_core::limits::CALLBACK_URL_TIMEOUT;
use cohong_core::model::{Accept, CallbackStyle, EtagCase, JsonTemplate};
use cohong_core::ports::{
    CallAbout, CallAttempt, CallTarget, CallbackFormat, CallbackOutcome, Failed, Fault, Phase,
    UnfitCall, Unmade,
};
use http::Uri;
use md5::{Digest, Md5};

use crate::common::callback::{BadCallback, CallbackRules, Parameter};
use crate::common::date;

/// How orders are read (sheet sections 4.2 to 4.4), and which answers are success (section 4.7).
/// `callbackSNI` is not looked at: the server's name is always told, which does no harm to those who do
/// not ask for it.
pub(super) const CALLBACKS: CallbackRules = CallbackRules {
    base64_max: 5 << 10,
    scheme: "http",
    reserved_headers: Some("x-oss-"),
    skips_bare_names: true,
    variable_fields: true,
    may_stand_twice: false,
    style: CallbackStyle {
        etag: EtagCase::Upper,
        json: JsonTemplate::Lenient,
        accept: Accept::Document,
    },
};

/// Host and path of the vendor's own public key. Receivers that trust nothing else find this server's key
/// there when that name leads to it.
pub const KEY_HOST: &str = "gosspublic.alicdn.com";
/// See [`KEY_HOST`].
pub const KEY_PATH: &str = "/callback_pub_key_v1.pem";

/// Signs with the server's own key.
#[async_trait]
pub trait CallbackSigner: Debug + Send + Sync + 'static {
    /// Signs a text. Fails when the key cannot be used now; says why, for operators.
    async fn sign(&self, text: Vec<u8>) -> Result<SignedText, String>;
}

/// A signature and where receivers find what verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedText {
    /// RSA PKCS#1 v1.5 over MD5.
    pub signature: Vec<u8>,
    /// URL of the public key, in PEM.
    pub public_key_url: String,
}

/// Writes the headers of a call (sheet section 4.5).
#[derive(Clone, Debug)]
pub struct OssCallbacks {
    signer: Arc<dyn CallbackSigner>,
}

impl OssCallbacks {
    /// Calls signed by `signer`.
    pub fn new(signer: Arc<dyn CallbackSigner>) -> Self {
        Self { signer }
    }
}

#[async_trait]
impl CallbackFormat for OssCallbacks {
    async fn headers(
        &self,
        about: &CallAbout,
        to: &CallTarget<'_>,
    ) -> Result<Vec<(&'static str, String)>, String> {
        let text = cohong_sign::callback_text(to.path, to.query, to.body);
        let signed = self.signer.sign(text).await?;
        let requester = about.requester.as_ref();
        Ok(vec![
            ("connection", "close".to_owned()),
            ("authorization", STANDARD.encode(signed.signature)),
            ("content-md5", STANDARD.encode(Md5::digest(to.body))),
            ("date", date::http(about.at)),
            ("user-agent", "aliyun-oss-callback".to_owned()),
            ("x-oss-bucket", about.bucket.as_str().to_owned()),
            ("x-oss-pub-key-url", STANDARD.encode(signed.public_key_url)),
            ("x-oss-request-id", about.request_id.to_string()),
            (
                "x-oss-requester",
                requester.map_or_else(String::new, |account| account.0.to_string()),
            ),
            ("x-oss-signature-version", "1.0".to_owned()),
            ("x-oss-tag", "CALLBACK".to_owned()),
        ])
    }
}

/// What an uploader is told, beside code and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// The vendor's number.
    pub(super) ec: &'static str,
    /// Its text.
    pub(super) message: Cow<'static, str>,
    /// Further elements of the error's body.
    pub(super) elements: Vec<(&'static str, String)>,
}

impl Words {
    fn of(ec: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            ec,
            message: message.into(),
            elements: Vec::new(),
        }
    }

    fn about(mut self, argument: &str, value: Option<&str>) -> Self {
        self.elements.push(("ArgumentName", argument.to_owned()));
        let value = value.map(|value| ("ArgumentValue", value.to_owned()));
        self.elements.extend(value);
        self
    }
}

/// For 400 `InvalidArgument`: an order that cannot be read (sheet section 4.8). The numbers of variables
/// beyond 101 are our own, and so are texts that the sheet does not give.
pub(super) fn unread(bad: &BadCallback) -> Words {
    let of = |parameter: Parameter, [order, vars]: [&'static str; 2]| match parameter {
        Parameter::Order => (order, "callback"),
        Parameter::Variables => (vars, "callback-var"),
    };
    match bad {
        BadCallback::TooLong(parameter) => {
            let (ec, name) = of(*parameter, ["0007-00000001", "0007-00000101"]);
            let message = "The callback configuration is longer than 5 KB.";
            Words::of(ec, message).about(name, None)
        }
        BadCallback::NotBase64(parameter) => {
            let (ec, name) = of(*parameter, ["0007-00000002", "0007-00000102"]);
            let message = "The callback configuration is not base64 encoded.";
            Words::of(ec, message).about(name, None)
        }
        BadCallback::NotJson {
            parameter, text, ..
        } => {
            let (ec, name) = of(*parameter, ["0007-00000003", "0007-00000103"]);
            let message = "The callback configuration is not json format.";
            Words::of(ec, message).about(name, Some(text))
        }
        BadCallback::Url(_) => own("0007-00000004", bad, "callbackUrl"),
        BadCallback::TooManyUrls => own("0007-00000005", bad, "callbackUrl"),
        BadCallback::Host => own("0007-00000009", bad, "callbackHost"),
        BadCallback::Body => own("0007-00000011", bad, "callbackBody"),
        BadCallback::BodyType => own("0007-00000012", bad, "callbackBodyType"),
        BadCallback::Headers(_) => own("0007-00000026", bad, "additionalHeaders"),
        BadCallback::Twice(parameter) => {
            let (ec, name) = of(*parameter, ["0007-00000027"; 2]);
            own(ec, bad, name)
        }
        BadCallback::NoSuch(_) => own("0007-00000028", bad, "callbackPolicy"),
        BadCallback::Variables(_) => own("0007-00000103", bad, "callback-var"),
    }
}

fn own(ec: &'static str, bad: &BadCallback, argument: &str) -> Words {
    Words::of(ec, bad.to_string()).about(argument, None)
}

/// For 400 `InvalidArgument`: an order that the engine refused because of whom it names. `None` for any
/// other error. The text about addresses is the vendor's; what permits them is in the server's log.
pub(super) fn unfit(error: &Error) -> Option<Words> {
    let cause = std::error::Error::source(error)?;
    Some(match cause.downcast_ref::<UnfitCall>()? {
        UnfitCall::Address(_) => {
            Words::of("0007-00000008", "Private address is forbidden to callback.")
                .about("callbackUrl", None)
        }
        UnfitCall::Malformed(why) => {
            Words::of("0007-00000004", why.clone()).about("callbackUrl", None)
        }
    })
}

/// Numbers of failed calls (sheet section 4.7). The sheet gives none for calls that were not made or
/// whose answer is too long; they go with the first.
const NOT_ACCEPTED: &str = "0007-00000203";
const TOO_SLOW: &str = "0007-00000202";
const NO_JSON: &str = "0007-00000205";

/// For 203 `CallbackFailed`: what became of a call that nobody accepted (sheet section 4.7). Of several
/// addresses the last one tried is described. Addresses that were refused, are unknown or do not answer
/// have one text, so that nobody can look around in the server's network.
pub(super) fn failed(outcome: &CallbackOutcome) -> Words {
    match (outcome.unmade, outcome.attempts.last()) {
        (Some(Unmade::Image), _) => Words::of(NOT_ACCEPTED, "Get image info failed."),
        (Some(Unmade::Template), _) => Words::of(
            NOT_ACCEPTED,
            "The callback body is too long once its variables are filled in.",
        ),
        (Some(Unmade::TimeOver), _) => Words::of(TOO_SLOW, "Cost too long time."),
        (None, Some(last)) => at(attempt(last), &last.url),
        (None, None) => unreachable_address(),
    }
}

/// Adds which address it was, in an element of our own: the vendor's texts stay as they are.
fn at(mut words: Words, url: &str) -> Words {
    words.elements.push(("CallbackAddress", authority(url)));
    words
}

fn attempt(last: &CallAttempt) -> Words {
    let Some(Failed { phase, fault }) = last.failed else {
        return unreachable_address();
    };
    match (phase, fault) {
        (_, Fault::Busy) => Words::of(NOT_ACCEPTED, "Too many callback requests."),
        (_, Fault::Status) => {
            let status = last.status.unwrap_or_default();
            Words::of(NOT_ACCEPTED, format!("Error status : {status}."))
        }
        (_, Fault::Form) => Words::of(NO_JSON, "Response body is not valid json format."),
        (_, Fault::NoLength | Fault::TooLong) => Words::of(
            NOT_ACCEPTED,
            "Error status : 400.User server return too long content-length value",
        ),
        (Phase::Request | Phase::Answer, Fault::TimedOut) => Words::of(
            TOO_SLOW,
            format!(
                "Error status : -1 {} reply timeout, cost:{}ms, timeout:{}ms",
                authority(&last.url),
                last.took_ms,
                CALLBACK_URL_TIMEOUT.as_millis()
            ),
        ),
        (Phase::Request | Phase::Answer, Fault::Broken) => {
            Words::of(NOT_ACCEPTED, "Error status : 502.")
        }
        (
            Phase::Policy | Phase::Resolve | Phase::Connect | Phase::Prepare,
            Fault::TimedOut | Fault::Broken,
        ) => unreachable_address(),
    }
}

fn unreachable_address() -> Words {
    Words::of(
        NOT_ACCEPTED,
        "Error status : -1.OSS can not connect to your callbackUrl, please check it.",
    )
}

/// Host and port of a URL.
fn authority(url: &str) -> String {
    let Ok(url) = url.parse::<Uri>() else {
        return String::new();
    };
    let default = if url.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let port = url.port_u16().unwrap_or(default);
    format!("{}:{port}", url.host().unwrap_or_default())
}

#[cfg(test)]
mod tests;
