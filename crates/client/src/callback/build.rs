//! The order itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::body::Body;
use super::check::{self, Vendor};
use crate::web::ValueError;

/// An order to call an application once an object is stored.
#[derive(Debug, Clone)]
pub struct Callback {
    vendor: Vendor,
    urls: Vec<String>,
    host: Option<String>,
    body: Body,
    vars: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

/// The parameters of an upload, as the vendors' clients take them: Base64 of JSON. Calls are never repeated, and an
/// application has five seconds to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackParameters {
    /// The order; `x-tos-callback` or `x-oss-callback`.
    pub callback: String,
    /// Its variables; `x-tos-callback-var` or `x-oss-callback-var`.
    pub callback_var: Option<String>,
}

impl Callback {
    /// An order for TOS. The application answers with 2xx and anything, at most 1 MiB. Its calls are not signed: put
    /// something that only the application knows into the URL or a variable.
    pub fn tos(url: impl Into<String>, body: Body) -> Self {
        Self::new(Vendor::Tos, url.into(), body)
    }

    /// An order for OSS. The application answers with 200 and JSON, at most 1 MiB; its calls are signed:
    /// [`CallbackVerifier`](crate::receive::CallbackVerifier).
    pub fn oss(url: impl Into<String>, body: Body) -> Self {
        Self::new(Vendor::Oss, url.into(), body)
    }

    fn new(vendor: Vendor, url: String, body: Body) -> Self {
        Self {
            vendor,
            urls: vec![url],
            host: None,
            body,
            vars: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Another address, called when those before it did not accept; five in all.
    #[must_use]
    pub fn or(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// What the call says in `Host`, instead of that of its URL.
    #[must_use]
    pub fn host(self, host: impl Into<String>) -> Self {
        let host = Some(host.into());
        Self { host, ..self }
    }

    /// A variable of one's own; its name begins with `x:`.
    #[must_use]
    pub fn var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    /// A header that the call has besides; OSS only.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The parameters. Fails when the service would refuse them, when a value would never be filled in, and when the body
    /// would not be JSON.
    pub fn build(&self) -> Result<CallbackParameters, ValueError> {
        let template = self.body.written();
        check::urls(&self.urls)?;
        self.host.as_deref().map_or(Ok(()), check::host)?;
        check::vars(self.vendor, &self.vars)?;
        check::headers(self.vendor, &self.headers)?;
        check::template(self.vendor, self.body.kind, &template, &self.vars)?;
        let mut order = Map::new();
        let mut put = |name: &str, value: Value| order.insert(name.to_owned(), value);
        put("callbackUrl", self.urls.join(";").into());
        if let Some(host) = &self.host {
            put("callbackHost", host.as_str().into());
        }
        put("callbackBody", template.into());
        put("callbackBodyType", self.body.kind.media_type().into());
        if !self.headers.is_empty() {
            put("additionalHeaders", object(&self.headers).into());
        }
        let vars = (!self.vars.is_empty()).then(|| object(&self.vars));
        Ok(CallbackParameters {
            callback: self.encoded("the order", order)?,
            callback_var: vars
                .map(|vars| self.encoded("the variables", vars))
                .transpose()?,
        })
    }

    fn encoded(&self, what: &str, members: Map<String, Value>) -> Result<String, ValueError> {
        let text = Value::Object(members).to_string();
        let encoded = STANDARD.encode(&text);
        check::size(self.vendor, what, text.len(), encoded.len())?;
        Ok(encoded)
    }
}

fn object(pairs: &[(String, String)]) -> Map<String, Value> {
    let pairs = pairs.iter().cloned();
    pairs
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

#[cfg(test)]
mod tests;
