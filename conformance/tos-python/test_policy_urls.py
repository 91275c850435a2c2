"""Policy URLs: one signature for all keys and lists that its conditions allow, and for nothing else."""

import pytest
from tos.enum import VersioningStatusType
from tos.models2 import PolicySignatureCondition

import tos_clients

CONDITIONS = [("key", "dir/", "starts-with"), ("key", "one", "eq"), ("key", "two", None)]


@pytest.fixture()
def filled(client, bucket):
    for key in ("dir/a", "dir/b/c", "one", "two", "three"):
        client.put_object(bucket, key, content=key)
    return bucket


def signed(client, bucket, conditions=CONDITIONS, **options):
    return client.pre_signed_policy_url(bucket, [PolicySignatureCondition(*words) for words in conditions], **options)


def refused(answer, *wanted):
    assert (answer.status_code, answer.json()["Code"]) == wanted, answer.text


def test_keys(server, client, filled):
    urls = signed(client, filled)
    for key, status in (("dir/a", 200), ("dir/b/c", 200), ("one", 200), ("two", 200), ("three", 403), ("dir", 403)):
        url = urls.get_signed_url_for_get_or_head(key)
        answer = server.http("GET", url)
        assert answer.status_code == status, key
        assert server.http("HEAD", url).status_code == status, key
        if status == 200:
            assert answer.text == key
            assert server.http("GET", url, headers={"Range": "bytes=0-1"}).text == key[:2]
    refused(server.http("GET", urls.get_signed_url_for_get_or_head("three")), 403, "AccessDenied")


def test_lists(server, client, filled):
    urls = signed(client, filled)
    listed = server.http("GET", urls.get_signed_url_for_list({"prefix": "dir/"}))
    assert [item["Key"] for item in listed.json()["Contents"]] == ["dir/a", "dir/b/c"]
    listed = server.http("GET", urls.get_signed_url_for_list({"prefix": "dir/b", "list-type": "2"}))
    assert [item["Key"] for item in listed.json()["Contents"]] == ["dir/b/c"]
    for query in (None, {"prefix": "one"}, {"prefix": "d"}, {"prefix": ""}):
        refused(server.http("GET", urls.get_signed_url_for_list(query)), 403, "AccessDenied")
    whole = signed(client, filled, [("key", "", "starts-with")]).get_signed_url_for_list()
    assert len(server.http("GET", whole).json()["Contents"]) == 5


def test_versions(server, client, bucket):
    client.put_bucket_versioning(bucket, VersioningStatusType.Versioning_Status_Enabled)
    first = client.put_object(bucket, "one", content=b"1").version_id
    client.put_object(bucket, "one", content=b"2")
    urls = signed(client, bucket)
    assert server.http("GET", urls.get_signed_url_for_get_or_head("one")).text == "2"
    old = urls.get_signed_url_for_get_or_head("one", {"versionId": first})
    assert server.http("GET", old).text == "1"


def test_nothing_else(server, client, filled):
    urls = signed(client, filled)
    url = urls.get_signed_url_for_get_or_head("dir/a")
    for method, more in (("PUT", ""), ("DELETE", ""), ("POST", "&append&offset=5"), ("GET", "&acl"), ("GET", "&tagging")):
        refused(server.http(method, url + more, data=b"x" if method != "GET" else None), 403, "AccessDenied")
    for more in ("&acl", "&versioning", "&uploads", "&versions"):
        refused(server.http("GET", urls.get_signed_url_for_list() + more), 403, "AccessDenied")
    versions = server.http("GET", urls.get_signed_url_for_list() + "&prefix=dir/&versions")
    assert versions.status_code == 200 and versions.json()["Versions"]
    refused(server.http("GET", url, headers={"x-tos-callback": "e30="}), 403, "AccessDenied")
    assert client.get_object(filled, "dir/a").read() == b"dir/a"


def test_changed_urls(server, client, filled):
    urls = signed(client, filled)
    url = urls.get_signed_url_for_get_or_head("one")
    other = signed(client, filled, [("key", "three", "eq")])
    policy = other.signed_query.split("X-Tos-Policy=")[1].split("&")[0]
    own = urls.signed_query.split("X-Tos-Policy=")[1].split("&")[0]
    refused(server.http("GET", url.replace(own, policy).replace("/one?", "/three?")), 403, "SignatureDoesNotMatch")
    refused(server.http("GET", url.replace("X-Tos-Expires=3600", "X-Tos-Expires=3601")), 403, "SignatureDoesNotMatch")
    elsewhere = filled + "-2"
    client.create_bucket(elsewhere)
    client.put_object(elsewhere, "one", content=b"x")
    refused(server.http("GET", url.replace(filled + ".", elsewhere + ".")), 403, "AccessDenied")
    refused(server.http("GET", signed(client, filled, expires=-10).get_signed_url_for_get_or_head("one")), 400, "AuthorizationQueryParametersError")
    strange = signed(client, filled, [("x-tos-acl", "private", "eq")])
    refused(server.http("GET", strange.get_signed_url_for_get_or_head("one")), 403, "AccessDenied")


def test_whoever_signs_must_be_allowed_to_read(server, stranger, filled):
    urls = signed(stranger, filled)
    refused(server.http("GET", urls.get_signed_url_for_get_or_head("one")), 403, "AccessDenied")
    refused(server.http("GET", urls.get_signed_url_for_list({"prefix": "dir/"})), 403, "AccessDenied")


def test_temporary_keys(server, client, filled):
    key = server.command("key", "create", "--temporary", "15m")
    sts = tos_clients.client(server, key["access_key"], key["secret_key"], security_token=key["security_token"])
    url = signed(sts, filled).get_signed_url_for_get_or_head("one")
    assert server.http("GET", url).text == "one"
    refused(server.http("GET", url.replace("X-Tos-Security-Token=", "X-Tos-Security-Token=x")), 403, "SignatureDoesNotMatch")
