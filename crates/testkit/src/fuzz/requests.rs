//! Whole requests to a whole server: everything that dialects read, in the order in which they read it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use md5::{Digest as _, Md5};
use quick_xml::events::Event;

use super::Target;
use super::world::{Ask, Reply, Tongue, World, run};

/// Words of requests in all dialects.
const WORDS: &[&str] = &[
    "?acl",
    "?uploads",
    "?uploadId=",
    "&partNumber=",
    "?versionId=null",
    "?delete",
    "?lifecycle",
    "?policy",
    "?tagging",
    "?notification",
    "?list-type=2&prefix=",
    "?append&position=0",
    "?symlink",
    "?restore",
    "?fetch",
    "?versions&max-keys=",
    "\nx-tos-copy-source: ",
    "\nx-oss-copy-source: /fuzz-bucket/k",
    "\nx-amz-copy-source: ",
    "\nrange: bytes=0-",
    "\nif-match: ",
    "\ncontent-md5: ",
    "\nx-tos-callback: ",
    "\nx-amz-meta-a: ",
    "\ncontent-type: multipart/form-data; boundary=BB",
    "\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "\nx-amz-decoded-content-length: ",
    "\ntransfer-encoding: chunked",
    "<Delete>",
    "<Object><Key>",
    "</Key></Object>",
    "</Delete>",
    "<!DOCTYPE x [<!ENTITY a \"b\">]>",
    "&a;",
    "<![CDATA[",
    "]]>",
    "{\"Objects\":[",
    "{\"Key\":\"k\"}",
    "{\"Rules\":[",
    "null",
    "\\u0000",
    "PUT",
    "POST",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "oss",
    "s3",
];

pub(super) const DETECTION: Target = Target {
    name: "detection",
    run: detection,
    words: &[
        "host: ",
        "fuzz-bucket.tos-cn-beijing.volces.com",
        "fuzz-bucket.oss-cn-hangzhou.aliyuncs.com",
        "s3.amazonaws.com",
        "127.0.0.1:9000",
        "[::1]",
        "oms.cn-north-4.myhuaweicloud.com",
        "cn-hangzhou.oas.aliyuncs.com",
        "authorization: ",
        "TOS4-HMAC-SHA256 Credential=AK/20240506/cn-beijing/tos/request, SignedHeaders=host, Signature=00",
        "OSS AK:c2ln",
        "AWS AK:c2ln",
        "OAS AK:00",
        "SDK-HMAC-SHA256 Access=AK",
        "x-tos-",
        "x-oss-",
        "x-amz-",
        "?X-Amz-Signature=",
        "?OSSAccessKeyId=",
        "GET",
        "OPTIONS",
        "origin: http://a",
        "access-control-request-method: PUT",
        "..",
        "%",
    ],
    more: Vec::new,
};

pub(super) const REQUEST: Target = Target {
    name: "request",
    run: request,
    words: WORDS,
    more: Vec::new,
};

pub(super) const DOCUMENTS: Target = Target {
    name: "documents",
    run: documents,
    words: &[
        "<Rule>",
        "</Rule>",
        "<ID>",
        "</ID>",
        "<Prefix>",
        "</Prefix>",
        "<Status>Enabled</Status>",
        "<Days>1</Days>",
        "<Expiration>",
        "</Expiration>",
        "<Filter>",
        "<And>",
        "<Tag><Key>a</Key><Value>b</Value></Tag>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&#0;",
        "&#x1F600;",
        " xmlns=\"x\"",
        "\"ID\":\"a\"",
        "\"Status\":\"Enabled\"",
        "null",
        "[]",
        "{}",
        "\\u0000",
        "true",
        "1e999",
        "-1",
        "*",
        ",",
        "tos ",
        "oss ",
        "s3 ",
    ],
    more: Vec::new,
};

/// A head that nobody signed: a method and a target, then headers, an empty line, a body. It has one dialect, an answer,
/// and nothing of what is private.
fn detection(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.split('\n');
    let first = lines.next().unwrap_or_default();
    let (method, target) = first.split_once(' ').unwrap_or((first, "/"));
    let Ok(method) = Method::from_bytes(method.as_bytes()) else {
        return;
    };
    let preflight = method == Method::OPTIONS;
    let ask = Ask {
        method,
        of_bucket: false,
        target: target.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    let ask = ask.with_lines(lines);
    run(async {
        let world = World::new().await;
        let before = world.visible().await;
        let Some(reply) = world.plain(ask).await else {
            return;
        };
        answered(&reply);
        assert!(preflight || !reply.status.is_success(), "{reply:?}");
        assert_eq!(
            world.visible().await,
            before,
            "nobody changed something: {reply:?}"
        );
    });
}

/// A request that the owner signed: dialect, method, `b` for the bucket or `-`, target; headers; an empty line; a body.
/// It has an answer that can be read, and when it is refused nothing has changed.
fn request(input: &[u8]) {
    let Some((tongue, ask)) = read(input) else {
        return;
    };
    run(async {
        let world = world_of(tongue).await;
        let before = world.visible().await;
        let Some(reply) = sent(&world, tongue, ask).await else {
            return;
        };
        answered(&reply);
        if reply.status.is_client_error() {
            assert_eq!(world.visible().await, before, "refused and done: {reply:?}");
        }
    });
}

async fn world_of(tongue: Tongue) -> World {
    let world = World::new().await;
    match tongue {
        Tongue::Oas => world.with_vault().await,
        _ => world,
    }
}

/// Sends a request of an input: forms as forms, `PROJECT` as the one that there is, and with the right digest where the
/// input asks for it, which no mutation would meet.
async fn sent(world: &World, tongue: Tongue, mut ask: Ask) -> Option<Reply> {
    if tongue == Tongue::Oms && ask.target.contains("PROJECT") {
        ask.target = ask.target.replace("PROJECT", &world.project().await);
    }
    if let Some(digest) = ask
        .headers
        .get_mut("content-md5")
        .filter(|value| *value == "MD5")
    {
        *digest = digest_of(&ask.body);
    }
    let is_form = tongue == Tongue::Tos && ask.method == Method::POST && ask.target == "/";
    if is_form {
        world.form(ask).await
    } else {
        world.signed(tongue, ask).await
    }
}

/// The request that an input is, if it is one.
fn read(input: &[u8]) -> Option<(Tongue, Ask)> {
    let at = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = at.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let mut words = lines.next().unwrap_or_default().splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (tongue, method, place, target) = (word(), word(), word(), word());
    let ask = Ask {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        of_bucket: place == "b",
        target: target.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    Some((Tongue::named(tongue)?, ask.with_lines(lines)))
}

/// Every answer has a status that says whose fault it is, and a body that can be read.
fn answered(reply: &Reply) {
    assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{reply:?}");
    let kind = reply
        .headers
        .get("content-type")
        .map_or(&b""[..], |kind| kind.as_bytes());
    if reply.body.is_empty() || reply.status.is_success() {
        return;
    }
    if kind.ends_with(b"json") {
        assert!(
            serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok(),
            "{reply:?}"
        );
    } else if kind.ends_with(b"xml") {
        let text = std::str::from_utf8(&reply.body).expect("XML is text");
        let mut reader = quick_xml::Reader::from_str(text);
        while !matches!(reader.read_event().expect("well-formed XML"), Event::Eof) {}
    }
}

/// A setting of the bucket, its dialect and name in the first line: what was taken is shown, and what is shown can be set
/// and is shown again.
fn documents(input: &[u8]) {
    let at = input
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(input.len());
    let (first, body) = input.split_at(at);
    let first = String::from_utf8_lossy(first);
    let (tongue, setting) = first.split_once(' ').unwrap_or((&first, "acl"));
    let Some(tongue) = Tongue::named(tongue) else {
        return;
    };
    let ask = |method: Method, body: &[u8]| Ask {
        method,
        of_bucket: true,
        target: format!("/?{setting}"),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    run(async {
        let world = World::new().await;
        let put = async |body: &[u8]| {
            let mut ask = ask(Method::PUT, body);
            ask.headers.insert("content-md5", digest_of(body));
            world.signed(tongue, ask).await
        };
        let Some(set) = put(body.get(1..).unwrap_or_default()).await else {
            return;
        };
        answered(&set);
        if !set.status.is_success()
            || setting.contains(['&', '=', '#', '%'])
            || setting.starts_with("worm")
        {
            return;
        }
        let shown = world
            .signed(tongue, ask(Method::GET, b""))
            .await
            .expect("it was signed before");
        answered(&shown);
        if !shown.status.is_success() {
            return;
        }
        let again = put(&shown.body).await.expect("it was signed before");
        assert!(
            again.status.is_success(),
            "{setting}: what is shown cannot be set: {again:?} {shown:?}"
        );
        let last = world
            .signed(tongue, ask(Method::GET, b""))
            .await
            .expect("it was signed before");
        assert_eq!(steady(&last.body), steady(&shown.body), "{setting}");
    });
}

/// What `Content-MD5` says of a body.
fn digest_of(body: &[u8]) -> HeaderValue {
    let digest = STANDARD.encode(Md5::digest(body));
    HeaderValue::from_str(&digest).expect("ASCII")
}

/// A document without what counts its changes.
fn steady(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    if let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(&text) {
        members.remove("Version");
        text = serde_json::Value::Object(members).to_string();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target whose kept inputs are refused would hold whatever the server did.
    #[test]
    fn kept_documents_are_taken() {
        let mut refused = Vec::new();
        for input in super::super::corpus(&DOCUMENTS) {
            let text = String::from_utf8(input).expect("text");
            let (first, body) = text.split_once('\n').expect("a line and a body");
            let (tongue, setting) = first.split_once(' ').expect("two words");
            let tongue = Tongue::named(tongue).expect("a dialect");
            let mut ask = Ask::put(&format!("/?{setting}"), body);
            ask.headers
                .insert("content-md5", digest_of(body.as_bytes()));
            refused.extend(refusal(tongue, ask));
        }
        assert!(refused.is_empty(), "{refused:#?}");
    }

    /// Some need what one request cannot make first, such as an archived object.
    #[test]
    fn most_kept_requests_are_served() {
        let inputs = super::super::corpus(&REQUEST);
        let refused = inputs.iter().filter_map(|input| {
            let (tongue, ask) = read(input).expect("a request");
            refusal(tongue, ask)
        });
        let refused: Vec<_> = refused.collect();
        assert!(refused.len() * 8 < inputs.len(), "{refused:#?}");
    }

    /// How a request is refused, if it is.
    fn refusal(tongue: Tongue, ask: Ask) -> Option<String> {
        let told = format!("{tongue:?} {} {}", ask.method, ask.target);
        let reply = run(async { sent(&world_of(tongue).await, tongue, ask).await });
        let reply = reply.expect("signed");
        let text = String::from_utf8_lossy(&reply.body);
        (!reply.status.is_success()).then(|| format!("{told}: {} {text}", reply.status))
    }
}
