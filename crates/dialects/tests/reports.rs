//! What the server writes by itself in a vendor's words: lists of what buckets hold, and lines of access logs.

mod common;

use std::fmt::Write as _;
use std::io::Read as _;
use std::time::Duration;

use cohong_core::model::{AccessLog, BucketName, DialectId, Timestamp};
use cohong_core::work;
use cohong_dialects::gate::access::{Access, Fields, Proof};
use common::{As, Ask, World, oss, s3};
use flate2::read::GzDecoder;
use http::{Method, Version};

const FROM: &str = "photos-test";
const INTO: &str = "lists-test";

/// Two buckets, and in the first two versions of a key, a delete marker, an encrypted object and one of parts.
async fn world(put: fn(&'static str, &str) -> Ask) -> World {
    let world = World::new().await;
    for bucket in [FROM, INTO] {
        world.send(put(bucket, "/")).await.expect_status(200);
    }
    let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let versioning = put(FROM, "/?versioning").body(on);
    world.send(versioning).await.expect_status(200);
    for (key, body) in [("/a%20b", "one"), ("/a%20b", "three"), ("/gone", "x")] {
        world
            .send(oss::put(FROM, key).body(body))
            .await
            .expect_status(200);
        world.clock.advance(Duration::from_secs(1));
    }
    world
        .send(oss::delete(FROM, "/gone"))
        .await
        .expect_status(204);
    let sealed = oss::put(FROM, "/sealed").header("x-oss-server-side-encryption", "AES256");
    world.send(sealed.body("secret")).await.expect_status(200);
    let begun = world.send(oss::post(FROM, "/parts?uploads")).await;
    let upload = begun.element("UploadId").to_owned();
    let part = oss::put(FROM, &format!("/parts?partNumber=1&uploadId={upload}"));
    let part = world.send(part.body("part")).await.expect_status(200);
    let complete = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag"),
    );
    let complete = oss::post(FROM, &format!("/parts?uploadId={upload}")).body(complete);
    world.send(complete).await.expect_status(200);
    world
}

/// Every object of the bucket of lists, unpacked.
async fn lists(world: &World) -> String {
    world.clock.advance(Duration::from_hours(24));
    work::run_due_once(&world.engine).await.expect("the queue");
    // Signatures are of the day that the world began.
    world.clock.set(1_714_979_289_000);
    let page = world.send(oss::get(INTO, "/")).await.expect_status(200);
    let mut text = String::new();
    for part in page.text().split("<Key>").skip(1) {
        let key = part.split("</Key>").next().expect("an end");
        let found = world.send(oss::get(INTO, &format!("/{key}"))).await;
        let kind = found.header("content-type").to_owned();
        let mut body = String::new();
        if kind == "application/gzip" {
            let read = GzDecoder::new(&found.body[..]).read_to_string(&mut body);
            read.expect("what was packed");
        } else {
            body.push_str(found.text());
        }
        writeln!(text, "{key} ({kind})\n{}", body.trim_end()).expect("room");
    }
    text
}

#[tokio::test]
async fn lists_of_oss_are_as_its_pages_say() {
    let world = world(oss::put).await;
    let fields = [
        "Size",
        "LastModifiedDate",
        "ETag",
        "StorageClass",
        "IsMultipartUploaded",
    ];
    let more = [
        "EncryptionStatus",
        "ObjectAcl",
        "TaggingCount",
        "ObjectType",
        "Crc64",
    ];
    let fields = [&fields[..], &more[..]].concat().join("</Field><Field>");
    let order = format!(
        "<InventoryConfiguration><Id>report</Id><IsEnabled>True</IsEnabled><Filter/><Destination>\
         <OSSBucketDestination><Format>CSV</Format><AccountId>1</AccountId><Bucket>acs:oss:::{INTO}</Bucket>\
         <Prefix>to/</Prefix></OSSBucketDestination></Destination><Schedule><Frequency>Daily</Frequency></Schedule>\
         <IncludedObjectVersions>All</IncludedObjectVersions><OptionalFields><Field>{fields}</Field></OptionalFields>\
         </InventoryConfiguration>"
    );
    let ask = oss::put(FROM, "/?inventory&inventoryId=report").body(order);
    world.send(ask).await.expect_status(200);
    insta::assert_snapshot!(lists(&world).await);
    let told = oss::get(FROM, "/?inventory&inventoryId=report");
    insta::assert_snapshot!(world.send(told).await.expect_status(200).text());
    let page = world
        .send(oss::get(FROM, "/?inventory"))
        .await
        .expect_status(200);
    assert!(page.text().contains("<IsTruncated>false</IsTruncated>"));
}

#[tokio::test]
async fn lists_of_s3_are_as_its_guide_says() {
    let world = world(s3::put).await;
    let fields = [
        "Size",
        "LastModifiedDate",
        "StorageClass",
        "ETag",
        "IsMultipartUploaded",
    ];
    let more = [
        "ReplicationStatus",
        "EncryptionStatus",
        "ChecksumAlgorithm",
        "ObjectOwner",
    ];
    let fields = [&fields[..], &more[..]].concat().join("</Field><Field>");
    let order = format!(
        "<InventoryConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Destination><S3BucketDestination>\
         <Bucket>arn:aws:s3:::{INTO}</Bucket><Format>CSV</Format></S3BucketDestination></Destination>\
         <IsEnabled>true</IsEnabled><Id>report</Id><IncludedObjectVersions>All</IncludedObjectVersions>\
         <OptionalFields><Field>{fields}</Field></OptionalFields><Schedule><Frequency>Daily</Frequency></Schedule>\
         </InventoryConfiguration>"
    );
    let ask = s3::put(FROM, "/?inventory&id=report").body(order);
    world.send(ask).await.expect_status(200);
    insta::assert_snapshot!(lists(&world).await);
}

#[tokio::test]
async fn lists_of_tos_are_beside_their_documents() {
    let world = world(s3::put).await;
    let order = serde_json::json!({
        "Id": "report", "IsEnabled": true, "IncludedObjectVersions": "Current",
        "Destination": {"TOSBucketDestination": {"Format": "CSV", "AccountId": "1", "Role": "r", "Bucket": INTO}},
        "Schedule": {"Frequency": "Weekly"},
        "OptionalFields": {"Field": ["Size", "ETag", "EncryptionStatus", "CRC64", "ReplicationStatus"]},
    });
    let ask = common::put(FROM, "/?inventory&id=report").json(&order);
    world.send(ask).await.expect_status(200);
    // Not before a Sunday.
    assert_eq!(lists(&world).await, "");
    world.clock.advance(Duration::from_hours(6 * 24));
    insta::assert_snapshot!(lists(&world).await);
}

/// A line of each request below, in the words of a dialect.
fn lines(world: &World, id: DialectId) -> String {
    let dialects = world.dialects();
    let format = dialects.access_log(id).expect("a vendor with logs");
    let (get, put) = (Method::GET, Method::PUT);
    let one = Access {
        bucket: FROM,
        owner: "2100000000",
        region: "cn-hangzhou",
        at: Timestamp::from_millis(1_714_979_289_123),
        peer: Some([192, 0, 2, 3].into()),
        secure: false,
        request_id: "0123456789ABCDEF01234567",
        account: Some("2100000001"),
        operation: "GetObject",
        key: "a%20b",
        method: &get,
        target: "/photos-test/a%20b?Signature=-",
        version: Version::HTTP_11,
        status: 206,
        code: None,
        sent: 100,
        received: None,
        size: Some(300),
        took_ms: 70,
        turn_ms: 7,
        host: Some("photos-test.example"),
        referer: Some("http://a.example/\"b\""),
        user_agent: Some("mine/1.0 (x)"),
        version_id: Some("0000000000000007"),
        proof: Some(Proof {
            fourth: false,
            in_header: false,
        }),
        fields: Some(Fields {
            headers: vec![("x-forwarded-for".into(), "192.0.2.7".into())],
            parameters: vec![("from".into(), "é".repeat(600))],
        }),
    };
    let nobody = Access {
        account: None,
        operation: "PutBucketAcl",
        key: "",
        method: &put,
        target: "/photos-test?acl",
        status: 403,
        code: Some("AccessDenied"),
        sent: 0,
        received: Some(12),
        size: None,
        referer: None,
        user_agent: None,
        version_id: None,
        proof: None,
        fields: None,
        ..one.clone()
    };
    let log = AccessLog {
        bucket: BucketName::new(INTO).expect("a name"),
        prefix: "log/".into(),
        via: id,
    };
    let from = BucketName::new(FROM).expect("a name");
    let key = format.key(&log, &from, one.at, "0123456789ABCDEF");
    format!("{key}\n{}{}", format.line(&one), format.line(&nobody))
}

#[tokio::test]
async fn lines_of_access_logs_are_as_the_vendors_say() {
    let world = World::new().await;
    insta::assert_snapshot!("log_of_oss", lines(&world, DialectId::Oss));
    insta::assert_snapshot!("log_of_s3", lines(&world, DialectId::S3));
    assert!(world.dialects().access_log(DialectId::Tos).is_none());
}

#[tokio::test]
async fn what_lines_tell_beside_comes_and_goes() {
    const SETTING: &str = "/?userDefinedLogFieldsConfig";
    let world = World::new().await;
    world.send(oss::put(FROM, "/")).await.expect_status(200);
    let set = |headers: &str, parameters: &str| {
        let body = format!(
            "<UserDefinedLogFieldsConfiguration><HeaderSet>{headers}</HeaderSet>\
             <ParamSet>{parameters}</ParamSet></UserDefinedLogFieldsConfiguration>"
        );
        oss::put(FROM, SETTING).body(body)
    };
    let told = async || {
        let told = world.send(oss::get(FROM, SETTING)).await;
        told.expect_status(200).text().to_owned()
    };
    let none = told().await;
    assert!(
        none.ends_with("<UserDefinedLogFieldsConfiguration/>"),
        "{none}"
    );
    let headers = "<header>x-forwarded-for</header><header>x-b</header>";
    let some = set(headers, "<parameter>from_a</parameter>");
    world.send(some).await.expect_status(200);
    let both = format!(
        "<HeaderSet>{headers}</HeaderSet><ParamSet><parameter>from_a</parameter></ParamSet>"
    );
    assert!(told().await.contains(&both), "{}", told().await);
    let long = format!("<parameter>{}</parameter>", "p".repeat(1100));
    for (headers, parameters) in [
        ("<header>a_b</header>", ""),
        ("<header>a:b</header>", ""),
        ("<header></header>", ""),
        ("", "<parameter>a b</parameter>"),
        ("", &*"<parameter>p</parameter>".repeat(7)),
        ("", &*long),
    ] {
        let bad = world.send(set(headers, parameters)).await;
        assert_eq!(
            bad.code(),
            (400, "InvalidArgument".into()),
            "{headers} {parameters}"
        );
    }
    assert!(
        told().await.contains(&both),
        "what was refused changed nothing"
    );
    let foreign = oss::get(FROM, SETTING).by(As::Other);
    assert_eq!(world.send(foreign).await.status, 403);
    for _ in 0..2 {
        let gone = oss::delete(FROM, SETTING);
        world.send(gone).await.expect_status(204);
    }
    assert_eq!(told().await, none);
}
