//! What programs do with the vendor's Rust client: buckets, objects, lists, uploads in parts, settings and URLs.

use std::collections::HashMap;

use tos_rust::{Server, told};
use ve_tos_rust_sdk::asynchronous::auth::SignerAPI;
use ve_tos_rust_sdk::asynchronous::bucket::BucketAPI;
use ve_tos_rust_sdk::asynchronous::multipart::MultipartAPI;
use ve_tos_rust_sdk::asynchronous::object::{ObjectAPI, ObjectContent};
use ve_tos_rust_sdk::auth::{PolicySignatureCondition, PreSignedPolicyURLInput, PreSignedURLInput};
use ve_tos_rust_sdk::bucket::{
    CreateBucketInput, DeleteBucketInput, DeleteBucketTaggingInput, GetBucketTaggingInput,
    GetBucketVersioningInput, HeadBucketInput, ListBucketsInput, PutBucketTaggingInput,
    PutBucketVersioningInput,
};
use ve_tos_rust_sdk::common::{Tag, TagSet};
use ve_tos_rust_sdk::enumeration::HttpMethodType::{
    HttpMethodDelete, HttpMethodGet, HttpMethodPut,
};
use ve_tos_rust_sdk::enumeration::StorageClassType::StorageClassIa;
use ve_tos_rust_sdk::enumeration::VersioningStatusType::VersioningStatusEnabled;
use ve_tos_rust_sdk::enumeration::{ACLType, GranteeType, MetadataDirectiveType, PermissionType};
use ve_tos_rust_sdk::multipart::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CreateMultipartUploadInput,
    ListMultipartUploadsInput, ListPartsInput, UploadPartCopyInput, UploadPartFromBufferInput,
    UploadPartFromFileInput, UploadedPart,
};
use ve_tos_rust_sdk::object::{
    AppendObjectFromBufferInput, CopyObjectInput, DeleteMultiObjectsInput, DeleteObjectInput,
    DeleteObjectTaggingInput, DoesObjectExistInput, GetObjectACLInput, GetObjectInput,
    GetObjectTaggingInput, GetObjectToFileInput, GetSymlinkInput, HeadObjectInput,
    ListObjectVersionsInput, ListObjectsType2Input, ObjectTobeDeleted, PutObjectACLInput,
    PutObjectFromBufferInput, PutObjectFromFileInput, PutObjectTaggingInput, PutSymlinkInput,
    SetObjectMetaInput,
};

const BUCKET: &str = "everyday-rust";

/// The smallest part that is not the last, and a bit.
const PART: usize = 5 * 1024 * 1024;

/// A server with one bucket.
async fn server() -> Server {
    let server = Server::start();
    let made = server
        .client()
        .create_bucket(&CreateBucketInput::new(BUCKET))
        .await;
    assert!(!made.expect("a bucket is made").request_id().is_empty());
    server
}

/// Bytes of which no two runs are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[tokio::test]
async fn buckets_are_made_found_and_removed() {
    let server = server().await;
    let client = server.client();
    let head = client
        .head_bucket(&HeadBucketInput::new(BUCKET))
        .await
        .unwrap();
    assert_eq!(head.region(), "cn-beijing");
    let listed = client.list_buckets(&ListBucketsInput::new()).await.unwrap();
    let names: Vec<_> = listed
        .buckets()
        .iter()
        .map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, [BUCKET]);
    let again = client.create_bucket(&CreateBucketInput::new(BUCKET)).await;
    assert_eq!(told(again), (409, "BucketAlreadyOwnedByYou".to_owned()));

    client
        .put_object_from_buffer(&PutObjectFromBufferInput::new_with_content(
            BUCKET, "k", "v",
        ))
        .await
        .unwrap();
    let full = client.delete_bucket(&DeleteBucketInput::new(BUCKET)).await;
    assert_eq!(told(full), (409, "BucketNotEmpty".to_owned()));
    client
        .delete_object(&DeleteObjectInput::new(BUCKET, "k"))
        .await
        .unwrap();
    client
        .delete_bucket(&DeleteBucketInput::new(BUCKET))
        .await
        .unwrap();
    let gone = client.head_bucket(&HeadBucketInput::new(BUCKET)).await;
    assert_eq!(told(gone).0, 404);
}

#[tokio::test]
async fn objects_come_back_as_they_were_sent() {
    let server = server().await;
    let client = server.client();
    for key in ["plain", "a b/ü/%41+&=?#", "（中文）", "  ", "//"] {
        let data = bytes(key.len() * 1_000);
        let mut put = PutObjectFromBufferInput::new_with_content(BUCKET, key, &data);
        put.set_content_type("text/plain");
        put.set_cache_control("no-cache");
        put.set_storage_class(StorageClassIa);
        let meta =
            [("one", "1"), ("中文", "值")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        put.set_meta(HashMap::from(meta.clone()));
        let put = client.put_object_from_buffer(&put).await.unwrap();
        assert!(put.hash_crc64ecma() > 0);

        let mut got = client
            .get_object(&GetObjectInput::new(BUCKET, key))
            .await
            .unwrap();
        assert_eq!(got.etag(), put.etag());
        assert_eq!(got.content_type(), "text/plain");
        assert_eq!(got.cache_control(), "no-cache");
        assert_eq!(got.storage_class(), &Some(StorageClassIa));
        assert_eq!(got.meta(), &HashMap::from(meta));
        assert_eq!(got.read_all().await.unwrap(), data, "{key}");

        let mut range = GetObjectInput::new(BUCKET, key);
        range.set_range("bytes=10-99");
        let mut got = client.get_object(&range).await.unwrap();
        assert_eq!(got.status_code(), 206);
        assert_eq!(got.read_all().await.unwrap(), data[10..100]);

        client
            .delete_object(&DeleteObjectInput::new(BUCKET, key))
            .await
            .unwrap();
        let exists = client
            .does_object_exist(&DoesObjectExistInput::new(BUCKET, key))
            .await;
        assert!(!exists.unwrap());
        let gone = client.get_object(&GetObjectInput::new(BUCKET, key)).await;
        assert_eq!(told(gone), (404, "NoSuchKey".to_owned()));
    }
}

#[tokio::test]
async fn files_go_up_and_come_down() {
    let server = server().await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let data = bytes(2_000_003);
    std::fs::write(path("up"), &data).unwrap();
    let put = PutObjectFromFileInput::new_with_file_path(BUCKET, "file", path("up"));
    client.put_object_from_file(&put).await.unwrap();
    let get = GetObjectToFileInput::new(BUCKET, "file", path("down"));
    client.get_object_to_file(&get).await.unwrap();
    assert!(std::fs::read(path("down")).unwrap() == data);
}

#[tokio::test]
async fn objects_are_copied_appended_to_and_linked() {
    let server = server().await;
    let client = server.client();
    let mut put = PutObjectFromBufferInput::new_with_content(BUCKET, "first", "hello");
    put.set_meta(HashMap::from([("kept".to_owned(), "yes".to_owned())]));
    client.put_object_from_buffer(&put).await.unwrap();
    client
        .copy_object(&CopyObjectInput::new(BUCKET, "second", BUCKET, "first"))
        .await
        .unwrap();
    let mut replace = CopyObjectInput::new(BUCKET, "third", BUCKET, "first");
    replace.set_metadata_directive(MetadataDirectiveType::MetadataDirectiveReplace);
    replace.set_meta(HashMap::from([("new".to_owned(), "1".to_owned())]));
    client.copy_object(&replace).await.unwrap();
    for (key, name) in [("second", "kept"), ("third", "new")] {
        let head = client
            .head_object(&HeadObjectInput::new(BUCKET, key))
            .await
            .unwrap();
        assert_eq!(head.content_length(), 5);
        assert!(
            head.meta().len() == 1 && head.meta().contains_key(name),
            "{key}"
        );
    }

    let (mut offset, mut digest) = (0, 0);
    for piece in ["one ", "two ", "three"] {
        let mut append =
            AppendObjectFromBufferInput::new_with_offset_content(BUCKET, "log", offset, piece);
        // The client compares the digest of the whole with what it makes of this one and the piece.
        append.set_pre_hash_crc64ecma(digest);
        let appended = client.append_object_from_buffer(&append).await.unwrap();
        (offset, digest) = (appended.next_append_offset(), appended.hash_crc64ecma());
    }
    client
        .put_symlink(&PutSymlinkInput::new(BUCKET, "link", "log"))
        .await
        .unwrap();
    let link = client
        .get_symlink(&GetSymlinkInput::new(BUCKET, "link"))
        .await
        .unwrap();
    assert_eq!(link.symlink_target_key(), "log");
    let mut through = client
        .get_object(&GetObjectInput::new(BUCKET, "link"))
        .await
        .unwrap();
    assert_eq!(through.read_all().await.unwrap(), b"one two three");
}

#[tokio::test]
async fn lists_go_page_by_page() {
    let server = server().await;
    let client = server.client();
    let keys: Vec<_> = (0..25)
        .map(|n| format!("folder-{}/key-{n:02}", n % 3))
        .collect();
    for key in &keys {
        let put = PutObjectFromBufferInput::new_with_content(BUCKET, key, key);
        client.put_object_from_buffer(&put).await.unwrap();
    }
    let mut found = Vec::new();
    let mut list = ListObjectsType2Input::new(BUCKET);
    list.set_max_keys(7);
    loop {
        let page = client.list_objects_type2(&list).await.unwrap();
        assert!(page.contents().len() <= 7);
        found.extend(page.contents().iter().map(|object| object.key().to_owned()));
        if !page.is_truncated() {
            break;
        }
        list.set_continuation_token(page.next_continuation_token());
    }
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(found, sorted);

    let mut list = ListObjectsType2Input::new(BUCKET);
    list.set_delimiter("/");
    let page = client.list_objects_type2(&list).await.unwrap();
    let prefixes: Vec<_> = page
        .common_prefixes()
        .iter()
        .map(|found| found.prefix())
        .collect();
    assert_eq!(prefixes, ["folder-0/", "folder-1/", "folder-2/"]);

    let doomed: Vec<_> = keys.iter().map(ObjectTobeDeleted::new).collect();
    let delete = DeleteMultiObjectsInput::new_with_objects(BUCKET, doomed);
    let deleted = client.delete_multi_objects(&delete).await.unwrap();
    assert_eq!(
        (deleted.deleted().len(), deleted.error().len()),
        (keys.len(), 0)
    );
    let page = client
        .list_objects_type2(&ListObjectsType2Input::new(BUCKET))
        .await
        .unwrap();
    assert!(page.contents().is_empty());
}

#[tokio::test]
async fn uploads_in_parts_become_one_object() {
    let server = server().await;
    let client = server.client();
    let folder = tempfile::tempdir().unwrap();
    let (first, second, tail) = (bytes(PART), bytes(PART + 7), bytes(1_000));
    let file = folder.path().join("part");
    std::fs::write(&file, &second).unwrap();
    client
        .put_object_from_buffer(&PutObjectFromBufferInput::new_with_content(
            BUCKET, "tail", &tail,
        ))
        .await
        .unwrap();

    let made = client
        .create_multipart_upload(&CreateMultipartUploadInput::new(BUCKET, "whole"))
        .await
        .unwrap();
    let id = made.upload_id();
    let part =
        UploadPartFromBufferInput::new_with_part_number_content(BUCKET, "whole", id, 1, &first);
    let one = client.upload_part_from_buffer(&part).await.unwrap();
    let path = file.to_str().unwrap();
    let mut part =
        UploadPartFromFileInput::new_with_part_number_file_path(BUCKET, "whole", id, 2, path);
    part.set_part_size(i64::try_from(second.len()).unwrap());
    let two = client.upload_part_from_file(&part).await.unwrap();
    let copy = UploadPartCopyInput::new_with_part_number(BUCKET, "whole", BUCKET, "tail", id, 3);
    let three = client.upload_part_copy(&copy).await.unwrap();

    let parts = client
        .list_parts(&ListPartsInput::new(BUCKET, "whole", id))
        .await
        .unwrap();
    let sizes: Vec<_> = parts.parts().iter().map(|part| part.size()).collect();
    assert_eq!(
        sizes,
        [first.len(), second.len(), tail.len()].map(|size| size as i64)
    );
    let open = client
        .list_multipart_uploads(&ListMultipartUploadsInput::new(BUCKET))
        .await
        .unwrap();
    assert_eq!(open.uploads().len(), 1);

    let parts = vec![
        UploadedPart::new(1, one.etag()),
        UploadedPart::new(2, two.etag()),
        UploadedPart::new(3, three.etag()),
    ];
    let complete = CompleteMultipartUploadInput::new_with_parts(BUCKET, "whole", id, parts);
    assert!(
        client
            .complete_multipart_upload(&complete)
            .await
            .unwrap()
            .hash_crc64ecma()
            > 0
    );
    let mut got = client
        .get_object(&GetObjectInput::new(BUCKET, "whole"))
        .await
        .unwrap();
    assert!(got.read_all().await.unwrap() == [first, second, tail].concat());

    let made = client
        .create_multipart_upload(&CreateMultipartUploadInput::new(BUCKET, "never"))
        .await
        .unwrap();
    client
        .abort_multipart_upload(&AbortMultipartUploadInput::new(
            BUCKET,
            "never",
            made.upload_id(),
        ))
        .await
        .unwrap();
    let gone = client
        .list_parts(&ListPartsInput::new(BUCKET, "never", made.upload_id()))
        .await;
    assert_eq!(told(gone), (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn settings_of_objects_have_their_effect() {
    let server = server().await;
    let (client, browser) = (server.client(), server.browser());
    client
        .put_object_from_buffer(&PutObjectFromBufferInput::new_with_content(
            BUCKET, "k", "v",
        ))
        .await
        .unwrap();
    let url = format!("http://{BUCKET}.tos-cn-beijing.volces.com/k");
    assert_eq!(browser.get(&url).send().await.unwrap().status(), 403);
    let open = PutObjectACLInput::new_with_acl(BUCKET, "k", ACLType::ACLPublicRead);
    client.put_object_acl(&open).await.unwrap();
    assert_eq!(
        browser
            .get(&url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "v"
    );
    let list = client
        .get_object_acl(&GetObjectACLInput::new(BUCKET, "k"))
        .await
        .unwrap();
    assert!(list.grants().iter().any(|grant| {
        grant.permission() == &PermissionType::PermissionRead
            && grant.grantee().grantee_type() == &GranteeType::GranteeGroup
    }));

    let mut tags = PutObjectTaggingInput::new(BUCKET, "k");
    tags.set_tag_set(TagSet::new(vec![
        Tag::new("colour", "red"),
        Tag::new("size", "1"),
    ]));
    client.put_object_tagging(&tags).await.unwrap();
    let told_tags = client
        .get_object_tagging(&GetObjectTaggingInput::new(BUCKET, "k"))
        .await
        .unwrap();
    assert_eq!(told_tags.tag_set().tags().len(), 2);
    client
        .delete_object_tagging(&DeleteObjectTaggingInput::new(BUCKET, "k"))
        .await
        .unwrap();
    let told_tags = client
        .get_object_tagging(&GetObjectTaggingInput::new(BUCKET, "k"))
        .await
        .unwrap();
    assert!(told_tags.tag_set().tags().is_empty());

    let mut meta = SetObjectMetaInput::new(BUCKET, "k");
    meta.set_content_type("text/csv");
    meta.set_meta(HashMap::from([("later".to_owned(), "yes".to_owned())]));
    client.set_object_meta(&meta).await.unwrap();
    let head = client
        .head_object(&HeadObjectInput::new(BUCKET, "k"))
        .await
        .unwrap();
    assert_eq!(
        (head.content_type(), head.meta()["later"].as_str()),
        ("text/csv", "yes")
    );
}

#[tokio::test]
async fn buckets_are_tagged_and_keep_versions() {
    let server = server().await;
    let client = server.client();
    let tags = TagSet::new(vec![Tag::new("team", "a")]);
    client
        .put_bucket_tagging(&PutBucketTaggingInput::new(BUCKET, tags))
        .await
        .unwrap();
    let tags = client
        .get_bucket_tagging(&GetBucketTaggingInput::new(BUCKET))
        .await
        .unwrap();
    assert_eq!(tags.tag_set().tags()[0].value(), "a");
    client
        .delete_bucket_tagging(&DeleteBucketTaggingInput::new(BUCKET))
        .await
        .unwrap();
    let gone = client
        .get_bucket_tagging(&GetBucketTaggingInput::new(BUCKET))
        .await;
    assert_eq!(told(gone), (404, "NoSuchTagSet".to_owned()));

    let enable = PutBucketVersioningInput::new_with_status(BUCKET, VersioningStatusEnabled);
    client.put_bucket_versioning(&enable).await.unwrap();
    let state = client
        .get_bucket_versioning(&GetBucketVersioningInput::new(BUCKET))
        .await
        .unwrap();
    assert_eq!(state.status(), &VersioningStatusEnabled);
    let mut versions = Vec::new();
    for data in ["one", "two"] {
        let put = PutObjectFromBufferInput::new_with_content(BUCKET, "k", data);
        let put = client.put_object_from_buffer(&put).await.unwrap();
        versions.push((put.version_id().to_owned(), data));
    }
    let deleted = client
        .delete_object(&DeleteObjectInput::new(BUCKET, "k"))
        .await
        .unwrap();
    assert!(deleted.delete_marker());
    for (id, data) in &versions {
        let get = GetObjectInput::new_with_version_id(BUCKET, "k", id);
        let mut got = client.get_object(&get).await.unwrap();
        assert_eq!(got.read_all().await.unwrap(), data.as_bytes());
    }
    let listed = client
        .list_object_versions(&ListObjectVersionsInput::new(BUCKET))
        .await
        .unwrap();
    assert_eq!(
        (listed.versions().len(), listed.delete_markers().len()),
        (2, 1)
    );
}

#[tokio::test]
async fn urls_are_signed_for_browsers() {
    let server = server().await;
    let (client, browser) = (server.client(), server.browser());
    let signed = async |method| {
        let mut input = PreSignedURLInput::new_with_key(BUCKET, "signed/ü");
        input.set_http_method(method);
        client
            .pre_signed_url(&input)
            .await
            .unwrap()
            .signed_url()
            .to_owned()
    };
    let put = browser
        .put(signed(HttpMethodPut).await)
        .body("by a browser")
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    let got = browser
        .get(signed(HttpMethodGet).await)
        .send()
        .await
        .unwrap();
    assert_eq!(got.text().await.unwrap(), "by a browser");

    let mut policy = PreSignedPolicyURLInput::new(BUCKET);
    policy.set_conditions(vec![PolicySignatureCondition::new_with_operator(
        "key",
        "signed/",
        "starts-with",
    )]);
    let policy = client.pre_signed_policy_url(&policy).await.unwrap();
    let url = |key| policy.get_signed_url_for_get_or_head(key, None::<HashMap<&str, &str>>);
    assert_eq!(
        browser.get(url("signed/ü")).send().await.unwrap().status(),
        200
    );
    assert_eq!(
        browser.get(url("other")).send().await.unwrap().status(),
        403
    );

    let gone = browser
        .delete(signed(HttpMethodDelete).await)
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(
        browser
            .get(signed(HttpMethodGet).await)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}
