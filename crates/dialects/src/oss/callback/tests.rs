use cohong_core::ErrorKind;
use cohong_core::model::{AccountId, BucketName, DialectId, Timestamp};
use cohong_sign::CallbackKey;
use serde_json::Value;

use super::*;
use crate::common::callback::decode;

fn vectors() -> Value {
    let text = include_str!("../../../../../vectors/oss.json");
    let vectors: Value = serde_json::from_str(text).expect("JSON");
    vectors["callback_signature"].clone()
}

#[derive(Debug)]
struct Key(CallbackKey);

#[async_trait]
impl CallbackSigner for Key {
    async fn sign(&self, text: Vec<u8>) -> Result<SignedText, String> {
        Ok(SignedText {
            signature: self.0.sign(&text).map_err(|error| error.to_string())?,
            public_key_url: "http://gosspublic.alicdn.com/callback_pub_key_v1.pem".to_owned(),
        })
    }
}

#[tokio::test]
async fn calls_bear_the_headers_that_receivers_verify() {
    let vectors = vectors();
    let der = vectors["private_key_pkcs8_der_base64"].as_str();
    let der = STANDARD.decode(der.expect("a key")).expect("Base64");
    let key = CallbackKey::from_der(&der).expect("a key");
    let format = OssCallbacks::new(Arc::new(Key(key)));
    let about = CallAbout {
        dialect: DialectId::Oss,
        bucket: BucketName::new("examplebucket").expect("a name"),
        request_id: "66399AA5000000003334673E".into(),
        requester: Some(AccountId("1234".into())),
        at: Timestamp::from_millis(1_714_979_289_000),
    };
    for case in vectors["cases"].as_array().expect("a list") {
        let target = case["request_target"].as_str().expect("a target");
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let body = case["body"].as_str().expect("a body").as_bytes();
        let to = CallTarget { path, query, body };
        let headers = format.headers(&about, &to).await.expect("signed");
        let key_url = "aHR0cDovL2dvc3NwdWJsaWMuYWxpY2RuLmNvbS9jYWxsYmFja19wdWJfa2V5X3YxLnBlbQ==";
        let wanted = [
            ("connection", "close"),
            ("authorization", case["authorization"].as_str().unwrap()),
            ("content-md5", case["content_md5"].as_str().unwrap()),
            ("date", "Mon, 06 May 2024 07:08:09 GMT"),
            ("user-agent", "aliyun-oss-callback"),
            ("x-oss-bucket", "examplebucket"),
            ("x-oss-pub-key-url", key_url),
            ("x-oss-request-id", "66399AA5000000003334673E"),
            ("x-oss-requester", "1234"),
            ("x-oss-signature-version", "1.0"),
            ("x-oss-tag", "CALLBACK"),
        ];
        assert_eq!(
            headers,
            wanted.map(|(name, value)| (name, value.to_owned()))
        );
    }
}

#[test]
fn orders_that_cannot_be_read_have_their_numbers() {
    let long = "A".repeat(5 * 1024 + 4);
    let order = |text: &str| STANDARD.encode(text);
    let good = order(r#"{"callbackUrl":"a.example/x","callbackBody":"b"}"#);
    let cases = [
        (long.clone(), None, "0007-00000001", "callback"),
        ("*".into(), None, "0007-00000002", "callback"),
        (order("no"), None, "0007-00000003", "callback"),
        (order("[]"), None, "0007-00000003", "callback"),
        (
            order(r#"{"callbackUrl":"a.example:port/x","callbackBody":"b"}"#),
            None,
            "0007-00000004",
            "callbackUrl",
        ),
        (
            order(r#"{"callbackUrl":"a;b;c;d;e;f","callbackBody":"b"}"#),
            None,
            "0007-00000005",
            "callbackUrl",
        ),
        (
            order(r#"{"callbackUrl":"a","callbackBody":"b","callbackHost":1}"#),
            None,
            "0007-00000009",
            "callbackHost",
        ),
        (
            order(r#"{"callbackUrl":"a","callbackBody":""}"#),
            None,
            "0007-00000011",
            "callbackBody",
        ),
        (
            order(r#"{"callbackUrl":"a","callbackBody":"b","callbackBodyType":"text/xml"}"#),
            None,
            "0007-00000012",
            "callbackBodyType",
        ),
        (
            order(
                r#"{"callbackUrl":"a","callbackBody":"b","additionalHeaders":{"x-oss-test":"1"}}"#,
            ),
            None,
            "0007-00000026",
            "additionalHeaders",
        ),
        (good.clone(), Some(long), "0007-00000101", "callback-var"),
        (
            good.clone(),
            Some("*".into()),
            "0007-00000102",
            "callback-var",
        ),
        (
            good.clone(),
            Some(order("no")),
            "0007-00000103",
            "callback-var",
        ),
        (
            good,
            Some(order(r#"{"x:a":1}"#)),
            "0007-00000103",
            "callback-var",
        ),
    ];
    for (order, vars, ec, argument) in cases {
        let bad = decode(
            &CALLBACKS,
            Some(&order),
            vars.as_deref(),
            std::iter::empty(),
        );
        let words = unread(&bad.expect_err(ec));
        assert_eq!((words.ec, words.elements[0].1.as_str()), (ec, argument));
    }
    let words = unread(&BadCallback::Twice(Parameter::Order));
    assert_eq!(words.ec, "0007-00000027");
    let text = order("plain");
    let bad = decode(&CALLBACKS, Some(&text), None, std::iter::empty());
    let words = unread(&bad.expect_err("no JSON"));
    assert_eq!(
        words.message,
        "The callback configuration is not json format."
    );
    let elements = [
        ("ArgumentName", "callback".to_owned()),
        ("ArgumentValue", "plain".to_owned()),
    ];
    assert_eq!(words.elements, elements);
}

#[test]
fn refused_addresses_have_the_vendors_text() {
    let refused = |cause: UnfitCall| {
        let error = Error::new(ErrorKind::InvalidArgument, cause.to_string()).because(cause);
        unfit(&error).expect("words")
    };
    let words = refused(UnfitCall::Address("10.0.0.1: set egress.allow".into()));
    assert_eq!(words.ec, "0007-00000008");
    assert_eq!(words.message, "Private address is forbidden to callback.");
    assert_eq!(words.elements, [("ArgumentName", "callbackUrl".to_owned())]);
    let words = refused(UnfitCall::Malformed("user information".into()));
    assert_eq!(
        (words.ec, &*words.message),
        ("0007-00000004", "user information")
    );
    let other = Error::new(ErrorKind::InvalidArgument, "a bad tag");
    assert_eq!(unfit(&other), None);
}

fn attempted(url: &str, status: Option<u16>, phase: Phase, fault: Fault) -> CallAttempt {
    CallAttempt {
        url: url.into(),
        status,
        failed: Some(Failed { phase, fault }),
        why: "for operators".into(),
        took_ms: 5003,
    }
}

#[test]
fn failed_calls_are_told_as_the_vendor_tells_them() {
    use Fault::{Broken, Busy, Form, NoLength, Status, TimedOut, TooLong};
    use Phase::{Answer, Connect, Policy, Prepare, Request, Resolve};
    let down = "Error status : -1.OSS can not connect to your callbackUrl, please check it.";
    let slow = "Error status : -1 a.example:80 reply timeout, cost:5003ms, timeout:5000ms";
    let long = "Error status : 400.User server return too long content-length value";
    for (status, phase, fault, message, ec) in [
        (
            Some(301),
            Request,
            Status,
            "Error status : 301.",
            NOT_ACCEPTED,
        ),
        (
            Some(500),
            Request,
            Status,
            "Error status : 500.",
            NOT_ACCEPTED,
        ),
        (None, Connect, Broken, down, NOT_ACCEPTED),
        (None, Connect, TimedOut, down, NOT_ACCEPTED),
        (None, Resolve, Broken, down, NOT_ACCEPTED),
        (None, Policy, Broken, down, NOT_ACCEPTED),
        (None, Prepare, Broken, down, NOT_ACCEPTED),
        (None, Request, TimedOut, slow, TOO_SLOW),
        (Some(200), Answer, TimedOut, slow, TOO_SLOW),
        (None, Request, Broken, "Error status : 502.", NOT_ACCEPTED),
        (
            Some(200),
            Answer,
            Broken,
            "Error status : 502.",
            NOT_ACCEPTED,
        ),
        (
            Some(200),
            Answer,
            Form,
            "Response body is not valid json format.",
            NO_JSON,
        ),
        (Some(200), Answer, NoLength, long, NOT_ACCEPTED),
        (Some(200), Answer, TooLong, long, NOT_ACCEPTED),
        (
            None,
            Connect,
            Busy,
            "Too many callback requests.",
            NOT_ACCEPTED,
        ),
    ] {
        let first = attempted("http://other.example/", Some(404), Request, Status);
        let last = attempted("http://a.example/cb", status, phase, fault);
        let outcome = CallbackOutcome {
            attempts: vec![first, last],
            ..CallbackOutcome::default()
        };
        let words = failed(&outcome);
        assert_eq!(
            (&*words.message, words.ec),
            (message, ec),
            "{phase:?} {fault:?}"
        );
        let address = ("CallbackAddress", "a.example:80".to_owned());
        assert_eq!(words.elements, [address]);
    }
    for (unmade, message, ec) in [
        (Unmade::Image, "Get image info failed.", NOT_ACCEPTED),
        (Unmade::TimeOver, "Cost too long time.", TOO_SLOW),
    ] {
        let words = failed(&unmade.into());
        assert_eq!((&*words.message, words.ec), (message, ec));
    }
    assert_eq!(failed(&CallbackOutcome::default()).message, down);
    for (url, found) in [
        ("https://a.example/x", "a.example:443"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("(unreadable URL)", ""),
    ] {
        assert_eq!(authority(url), found);
    }
}
