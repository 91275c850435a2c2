//! A small signed client over one connection, in the words of TOS, OSS or OAS: for load and crash tests, where an
//! SDK would be the slower half. It proves nothing about compatibility; the vendors' SDKs do that.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cohong_sign::{Credentials, Signer, TOS, Timestamp, encode, encode_path, oas, oss};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// In whose words a client asks. Base domains are never resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// Volcengine TOS.
    Tos,
    /// Alibaba OSS, signed by version 4.
    Oss,
    /// Alibaba OAS: no buckets, and keys are paths.
    Oas,
}

impl Tongue {
    fn domain(self) -> &'static str {
        match self {
            Self::Tos => "tos-cn-beijing.volces.com",
            Self::Oss => "oss-cn-hangzhou.aliyuncs.com",
            Self::Oas => "cn-hangzhou.oas.aliyuncs.com",
        }
    }

    fn region(self) -> &'static str {
        match self {
            Self::Tos => "cn-beijing",
            Self::Oss | Self::Oas => "cn-hangzhou",
        }
    }
}

/// A piece of a streamed body.
const PIECE: usize = 1 << 20;

type OutBody = UnsyncBoxBody<Bytes, Infallible>;

/// A client with one connection, opened again when it broke.
#[derive(Debug)]
pub struct Client {
    server: SocketAddr,
    access_key: String,
    secret_key: String,
    tongue: Tongue,
    connection: Option<SendRequest<OutBody>>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// A request before it is signed.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// Bucket; none for the service.
    pub bucket: Option<&'a str>,
    /// Key, not encoded; none for the bucket.
    pub key: Option<&'a str>,
    /// Query parameters, not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers to send and sign.
    pub headers: &'a [(&'static str, &'a str)],
    /// Body.
    pub body: Bytes,
}

impl Client {
    /// A client of a server, in the words of TOS.
    pub fn new(server: SocketAddr, access_key: &str, secret_key: &str) -> Self {
        Self {
            server,
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            tongue: Tongue::Tos,
            connection: None,
        }
    }

    /// Another client of the same server, with a connection of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::new(self.server, &self.access_key, &self.secret_key).speaking(self.tongue)
    }

    /// The same client in other words. Buckets, objects and their bytes are asked for alike; what answers say
    /// in their bodies is read as TOS only.
    #[must_use]
    pub fn speaking(self, tongue: Tongue) -> Self {
        Self { tongue, ..self }
    }

    /// Sends a signed request. An error means that its fate is unknown.
    pub async fn send(&mut self, method: Method, ask: &Ask<'_>) -> Result<Answer, String> {
        let body = Full::new(ask.body.clone()).boxed_unsync();
        let request = self.request(method, ask, body)?;
        let (sender, response) = self.exchange(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
        self.connection = Some(sender);
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Stores an object of `len` bytes, a multiple of 1 MiB, without holding it.
    pub async fn put_stream(&mut self, ask: &Ask<'_>, len: u64) -> Result<(), String> {
        let piece = Bytes::from(vec![b'a'; PIECE]);
        let count = usize::try_from(len).map_err(|e| e.to_string())? / PIECE;
        let frames = futures_util::stream::iter(
            std::iter::repeat_n(piece, count).map(|piece| Ok(Frame::data(piece))),
        );
        let mut request = self.request(Method::PUT, ask, StreamBody::new(frames).boxed_unsync())?;
        request
            .headers_mut()
            .insert(header::CONTENT_LENGTH, len.into());
        let (_, response) = self.exchange(request).await?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("PUT of {len} bytes: {status}"))
        }
    }

    /// Sends a request and throws its answer's body away piece by piece; how long it was.
    pub async fn drain(&mut self, method: Method, ask: &Ask<'_>) -> Result<u64, String> {
        let body = Full::new(ask.body.clone()).boxed_unsync();
        let request = self.request(method, ask, body)?;
        let (_, response) = self.exchange(request).await?;
        let mut body = response.into_body();
        let mut len = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| e.to_string())?;
            len += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok(len)
    }

    async fn exchange(
        &mut self,
        request: Request<OutBody>,
    ) -> Result<(SendRequest<OutBody>, Response<Incoming>), String> {
        let mut sender = match self.connection.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        sender.ready().await.map_err(|e| e.to_string())?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        Ok((sender, response))
    }

    /// As [`Self::send`], and any status but 2xx is an error too.
    pub async fn must(&mut self, method: Method, ask: &Ask<'_>) -> Result<Answer, String> {
        let answer = self.send(method.clone(), ask).await?;
        if answer.status.is_success() && answer.status != StatusCode::NON_AUTHORITATIVE_INFORMATION
        {
            return Ok(answer);
        }
        let text = String::from_utf8_lossy(&answer.body);
        Err(format!(
            "{method} {:?}/{:?}: {} {text}",
            ask.bucket, ask.key, answer.status
        ))
    }

    /// Creates a bucket.
    pub async fn create_bucket(&mut self, bucket: &str) -> Result<(), String> {
        let ask = Ask {
            bucket: Some(bucket),
            ..Ask::default()
        };
        self.must(Method::PUT, &ask).await.map(|_| ())
    }

    /// Stores an object.
    pub async fn put(&mut self, bucket: &str, key: &str, body: Bytes) -> Result<Answer, String> {
        let ask = Ask {
            bucket: Some(bucket),
            key: Some(key),
            body,
            ..Ask::default()
        };
        self.must(Method::PUT, &ask).await
    }

    /// Reads an object; none when it does not exist.
    pub async fn get(&mut self, bucket: &str, key: &str) -> Result<Option<Bytes>, String> {
        let ask = Ask {
            bucket: Some(bucket),
            key: Some(key),
            ..Ask::default()
        };
        let answer = self.send(Method::GET, &ask).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(answer.body)),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(format!("GET {bucket}/{key}: {other}")),
        }
    }

    /// Deletes an object.
    pub async fn delete(&mut self, bucket: &str, key: &str) -> Result<Answer, String> {
        let ask = Ask {
            bucket: Some(bucket),
            key: Some(key),
            ..Ask::default()
        };
        self.must(Method::DELETE, &ask).await
    }

    /// Stores an object in parts, of which all but the last have at least 5 MiB, completed without a
    /// list of parts; its etag, and the answer to the completion.
    pub async fn put_parts(
        &mut self,
        bucket: &str,
        key: &str,
        parts: &[Bytes],
    ) -> Result<(String, Answer), String> {
        let base = Ask {
            bucket: Some(bucket),
            key: Some(key),
            ..Ask::default()
        };
        let create = Ask {
            query: &[("uploads", "")],
            ..base.clone()
        };
        let created = json(&self.must(Method::POST, &create).await?)?;
        let upload = created["UploadId"]
            .as_str()
            .ok_or("no upload id")?
            .to_owned();
        for (n, body) in parts.iter().enumerate() {
            let number = (n + 1).to_string();
            let query = [("uploadId", upload.as_str()), ("partNumber", &number)];
            self.must(
                Method::PUT,
                &Ask {
                    query: &query,
                    body: body.clone(),
                    ..base.clone()
                },
            )
            .await?;
        }
        let query = [("uploadId", upload.as_str())];
        let complete = Ask {
            query: &query,
            body: Bytes::from_static(b"{}"),
            ..base
        };
        let answer = self.must(Method::POST, &complete).await?;
        let done = json(&answer)?;
        let etag = done["ETag"].as_str().ok_or("no etag")?;
        Ok((etag.trim_matches('"').to_owned(), answer))
    }

    /// Gives up all open uploads of a bucket.
    pub async fn abort_uploads(&mut self, bucket: &str) -> Result<(), String> {
        let listed = Ask {
            bucket: Some(bucket),
            query: &[("uploads", ""), ("max-uploads", "1000")],
            ..Ask::default()
        };
        loop {
            let found = json(&self.must(Method::GET, &listed).await?)?;
            let Some(uploads) = found["Uploads"].as_array().filter(|all| !all.is_empty()) else {
                return Ok(());
            };
            for upload in uploads {
                let id = upload["UploadId"].as_str().ok_or("no upload id")?;
                let abort = Ask {
                    bucket: Some(bucket),
                    key: Some(upload["Key"].as_str().ok_or("no key")?),
                    query: &[("uploadId", id)],
                    ..Ask::default()
                };
                self.must(Method::DELETE, &abort).await?;
            }
        }
    }

    /// Sets one rule that calls `function` for every put and delete of keys below `prefix`.
    pub async fn notify(
        &mut self,
        bucket: &str,
        prefix: &str,
        function: &str,
    ) -> Result<(), String> {
        let body = serde_json::json!({"CloudFunctionConfigurations": [{
            "RuleId": "1",
            "Events": ["tos:ObjectCreated:*", "tos:ObjectRemoved:*"],
            "CloudFunction": function,
            "Filter": {"TOSKey": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
        }]});
        let ask = Ask {
            bucket: Some(bucket),
            query: &[("notification", "")],
            body: body.to_string().into(),
            ..Ask::default()
        };
        self.must(Method::PUT, &ask).await.map(|_| ())
    }

    fn request(
        &self,
        method: Method,
        ask: &Ask<'_>,
        body: OutBody,
    ) -> Result<Request<OutBody>, String> {
        let domain = self.tongue.domain();
        let host = match ask.bucket {
            Some(bucket) => format!("{bucket}.{domain}"),
            None => domain.to_owned(),
        };
        let path = format!("/{}", encode_path(ask.key.unwrap_or("").as_bytes()));
        let query: Vec<String> = ask
            .query
            .iter()
            .map(|(name, value)| {
                format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes()))
            })
            .collect();
        let query = query.join("&");
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, value(&host)?);
        if self.tongue == Tongue::Tos {
            headers.insert(
                "x-tos-content-sha256",
                HeaderValue::from_static("UNSIGNED-PAYLOAD"),
            );
        }
        for (name, text) in ask.headers {
            headers.insert(*name, value(text)?);
        }
        let signed = self.sign(&method, ask, (&path, &query), &mut headers)?;
        headers.insert(header::AUTHORIZATION, value(&signed)?);
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().map_err(|e| format!("{target}: {e}"))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn sign(
        &self,
        method: &Method,
        ask: &Ask<'_>,
        (path, query): (&str, &str),
        headers: &mut HeaderMap,
    ) -> Result<String, String> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|e| e.to_string())?;
        let now = i64::try_from(since.as_secs()).map_err(|e| e.to_string())?;
        let time = Timestamp::from_unix(now).ok_or("the clock is beyond all dates")?;
        let credentials = Credentials {
            access_key: &self.access_key,
            secret: &self.secret_key,
            security_token: None,
        };
        let region = self.tongue.region();
        let signed = match self.tongue {
            Tongue::Tos => Signer::new(&TOS, credentials, region, time)
                .sign_headers(method, path, query, headers),
            Tongue::Oss => {
                let resource = oss::Resource {
                    bucket: ask.bucket,
                    key: ask.key.unwrap_or("").as_bytes(),
                };
                let signer = oss::Signer {
                    version: oss::Version::V4,
                    credentials,
                    region,
                    time,
                };
                signer.sign_headers(method, &resource, query, headers, &[])
            }
            Tongue::Oas => {
                oas::Signer { credentials, time }.sign_headers(method, path, query, headers)
            }
        };
        signed.map_err(|e| e.to_string())
    }

    async fn connect(&self) -> Result<SendRequest<OutBody>, String> {
        let stream = TcpStream::connect(self.server)
            .await
            .map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        tokio::spawn(async move {
            // The sender sees the same end; there is nothing else to do with it.
            drop(connection.await);
        });
        Ok(sender)
    }
}

fn json(answer: &Answer) -> Result<serde_json::Value, String> {
    serde_json::from_slice(&answer.body).map_err(|e| e.to_string())
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|e| e.to_string())
}
