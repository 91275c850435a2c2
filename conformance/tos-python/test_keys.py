"""Access keys: temporary ones, wrong ones, and keys that were taken back."""

import time

import pytest
import tos
import tos_clients
from tos.enum import HttpMethodType
from tos.models2 import PostSignatureCondition


def code(error):
    return error.status_code, error.code


@pytest.fixture(scope="module")
def temporary(server):
    return server.command("key", "create", "--temporary", "15m")


@pytest.fixture(scope="module")
def sts(server, temporary):
    return tos_clients.client(server, temporary["access_key"], temporary["secret_key"], security_token=temporary["security_token"])


def test_a_temporary_key_works_with_its_token(sts, bucket):
    sts.put_object(bucket, "k", content=b"x", meta={"a": "b"})
    assert sts.get_object(bucket, "k").read() == b"x"
    assert [item.key for item in sts.list_objects_type2(bucket).contents] == ["k"]


def test_and_not_without_it(server, temporary, bucket, fails):
    bare = tos_clients.client(server, temporary["access_key"], temporary["secret_key"])
    assert code(fails(lambda: bare.list_objects(bucket))) == (403, "InvalidSecurityToken")
    wrong = tos_clients.client(server, temporary["access_key"], temporary["secret_key"], security_token="x" * 40)
    assert code(fails(lambda: wrong.list_objects(bucket))) == (403, "InvalidSecurityToken")
    needless = tos_clients.client(server, security_token=temporary["security_token"])
    assert code(fails(lambda: needless.list_objects(bucket))) == (403, "InvalidSecurityToken")


def test_a_temporary_key_signs_links_and_forms(server, sts, temporary, bucket):
    put = sts.pre_signed_url(HttpMethodType.Http_Method_Put, bucket, "k").signed_url
    assert server.http("PUT", put, data=b"x").status_code == 200
    get = sts.pre_signed_url(HttpMethodType.Http_Method_Get, bucket, "k").signed_url
    assert server.http("GET", get).content == b"x"
    condition = PostSignatureCondition("x-tos-security-token", temporary["security_token"])
    signed = sts.pre_signed_post_signature([condition], bucket, "form")
    form = {
        "key": "form",
        "policy": signed.policy,
        "x-tos-algorithm": signed.algorithm,
        "x-tos-credential": signed.credential,
        "x-tos-date": signed.date,
        "x-tos-signature": signed.signature,
    }
    url = f"http://{bucket}.tos-cn-beijing.volces.com/"
    file = {"file": ("f", b"by form")}
    assert server.http("POST", url, data=form, files=file).status_code == 403
    form["x-tos-security-token"] = temporary["security_token"]
    assert server.http("POST", url, data=form, files=file).status_code == 204


def test_its_time_runs_out(server, bucket, fails):
    key = server.command("key", "create", "--temporary", "1s")
    client = tos_clients.client(server, key["access_key"], key["secret_key"], security_token=key["security_token"])
    time.sleep(2)
    error = fails(lambda: client.list_objects(bucket))
    assert error.status_code == 403 and error.code in ("ExpiredToken", "InvalidAccessKeyId")


def test_wrong_keys(server, bucket, fails):
    wrong = tos_clients.client(server, server.access_key, "wrong-secret")
    assert code(fails(lambda: wrong.list_objects(bucket))) == (403, "SignatureDoesNotMatch")
    unknown = tos_clients.client(server, "AKUNKNOWN", "secret")
    assert code(fails(lambda: unknown.list_objects(bucket))) == (403, "InvalidAccessKeyId")
    with pytest.raises(tos.exceptions.TosServerError) as caught:
        wrong.head_object(bucket, "k")
    assert caught.value.status_code == 403 and caught.value.request_id


def test_a_key_that_was_taken_back(server, bucket, fails):
    key = server.command("key", "create")
    client = tos_clients.client(server, key["access_key"], key["secret_key"])
    assert client.list_objects(bucket).status_code == 200
    server.command("key", "rm", key["access_key"])
    assert code(fails(lambda: client.list_objects(bucket))) == (403, "InvalidAccessKeyId")


def test_a_region_that_is_not_served(server, bucket, fails):
    client = tos.TosClientV2(
        server.access_key, server.secret_key, tos_clients.ENDPOINT, "mars-north", proxy_host=server.host, proxy_port=server.port,
        max_retry_count=0,
    )
    error = fails(lambda: client.list_objects(bucket))
    assert code(error) == (403, "AuthorizationHeaderMalformed")


def test_secrets_are_shown_once(server):
    made = server.command("key", "create", "--account", "listed")
    assert made["secret_key"]
    listed = server.command("key", "ls", "--account", "listed")
    assert made["access_key"] in str(listed) and made["secret_key"] not in str(listed)
