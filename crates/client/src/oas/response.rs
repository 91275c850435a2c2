//! What the service answered (OAS sheet section 7.3a).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ConnectionError, Error, OASServerError};
use crate::web::Body;
use crate::web::limits::{ANSWER_BYTES_MAX, ERROR_BYTES_MAX};

/// A successful answer: headers under lower-case names, the members of a JSON body, and the body to be read.
#[derive(Debug)]
pub struct Response {
    /// HTTP status, 2xx.
    pub status: u16,
    /// Id of the request, to ask the operator about; empty when there was none.
    pub request_id: String,
    headers: BTreeMap<String, String>,
    json: Map<String, Value>,
    body: Body,
}

impl Response {
    /// An answer with a short body, which is read at once and understood when it is JSON.
    pub(super) async fn whole(response: reqwest::Response) -> Result<Self, Error> {
        let mut answer = Self::stream(response).await?;
        let body = answer.body.rest(ANSWER_BYTES_MAX).await?;
        if answer.header("content-type") == Some("application/json") {
            answer.json = serde_json::from_slice(&body).map_err(|error| {
                ConnectionError::new(format!("the answer is no JSON object: {error}"))
            })?;
        }
        answer.body = Body::Whole(body);
        Ok(answer)
    }

    /// An answer whose body is read piece by piece.
    pub(super) async fn stream(response: reqwest::Response) -> Result<Self, Error> {
        let headers = lower(response.headers());
        let mut answer = Self {
            status: response.status().as_u16(),
            request_id: headers.get("x-oas-request-id").cloned().unwrap_or_default(),
            headers,
            json: Map::new(),
            body: Body::of(response),
        };
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(Box::new(answer.refusal().await).into())
    }

    /// The service's error. A body that is not of its form, or does not come, leaves what the status says.
    async fn refusal(&mut self) -> OASServerError {
        let body = self.body.rest(ERROR_BYTES_MAX).await.unwrap_or_default();
        let body: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let at_fault = if self.status < 500 {
            "client"
        } else {
            "server"
        };
        OASServerError {
            status: self.status,
            code: text("code").unwrap_or_default(),
            r#type: text("type").unwrap_or_else(|| at_fault.to_owned()),
            message: text("message").unwrap_or_default(),
            request_id: self.request_id.clone(),
            headers: self.headers.clone(),
        }
    }

    /// All headers, names in lower case; lines of a repeated one are joined with commas.
    pub fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Members of the JSON body; none for any other body, and none for the output of a job, which is to be read.
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// Next bytes of the body, at most `size`; none at its end. Fails when the connection breaks or nothing comes for
    /// 100 seconds: an end is always the whole body's.
    pub async fn read(&mut self, size: usize) -> Result<Bytes, Error> {
        Ok(self.body.read(size).await?)
    }

    /// The JSON body as a value of ours.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let parsed = serde_json::from_value(Value::Object(self.json.clone()));
        parsed.map_err(|error| {
            ConnectionError::new(format!("the answer is not what was asked for: {error}")).into()
        })
    }

    /// A header that has to be there.
    pub(super) fn named(&self, name: &str) -> Result<String, Error> {
        let value = self.header(name).filter(|value| !value.is_empty());
        let missing = || ConnectionError::new(format!("the answer has no {name}")).into();
        value.map(str::to_owned).ok_or_else(missing)
    }
}

fn lower(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut lower: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let line = lower.entry(name.as_str().to_owned()).or_default();
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(&value);
    }
    lower
}
