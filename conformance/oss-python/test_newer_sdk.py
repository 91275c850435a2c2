"""The newer SDK, alibabacloud-oss-v2: everyday work with its own habits (V4, paginators, transfer managers)."""

import os

import alibabacloud_oss_v2 as oss
import oss_clients
import pytest
from oss2.utils import Crc64

SMALLEST = 100 * 1024


def crc(content):
    digest = Crc64()
    digest.update(content)
    return str(digest.crc)


def failing(call, status, code, ec=None):
    with pytest.raises(oss.exceptions.OperationError) as caught:
        call()
    error = caught.value.unwrap()
    assert isinstance(error, oss.exceptions.ServiceError), error
    assert (error.status_code, error.code) == (status, code), error
    assert len(error.request_id) == 24 and error.message and error.ec and (ec is None or error.ec == ec), error
    return error


@pytest.fixture(params=["v4", "v1"])
def client(server, request):
    return oss_clients.v2(server, signature_version=request.param)


@pytest.fixture()
def name(bucket):
    return bucket.bucket_name


def put(client, name, key, body, **more):
    return client.put_object(oss.PutObjectRequest(bucket=name, key=key, body=body, **more))


def read(client, name, key, **more):
    return client.get_object(oss.GetObjectRequest(bucket=name, key=key, **more)).body.content


def test_an_objects_life(client, name):
    key, content = "dir/中 a+b&c", b"content"
    result = put(client, name, key, content, metadata={"name": "value"}, tagging="t=1", storage_class="IA", content_type="text/x-me")
    assert (result.status_code, result.status) == (200, "OK") and len(result.request_id) == 24
    assert result.hash_crc64 == crc(content) and result.content_md5
    got = client.get_object(oss.GetObjectRequest(bucket=name, key=key))
    assert got.body.content == content and got.metadata == {"name": "value"}
    assert (got.content_type, got.storage_class, got.object_type, got.tagging_count) == ("text/x-me", "IA", "Normal", 1)
    head = client.head_object(oss.HeadObjectRequest(bucket=name, key=key))
    assert (head.etag, head.content_length) == (got.etag, 7)
    assert client.get_object_meta(oss.GetObjectMetaRequest(bucket=name, key=key)).content_length == 7
    assert read(client, name, key, range_header="bytes=1-3") == b"ont"
    assert client.is_object_exist(bucket=name, key=key) and client.is_bucket_exist(bucket=name)
    copied = client.copy_object(oss.CopyObjectRequest(bucket=name, key="copy", source_key=key))
    assert copied.etag == got.etag and read(client, name, "copy") == content
    assert client.delete_object(oss.DeleteObjectRequest(bucket=name, key=key)).status_code == 204
    assert not client.is_object_exist(bucket=name, key=key)
    assert not client.is_bucket_exist(bucket="no-such-bucket-anywhere")


def test_errors(client, name):
    failing(lambda: read(client, name, "absent"), 404, "NoSuchKey", "0026-00000001")
    failing(lambda: client.head_object(oss.HeadObjectRequest(bucket=name, key="absent")), 404, "NoSuchKey")
    failing(lambda: read(client, "no-such-bucket-anywhere", "k"), 404, "NoSuchBucket", "0015-00000101")
    put(client, name, "k", b"x", forbid_overwrite=True)
    failing(lambda: put(client, name, "k", b"y", forbid_overwrite=True), 409, "FileAlreadyExists")


def test_buckets(client, name):
    other = name + "-2"
    config = oss.CreateBucketConfiguration(storage_class="IA")
    client.put_bucket(oss.PutBucketRequest(bucket=other, acl="public-read", create_bucket_configuration=config))
    info = client.get_bucket_info(oss.GetBucketInfoRequest(bucket=other)).bucket_info
    assert (info.name, info.storage_class, info.location, info.acl) == (other, "IA", "oss-cn-hangzhou", "public-read")
    assert client.get_bucket_acl(oss.GetBucketAclRequest(bucket=other)).acl == "public-read"
    assert client.get_bucket_location(oss.GetBucketLocationRequest(bucket=other)).location == "oss-cn-hangzhou"
    assert client.get_bucket_stat(oss.GetBucketStatRequest(bucket=other)).object_count == 0
    pages = client.list_buckets_paginator().iter_page(oss.ListBucketsRequest(prefix=name, max_keys=1))
    assert [found.name for page in pages for found in page.buckets] == [name, other]
    assert client.delete_bucket(oss.DeleteBucketRequest(bucket=other)).status_code == 204


KEYS = ["a", "b/1", "b/2", "c +", "中"]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_lists(v2, name, size):
    for key in KEYS:
        put(v2, name, key, b"x")
    for paginator, request in (
        (v2.list_objects_paginator(), oss.ListObjectsRequest),
        (v2.list_objects_v2_paginator(), oss.ListObjectsV2Request),
    ):
        pages = list(paginator.iter_page(request(bucket=name, max_keys=size)))
        assert [found.key for page in pages for found in page.contents or []] == KEYS
        pages = list(paginator.iter_page(request(bucket=name, max_keys=size, delimiter="/")))
        assert [found.prefix for page in pages for found in page.common_prefixes or []] == ["b/"]
        assert [found.key for page in pages for found in page.contents or []] == ["a", "c +", "中"]
    pages = v2.list_object_versions_paginator().iter_page(oss.ListObjectVersionsRequest(bucket=name, max_keys=size))
    assert [found.key for page in pages for found in page.version or []] == KEYS


def test_versions(v2, name, versioned):
    first = put(v2, name, "k", b"1").version_id
    second = put(v2, name, "k", b"2").version_id
    assert read(v2, name, "k", version_id=first) == b"1" and second
    gone = v2.delete_object(oss.DeleteObjectRequest(bucket=name, key="k"))
    assert gone.delete_marker and gone.version_id
    page = v2.list_object_versions(oss.ListObjectVersionsRequest(bucket=name))
    assert [found.version_id for found in page.version] == [second, first]
    assert [found.version_id for found in page.delete_marker] == [gone.version_id]


@pytest.mark.parametrize("quiet", [False, True])
def test_deleting_many(client, name, quiet):
    keys = ["a", "b &<>", "中", "\x01control"]
    for key in keys:
        put(client, name, key, b"x")
    objects = [oss.DeleteObject(key=key) for key in keys]
    result = client.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(bucket=name, objects=objects, quiet=quiet))
    assert [found.key for found in result.deleted_objects or []] == ([] if quiet else keys)
    assert not client.list_objects_v2(oss.ListObjectsV2Request(bucket=name)).contents


def test_appending(client, name):
    first = client.append_object(oss.AppendObjectRequest(bucket=name, key="log", position=0, body=b"one "))
    second = client.append_object(
        oss.AppendObjectRequest(bucket=name, key="log", position=first.next_position, body=b"two", init_hash_crc64=first.hash_crc64)
    )
    assert (first.next_position, second.next_position, second.hash_crc64) == (4, 7, crc(b"one two"))
    failing(
        lambda: client.append_object(oss.AppendObjectRequest(bucket=name, key="log", position=3, body=b"x")),
        409, "PositionNotEqualToLength", "0026-00000016",
    )
    with client.append_file(bucket=name, key="log") as file:
        file.write(b" three")
    with client.open_file(name, "log") as file:
        file.seek(4)
        assert file.read() == b"two three"


def test_links_tags_and_acls(client, name):
    put(client, name, "k", b"x")
    client.put_symlink(oss.PutSymlinkRequest(bucket=name, key="link", target="k"))
    assert client.get_symlink(oss.GetSymlinkRequest(bucket=name, key="link")).target == "k"
    assert read(client, name, "link") == b"x"
    tags = oss.Tagging(tag_set=oss.TagSet(tags=[oss.Tag(key="a", value="1")]))
    client.put_object_tagging(oss.PutObjectTaggingRequest(bucket=name, key="k", tagging=tags))
    (tag,) = client.get_object_tagging(oss.GetObjectTaggingRequest(bucket=name, key="k")).tag_set.tags
    assert (tag.key, tag.value) == ("a", "1")
    assert client.delete_object_tagging(oss.DeleteObjectTaggingRequest(bucket=name, key="k")).status_code == 204
    client.put_object_acl(oss.PutObjectAclRequest(bucket=name, key="k", acl="private"))
    assert client.get_object_acl(oss.GetObjectAclRequest(bucket=name, key="k")).acl == "private"


def test_the_uploader_and_the_downloader(v2, name, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(os.urandom(SMALLEST * 5 + 3))
    request = oss.PutObjectRequest(bucket=name, key="k", metadata={"a": "b"})
    result = v2.uploader(part_size=SMALLEST, parallel_num=3).upload_file(request, str(source))
    assert result.upload_id and result.hash_crc64 == crc(source.read_bytes())
    v2.downloader(part_size=SMALLEST, parallel_num=3).download_file(oss.GetObjectRequest(bucket=name, key="k"), str(target))
    assert target.read_bytes() == source.read_bytes()
    copied = v2.copier(part_size=SMALLEST, multipart_copy_threshold=SMALLEST).copy(
        oss.CopyObjectRequest(bucket=name, key="copy", source_bucket=name, source_key="k")
    )
    assert copied.status_code == 200 and read(v2, name, "copy") == source.read_bytes()


def test_an_upload_is_resumed(server, name, tmp_path):
    source = tmp_path / "in"
    source.write_bytes(os.urandom(SMALLEST * 4))
    client = oss_clients.v2(server)
    sent, real = [], client._client.invoke_operation

    def invoke(operation, **options):
        if operation.op_name == "UploadPart":
            sent.append(operation.parameters["partNumber"])
            if len(sent) == 3:
                raise ConnectionError("cut")
        return real(operation, **options)

    options = dict(part_size=SMALLEST, parallel_num=1, enable_checkpoint=True, checkpoint_dir=str(tmp_path), leave_parts_on_error=True)
    request = oss.PutObjectRequest(bucket=name, key="k")
    client._client.invoke_operation = invoke
    with pytest.raises(oss.uploader.UploadError):
        client.uploader(**options).upload_file(request, str(source))
    client._client.invoke_operation = real
    fresh = oss_clients.v2(server)
    result = fresh.uploader(**options).upload_file(request, str(source))
    assert result.hash_crc64 == crc(source.read_bytes()) and read(fresh, name, "k") == source.read_bytes()


def test_uploads_in_parts(client, name):
    upload = client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(bucket=name, key="k")).upload_id
    for number, body in enumerate([b"1" * SMALLEST, b"2"], 1):
        part = client.upload_part(oss.UploadPartRequest(bucket=name, key="k", upload_id=upload, part_number=number, body=body))
        assert part.hash_crc64 == crc(body)
    pages = client.list_parts_paginator().iter_page(oss.ListPartsRequest(bucket=name, key="k", upload_id=upload, max_parts=1))
    assert [(part.part_number, part.hash_crc64) for page in pages for part in page.parts] == [(1, crc(b"1" * SMALLEST)), (2, crc(b"2"))]
    pages = client.list_multipart_uploads_paginator().iter_page(oss.ListMultipartUploadsRequest(bucket=name))
    assert [found.upload_id for page in pages for found in page.uploads] == [upload]
    done = client.complete_multipart_upload(
        oss.CompleteMultipartUploadRequest(bucket=name, key="k", upload_id=upload, complete_all="yes")
    )
    assert done.hash_crc64 == crc(b"1" * SMALLEST + b"2") and done.etag
    failing(lambda: client.abort_multipart_upload(oss.AbortMultipartUploadRequest(bucket=name, key="k", upload_id=upload)), 404, "NoSuchUpload")


def test_settings_of_a_bucket(client, name):
    rule = oss.CORSRule(allowed_origins=["http://app.example.com"], allowed_methods=["PUT"], allowed_headers=["*"], max_age_seconds=60)
    client.put_bucket_cors(oss.PutBucketCorsRequest(bucket=name, cors_configuration=oss.CORSConfiguration(cors_rules=[rule])))
    (kept,) = client.get_bucket_cors(oss.GetBucketCorsRequest(bucket=name)).cors_configuration.cors_rules
    assert kept.allowed_origins == ["http://app.example.com"] and kept.max_age_seconds == 60
    answer = client.option_object(
        oss.OptionObjectRequest(bucket=name, key="k", origin="http://app.example.com", access_control_request_method="PUT")
    )
    assert answer.access_control_allow_origin == "http://app.example.com"
    rule = oss.LifecycleRule(id="a", prefix="logs/", status="Enabled", expiration=oss.LifecycleRuleExpiration(days=3))
    client.put_bucket_lifecycle(
        oss.PutBucketLifecycleRequest(bucket=name, lifecycle_configuration=oss.LifecycleConfiguration(rules=[rule]))
    )
    (kept,) = client.get_bucket_lifecycle(oss.GetBucketLifecycleRequest(bucket=name)).lifecycle_configuration.rules
    assert (kept.id, kept.prefix, kept.status, kept.expiration.days) == ("a", "logs/", "Enabled", 3)
    failing(lambda: client.get_bucket_policy(oss.GetBucketPolicyRequest(bucket=name)), 404, "NoSuchBucketPolicy")
