"""Who asks, and what the service says of itself."""

import oms_clients
import pytest
import requests
from huaweicloudsdkoms.v2 import (
    CheckPrefixReq,
    CheckPrefixRequest,
    ListApiVersionsRequest,
    ListBucketsReq,
    ListSyncTasksRequest,
    ListTaskGroupRequest,
    ShowApiInfoRequest,
    ShowBucketListRequest,
    ShowBucketObjectsRequest,
    ShowBucketRegionReq,
    ShowBucketRegionRequest,
    ShowBucketReq,
    ShowCloudTypeRequest,
    ShowRegionInfoRequest,
)


def login(server, password):
    user = {"name": server.access_key, "password": password, "domain": {"name": "root"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": "cn-north-4"}}}}
    return requests.post(f"{server.url}/v3/auth/tokens", json=body, timeout=30)


def test_the_wrong_secret_is_refused(client, server, fails):
    wrong = oms_clients.at(server.url, server.access_key, "wrong", "p")
    error = fails(lambda: wrong.list_sync_tasks(ListSyncTasksRequest()), 401, "APIGW.0301")
    assert error.error_msg.startswith("Incorrect IAM authentication information: ")
    unknown = oms_clients.at(server.url, "nobody", server.secret_key, "p")
    error = fails(lambda: unknown.list_sync_tasks(ListSyncTasksRequest()), 401, "APIGW.0301")
    assert "ak:nobody" in error.error_msg


def test_the_project_is_the_callers(server, fails):
    for project in (None, "another"):
        client = oms_clients.at(server.url, server.access_key, server.secret_key, project)
        fails(lambda: client.list_sync_tasks(ListSyncTasksRequest()), 403, "OMS.0072")


def test_a_stranger_sees_nothing(server, task, monkeypatch):
    key = server.command("key", "create", "--account", "stranger")
    for name, value in oms_clients.variables(server).items():
        monkeypatch.setenv(name, value)
    client = oms_clients.client(key["access_key"], key["secret_key"])
    assert client.list_sync_tasks(ListSyncTasksRequest()).count == 0


def test_a_token_instead_of_a_signature(server):
    answer = login(server, server.secret_key)
    assert answer.status_code == 201
    token, project = answer.headers["X-Subject-Token"], answer.json()["token"]["project"]["id"]
    tasks = f"{server.url}/v2/{project}/sync-tasks"
    assert requests.get(tasks, headers={"X-Auth-Token": token}, timeout=30).json() == {"tasks": [], "count": 0}
    for headers in ({}, {"X-Auth-Token": ""}, {"X-Auth-Token": token[:-1]}, {"X-Auth-Token": "t" * 16_385}):
        refused = requests.get(tasks, headers=headers, timeout=30)
        assert (refused.status_code, refused.json()["error_code"]) == (401, "APIGW.0301")
    assert login(server, "wrong").status_code == 401


def test_the_service_tells_of_itself(client, server):
    version = client.show_api_info(ShowApiInfoRequest(version="v2"))
    assert (version.id, version.status, version.links[0].href) == ("v2", "CURRENT", f"{server.url}/v2")
    versions = client.list_api_versions(ListApiVersionsRequest()).versions
    assert [one.id for one in versions] == ["v2"]
    assert "Aliyun" in client.show_cloud_type(ShowCloudTypeRequest(type="src")).body


@pytest.mark.parametrize("prefix, exist", [("photos/", True), ("films/", False)])
def test_a_prefix_is_looked_for(client, server, tos, buckets, prefix, exist):
    source, _ = buckets
    tos.put_object(source, "photos/1.jpg", content="x")
    body = CheckPrefixReq(
        cloud_type="HuaweiCloud",
        ak=server.access_key,
        sk=server.secret_key,
        bucket_name=source,
        file_name=prefix,
        data_center="local",
    )
    assert client.check_prefix(CheckPrefixRequest(body=body)).exist is exist


def test_a_folder_is_listed_page_by_page(client, server, tos, buckets):
    source, _ = buckets
    for key in ("photos/1.jpg", "photos/2.jpg", "readme", "videos/x/1", "videos/y"):
        tos.put_object(source, key, content="12")

    def page(path, size, behind=""):
        body = ShowBucketReq(
            cloud_type="HuaweiCloud",
            ak=server.access_key,
            sk=server.secret_key,
            bucket_name=source,
            data_center="local",
            file_path=path,
            page_size=size,
            behind_filename=behind,
        )
        told = client.show_bucket_objects(ShowBucketObjectsRequest(body=body))
        return [(record.name, record.size) for record in told.records], told.next_page, told.next_marker

    assert page("", 2) == ([("photos/", "--"), ("readme", "2")], True, "readme")
    assert page("", 2, "readme") == ([("videos/", "--")], False, "videos/")
    assert page("", 1, "photos/") == ([("readme", "2")], True, "readme")
    assert page("videos/", 100) == ([("videos/x/", "--"), ("videos/y", "2")], False, "videos/y")


def test_regions_are_told_and_buckets_found_in_them(client, server, buckets, fails):
    told = client.show_region_info(ShowRegionInfoRequest()).body
    regions = {one.service_name: [(region.cloud_type, region.value) for region in one.region_list] for one in told}
    assert regions["AWS"] == [("AWS", "local")] and regions["Aliyun"] == [("Aliyun", "local")]

    def where(bucket):
        keys = {"ak": server.access_key, "sk": server.secret_key}
        body = ShowBucketRegionReq(cloud_type="HuaweiCloud", bucket_name=bucket, **keys)
        return client.show_bucket_region(ShowBucketRegionRequest(body=body))

    found = where(buckets[0])
    assert (found.id, found.name, found.support) == ("local", "local", True)
    fails(lambda: where("no-such-bucket-at-all"), 400, "OMS.0153")

    def names(secret):
        body = ListBucketsReq(cloud_type="HuaweiCloud", ak=server.access_key, sk=secret)
        return client.show_bucket_list(ShowBucketListRequest(body=body)).body

    assert set(buckets) <= set(names(server.secret_key))
    fails(lambda: names("wrong"), 400, "OMS.0153")


def test_what_is_not_served_says_so(client, fails):
    error = fails(lambda: client.list_task_group(ListTaskGroupRequest()), 404, "APIGW.0101")
    assert "ListTaskGroup" in error.error_msg
