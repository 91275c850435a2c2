"""The life of buckets, and their settings."""

import json

import pytest
import requests
import s3_clients
from botocore.exceptions import ClientError
from botocore.handlers import validate_bucket_name


def test_the_life_of_a_bucket(server, s3, bucket, stranger, fails):
    s3.create_bucket(Bucket=bucket)
    fails(lambda: s3_clients.client(server, stranger).create_bucket(Bucket=bucket), 409, "BucketAlreadyExists")
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    fails(lambda: s3.delete_bucket(Bucket=bucket), 409, "BucketNotEmpty")
    s3.delete_object(Bucket=bucket, Key="k")
    assert s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    fails(lambda: s3.head_bucket(Bucket=bucket), 404, "404")
    fails(lambda: s3.list_objects_v2(Bucket=bucket), 404, "NoSuchBucket")


def test_regions(server, bucket, fails):
    far = s3_clients.client(server, region="eu-west-1")
    name = bucket + "-far"
    far.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    again = lambda: far.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    fails(again, 409, "BucketAlreadyOwnedByYou")
    assert far.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert far.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    far.delete_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["ab", "Upper", "a_b", "a..b", "192.168.1.1", "a" * 64])
def test_bad_names(server, name):
    client = s3_clients.client(server)
    # The SDK itself refuses most of these.
    client.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    with pytest.raises(ClientError) as caught:
        client.create_bucket(Bucket=name)
    assert caught.value.response["Error"]["Code"] == "InvalidBucketName"


def test_buckets_by_page(s3, bucket):
    names = [f"{bucket}-{n}" for n in range(3)]
    for name in names:
        s3.create_bucket(Bucket=name)
    seen, token = [], None
    while True:
        page = s3.list_buckets(Prefix=bucket + "-", MaxBuckets=2, **({"ContinuationToken": token} if token else {}))
        seen += [one["Name"] for one in page["Buckets"]]
        token = page.get("ContinuationToken")
        if not token:
            break
    assert seen == names and page["Prefix"] == bucket + "-"
    for name in names:
        s3.delete_bucket(Bucket=name)


def test_virtual_hosts(server, s3, bucket):
    client = s3_clients.proxied(server)
    client.put_object(Bucket=bucket, Key="dir/a b", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="dir/a b")["Body"].read() == b"x"
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["dir/a b"]
    old = s3_clients.proxied(server, signature_version="s3")
    assert old.get_object(Bucket=bucket, Key="dir/a b")["Body"].read() == b"x"
    assert old.get_bucket_acl(Bucket=bucket)["Grants"]


def test_lists_of_rights(server, s3, bucket, stranger, fails):
    other = s3_clients.client(server, stranger)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    fails(lambda: other.get_object(Bucket=bucket, Key="k"), 403, "AccessDenied")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    assert s3_clients.anonymous(server).get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    told = s3.get_object_acl(Bucket=bucket, Key="k")
    groups = [one for one in told["Grants"] if one["Grantee"]["Type"] == "Group"]
    assert groups == [
        {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    ]
    policy = {"Owner": told["Owner"], "Grants": told["Grants"]}
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=policy)
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Grants"] == told["Grants"]
    s3.put_object_acl(Bucket=bucket, Key="k", GrantRead='id="stranger"')
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    fails(lambda: s3_clients.anonymous(server).get_object(Bucket=bucket, Key="k"), 403, "AccessDenied")
    s3.put_bucket_acl(Bucket=bucket, GrantRead='uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"')
    assert other.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    other.head_bucket(Bucket=bucket)
    fails(lambda: s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write"), 400, "InvalidArgument")


def test_tags(s3, bucket, fails):
    fails(lambda: s3.get_bucket_tagging(Bucket=bucket), 404, "NoSuchTagSet")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "zwei 二"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    many = [{"Key": str(n), "Value": ""} for n in range(11)]
    fails(lambda: s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": many}), 400, "BadRequest")
    for bad in ([{"Key": "aws:x", "Value": ""}], [{"Key": "a", "Value": ""}] * 2, [{"Key": "k" * 129, "Value": ""}]):
        fails(lambda: s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": bad}), 400, "InvalidTag")
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_pages_of_other_origins(server, s3, bucket, fails):
    fails(lambda: s3.get_bucket_cors(Bucket=bucket), 404, "NoSuchCORSConfiguration")
    rule = {"AllowedOrigins": ["https://*.example.org"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
    asked = {"Origin": "https://a.example.org", "Access-Control-Request-Method": "PUT"}
    told = requests.options(f"{server.url}/{bucket}/k", headers=asked, timeout=10)
    assert told.status_code == 200 and told.headers["Access-Control-Allow-Origin"] == "https://a.example.org"
    told = requests.options(f"{server.url}/{bucket}/k", headers=asked | {"Origin": "https://b.org"}, timeout=10)
    assert told.status_code == 403 and "<Code>AccessForbidden</Code>" in told.text
    s3.delete_bucket_cors(Bucket=bucket)


def test_lifecycle_rules(s3, bucket, fails):
    fails(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), 404, "NoSuchLifecycleConfiguration")
    rules = [
        {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {"ID": "two", "Status": "Disabled", "Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}},
         "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]},
        {"ID": "three", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
         "Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"ID": "four", "Status": "Enabled", "Filter": {"ObjectSizeGreaterThan": 10}, "Expiration": {"Days": 400}},
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.put_object(Bucket=bucket, Key="logs/a", Body=b"")
    told = s3.head_object(Bucket=bucket, Key="logs/a")["Expiration"]
    assert told.startswith('expiry-date="') and told.endswith('rule-id="one"')
    bad = [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 0}}]
    put = lambda rules: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    fails(lambda: put(bad), 400, "InvalidArgument")
    fails(lambda: put([bad[0] | {"Status": "enabled"}]), 400, "MalformedXML")
    s3.delete_bucket_lifecycle(Bucket=bucket)


def test_policies(server, s3, bucket, stranger, fails):
    fails(lambda: s3.get_bucket_policy(Bucket=bucket), 404, "NoSuchBucketPolicy")
    other = s3_clients.client(server, stranger)
    s3.put_object(Bucket=bucket, Key="open/k", Body=b"x")
    statement = {"Sid": "1", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::stranger:root"}, "Action": ["s3:GetObject", "s3:PutObject"],
                 "Resource": f"arn:aws:s3:::{bucket}/open/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
    assert other.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"x"
    other.put_object(Bucket=bucket, Key="open/l", Body=b"y")
    fails(lambda: other.put_object(Bucket=bucket, Key="closed", Body=b"y"), 403, "AccessDenied")
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    for bad in ("{", json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Resource": "arn:aws:s3:::other/*"}]})):
        fails(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=bad), 400, "MalformedPolicy")
    s3.put_bucket_policy(Bucket=bucket, Policy=text.replace('{"AWS": "arn:aws:iam::stranger:root"}', '"*"'))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert s3_clients.anonymous(server).get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"x"
    s3.delete_bucket_policy(Bucket=bucket)


def test_who_pays(s3, bucket):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"


@pytest.mark.parametrize(
    "call, options",
    [
        ("get_bucket_replication", {}),
        ("get_public_access_block", {}),
        ("get_bucket_ownership_controls", {}),
        ("get_bucket_accelerate_configuration", {}),
        ("put_public_access_block", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
        ("get_object_torrent", {"Key": "k"}),
    ],
)
def test_what_is_not_served_says_so(s3, bucket, fails, call, options):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    fails(lambda: getattr(s3, call)(Bucket=bucket, **options), 501, "NotImplemented")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_notifications_go_to_what_an_arn_names(server, s3, bucket, receiver, fails):
    server.command("function", "add", bucket, receiver.url)
    arn = f"arn:aws:sqs:us-east-1:123456789012:{bucket}"
    rule = {
        "Id": "one",
        "QueueArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}},
    }
    put = lambda rules: s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=rules)
    put({"QueueConfigurations": [rule]})
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == [rule]
    s3.put_object(Bucket=bucket, Key="no.txt", Body=b"x")
    etag = s3.put_object(Bucket=bucket, Key="a b.jpg", Body=b"x")["ETag"].strip('"')
    (told,) = receiver.wait(1)
    (record,) = json.loads(told.body)["Records"]
    assert (record["eventName"], record["eventSource"]) == ("ObjectCreated:Put", "aws:s3")
    told = record["s3"]["object"]
    assert (told["key"], told["size"], told["eTag"]) == ("a+b.jpg", 1, etag)
    other = {**rule, "QueueArn": arn + "-other"}
    fails(lambda: put({"QueueConfigurations": [other]}), 400, "InvalidArgument")
    put({})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
