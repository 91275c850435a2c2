"""Settings of buckets, given and asked for through the vendor's tool."""

import json

import pytest

RULE = {"ID": "old", "Prefix": "logs/", "Status": "Enabled", "Expiration": {"Days": 30}}
ORIGINS = {"AllowedOrigins": ["https://example.org"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}
STATEMENT = {"Sid": "read", "Effect": "Allow", "Principal": ["*"], "Action": ["tos:GetObject"]}
SETTINGS = {
    "tagging": {"TagSet": {"Tags": [{"Key": "team", "Value": "a"}]}},
    "lifecycle": {"Rules": [RULE]},
    "cors": {"CORSRules": [ORIGINS]},
    "encryption": {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}},
}


def plain(name):
    """A member's name, which the tool writes in small letters with lines between the words."""
    return name.replace("_", "").lower()


def holds(told, wanted):
    """Whether an answer says everything that was given."""
    if isinstance(wanted, dict):
        told = {plain(name): value for name, value in told.items()}
        return all(plain(name) in told and holds(told[plain(name)], value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(told) == len(wanted) and all(map(holds, told, wanted))
    return told == wanted


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_come_back_and_go(tool, bucket, name):
    config = SETTINGS[name]
    tool(name, "set", "--bucket", bucket, "--config", json.dumps(config))
    told = tool(name, "get", "--bucket", bucket)
    assert holds(told.get("body", told), config), told
    place = f"tos://{bucket}"
    tool(name, "delete", "--bucket", bucket, "--force", "--confirm", place)
    if name != "encryption":
        assert tool.refused(name, "get", "--bucket", bucket)[0] == 404


def test_a_policy_opens_a_bucket(tool, bucket, server):
    tool("put", f"tos://{bucket}/k", given=b"v")
    url = f"http://{bucket}.tos-cn-beijing.volces.com/k"
    assert server.http("GET", url).status_code == 403
    policy = {"Statement": [STATEMENT | {"Resource": [f"trn:tos:::{bucket}/*"]}]}
    tool("policy", "set", "--bucket", bucket, "--config", json.dumps(policy))
    assert server.http("GET", url).content == b"v"


def test_versions_are_kept(tool, bucket):
    tool("versioning", "set", "--bucket", bucket, "--config", json.dumps({"Status": "Enabled"}))
    ids = []
    for data in (b"one", b"two"):
        tool("put", f"tos://{bucket}/k", given=data)
        ids.append(tool("stat", f"tos://{bucket}/k")["headers"]["x-tos-version-id"])
    tool.remove("rm", f"tos://{bucket}/k")
    assert tool.refused("cat", f"tos://{bucket}/k")[:2] == (404, "NoSuchKey")
    for version, data in zip(ids, (b"one", b"two")):
        assert tool.raw("cat", f"tos://{bucket}/k", "--version-id", version) == data
