"""Access keys: temporary ones, wrong ones, keys that were taken back, clocks that are wrong."""

import time

import alibabacloud_oss_v2 as oss_v2
import oss2
import oss_clients
import pytest
import requests

ALL = [oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_2, oss2.AUTH_VERSION_4]


@pytest.fixture(scope="module")
def temporary(server):
    return server.command("key", "create", "--temporary", "1h")


@pytest.mark.parametrize("version", ALL)
def test_a_temporary_key_works_with_its_token(server, temporary, bucket, version):
    name = bucket.bucket_name
    sts = oss_clients.bucket(server, name, temporary, version)
    sts.put_object("k", b"x", headers={"x-oss-meta-a": "b"})
    assert sts.get_object("k").read() == b"x"
    assert [found.key for found in sts.list_objects().object_list] == ["k"]
    put, get = (sts.sign_url(method, "by link", 60) for method in ("PUT", "GET"))
    assert requests.put(put, data=b"y", timeout=30).status_code == 200
    assert requests.get(get, timeout=30).content == b"y"


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_the_newer_sdk_with_a_token(server, temporary, bucket, signature):
    client = oss_clients.v2(server, temporary, signature_version=signature)
    client.put_object(oss_v2.PutObjectRequest(bucket=bucket.bucket_name, key="k", body=b"x"))
    link = client.presign(oss_v2.GetObjectRequest(bucket=bucket.bucket_name, key="k"))
    assert requests.get(link.url, timeout=30).content == b"x"


@pytest.mark.parametrize("version", ALL)
def test_and_not_without_it(server, temporary, bucket, fails, version):
    bare = {"access_key": temporary["access_key"], "secret_key": temporary["secret_key"]}
    for key in (bare, bare | {"security_token": "x" * 40}):
        client = oss_clients.bucket(server, bucket.bucket_name, key, version)
        with pytest.raises(oss2.exceptions.ServerError) as caught:
            client.list_objects()
        assert (caught.value.status, caught.value.code) in [(403, "InvalidSecurityToken"), (403, "InvalidAccessKeyId")]


def test_its_time_runs_out(server, bucket):
    key = server.command("key", "create", "--temporary", "1s")
    client = oss_clients.bucket(server, bucket.bucket_name, key)
    time.sleep(2)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        client.list_objects()
    assert caught.value.status == 403 and caught.value.code in ("SecurityTokenExpired", "InvalidAccessKeyId")


@pytest.mark.parametrize("version", ALL)
def test_wrong_keys(server, bucket, fails, version):
    wrong = {"access_key": server.access_key, "secret_key": "not-the-secret"}
    client = oss_clients.bucket(server, bucket.bucket_name, wrong, version)
    error = fails(lambda: client.list_objects(), 403, "SignatureDoesNotMatch", "0002-00000040")
    assert error.details["OSSAccessKeyId"] == server.access_key
    assert error.details["SignatureProvided"] and error.details["StringToSign"] and error.details["StringToSignBytes"]
    assert server.secret_key not in str(error.details)
    fails(lambda: client.head_object("k"), 403, "SignatureDoesNotMatch")
    unknown = oss_clients.bucket(server, bucket.bucket_name, {"access_key": "LTAIUNKNOWN", "secret_key": "x"}, version)
    error = fails(lambda: unknown.list_objects(), 403, "InvalidAccessKeyId", "0002-00000902")
    assert error.message == "The OSS Access Key Id you provided does not exist in our records."
    nowhere = oss_clients.bucket(server, "no-such-bucket-anywhere", {"access_key": "LTAIUNKNOWN", "secret_key": "x"}, version)
    fails(lambda: nowhere.list_objects(), 404, "NoSuchBucket")


def test_a_key_that_was_taken_back(server, bucket, fails):
    key = server.command("key", "create")
    client = oss_clients.bucket(server, bucket.bucket_name, key)
    client.put_object("k", b"x")
    server.command("key", "rm", key["access_key"])
    fails(lambda: client.get_object("k"), 403, "InvalidAccessKeyId")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clocks_that_are_wrong(bucket, fails, monkeypatch, minutes):
    now = time.time() + minutes * 60
    monkeypatch.setattr(oss2.utils, "http_date", lambda timeval=None: time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now)))
    error = fails(lambda: bucket.list_objects(), 403, "RequestTimeTooSkewed")
    assert error.message == "The difference between the request time and the current time is too large."


def test_a_region_that_is_not_the_buckets(server, bucket, fails):
    key = {"access_key": server.access_key, "secret_key": server.secret_key}
    auth = oss_clients.auth(server, key, oss2.AUTH_VERSION_4)
    client = oss2.Bucket(auth, server.url, bucket.bucket_name, region="mars-north")
    error = fails(lambda: client.list_objects(), 400, "InvalidArgument", "0002-00000226")
    assert error.message == "Invalid signing region in Authorization header."
    answer = requests.get(client.sign_url("GET", "k", 60), timeout=30)
    assert answer.status_code == 400 and "The signing region in credential is invalid." in answer.text
