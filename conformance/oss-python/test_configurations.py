"""Settings of a bucket: kept and given back as they were set, gone when removed, and with the effect they name."""

import oss2
import pytest
import requests
from oss2.models import (
    AbortMultipartUpload,
    BucketCors,
    BucketLifecycle,
    CorsRule,
    LifecycleExpiration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    StorageTransition,
    Tagging,
    TaggingRule,
)

ORIGIN = "http://app.example.com"


def cors(*rules):
    return BucketCors(list(rules))


def preflight(server, bucket, origin=ORIGIN, method="PUT", headers=None, key="k"):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return requests.options(f"{server.url}/{bucket.bucket_name}/{key}", headers=asked, timeout=30)


def test_cors_is_kept(bucket, fails):
    fails(bucket.get_bucket_cors, 404, "NoSuchCORSConfiguration")
    first = CorsRule(["*"], ["GET", "HEAD"], ["*"], ["x-oss-request-id", "ETag"], 1000)
    second = CorsRule([ORIGIN, "http://*.example.org"], ["PUT", "POST", "DELETE"], ["content-type", "x-oss-meta-*"])
    bucket.put_bucket_cors(cors(first, second))
    one, two = bucket.get_bucket_cors().rules
    for kept, rule in ((one, first), (two, second)):
        assert kept.allowed_origins == rule.allowed_origins and kept.allowed_methods == rule.allowed_methods
        assert kept.allowed_headers == rule.allowed_headers and kept.expose_headers == rule.expose_headers
    assert one.max_age_seconds == 1000
    bucket.delete_bucket_cors()
    bucket.delete_bucket_cors()
    fails(bucket.get_bucket_cors, 404, "NoSuchCORSConfiguration")


def test_what_a_browser_is_told(server, bucket):
    assert preflight(server, bucket).status_code == 403
    bucket.put_bucket_cors(cors(CorsRule([ORIGIN, "http://*.example.org"], ["PUT"], ["content-type", "x-oss-*"], ["ETag"], 60)))
    answer = preflight(server, bucket, headers="Content-Type, x-oss-meta-a")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN and "PUT" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "content-type" in allowed and "x-oss-meta-a" in allowed
    assert answer.headers["Access-Control-Max-Age"] == "60" and "Origin" in answer.headers["Vary"]
    assert preflight(server, bucket, "http://b.example.org").status_code == 200
    for refused in (
        preflight(server, bucket, "http://evil.example.com"),
        preflight(server, bucket, method="DELETE"),
        preflight(server, bucket, headers="authorization"),
    ):
        assert refused.status_code == 403 and "<Code>AccessForbidden</Code>" in refused.text
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_answers_to_a_page(server, bucket):
    bucket.put_object("k", b"x")
    bucket.put_bucket_cors(cors(CorsRule([ORIGIN], ["GET"], ["*"], ["ETag", "x-oss-request-id"])))
    url = bucket.sign_url("GET", "k", 60)
    answer = requests.get(url, headers={"Origin": ORIGIN}, timeout=30)
    assert answer.content == b"x" and answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert "ETag" in exposed and "x-oss-request-id" in exposed
    for headers in ({"Origin": "http://evil.example.com"}, {}):
        assert "Access-Control-Allow-Origin" not in requests.get(url, headers=headers, timeout=30).headers


@pytest.mark.parametrize("rule", [CorsRule([], ["GET"]), CorsRule(["*"], []), CorsRule(["*"], ["FETCH"]), CorsRule(["*.*"], ["GET"])], ids=range(4))
def test_cors_that_is_none(bucket, rule):
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_bucket_cors(cors(rule))
    assert caught.value.status == 400, caught.value


def lifecycle(*rules):
    return BucketLifecycle(list(rules))


def tagging(values):
    rule = TaggingRule()
    for key, value in values.items():
        rule.add(key, value)
    return Tagging(rule)


def test_lifecycle_is_kept(bucket, fails):
    fails(bucket.get_bucket_lifecycle, 404, "NoSuchLifecycle")
    rules = [
        LifecycleRule("days", "logs/", expiration=LifecycleExpiration(days=7), tagging=tagging({"t": "1"})),
        LifecycleRule("parts", "parts/", abort_multipart_upload=AbortMultipartUpload(days=3)),
        LifecycleRule("cold", "cold/", storage_transitions=[StorageTransition(days=30, storage_class="IA"), StorageTransition(days=90, storage_class="Archive")]),
        LifecycleRule("off", "off/", LifecycleRule.DISABLED, expiration=LifecycleExpiration(days=1)),
        LifecycleRule("old", "old/", noncurrent_version_expiration=NoncurrentVersionExpiration(5)),
    ]
    bucket.put_bucket_lifecycle(lifecycle(*rules))
    kept = bucket.get_bucket_lifecycle().rules
    assert [(rule.id, rule.prefix, rule.status) for rule in kept] == [(rule.id, rule.prefix, rule.status) for rule in rules]
    assert kept[0].expiration.days == 7 and kept[0].tagging.tag_set.tagging_rule == {"t": "1"}
    assert kept[1].abort_multipart_upload.days == 3
    assert [(step.days, step.storage_class) for step in kept[2].storage_transitions] == [(30, "IA"), (90, "Archive")]
    assert kept[4].noncurrent_version_expiration.noncurrent_days == 5
    bucket.delete_bucket_lifecycle()
    fails(bucket.get_bucket_lifecycle, 404, "NoSuchLifecycle")


def test_the_last_access_is_noted_and_rules_count_from_it(bucket, fails):
    def last_access():
        return bucket.get_object_meta("k").headers.get("x-oss-last-access-time")

    bucket.put_object("k", b"x")
    assert bucket.get_bucket_access_monitor().access_monitor.status == "Disabled"
    assert last_access() is None
    back = StorageTransition(days=30, storage_class="IA", is_access_time=True, return_to_std_when_visit=True, allow_small_file=False)
    rules = lifecycle(LifecycleRule("unread", "", storage_transitions=[back]))
    fails(lambda: bucket.put_bucket_lifecycle(rules), 400, "InvalidArgument", "0014-00000016")
    bucket.put_bucket_access_monitor("Enabled")
    assert bucket.get_bucket_info().access_monitor == "Enabled"
    assert last_access() is not None
    bucket.put_bucket_lifecycle(rules)
    kept = bucket.get_bucket_lifecycle().rules[0].storage_transitions[0]
    assert (kept.is_access_time, kept.return_to_std_when_visit, kept.allow_small_file) == (True, True, False)
    fails(lambda: bucket.put_bucket_access_monitor("Disabled"), 400, "InvalidArgument", "0036-00000005")
    bucket.delete_bucket_lifecycle()
    bucket.put_bucket_access_monitor("Disabled")
    assert last_access() is None


@pytest.mark.parametrize(
    "rules",
    [
        [LifecycleRule("a", "x", expiration=LifecycleExpiration(days=1)), LifecycleRule("a", "y", expiration=LifecycleExpiration(days=1))],
        [LifecycleRule("a", "x", expiration=LifecycleExpiration(days=0))],
        [LifecycleRule("a", "x", "Perhaps", expiration=LifecycleExpiration(days=1))],
        [LifecycleRule("a", "x")],
    ],
    ids=["same id", "no day", "no status", "no action"],
)
def test_lifecycles_that_are_none(bucket, rules):
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_bucket_lifecycle(lifecycle(*rules))
    assert caught.value.status == 400, caught.value
    with pytest.raises(oss2.exceptions.NoSuchLifecycle):
        bucket.get_bucket_lifecycle()


def test_tags_of_a_bucket(server, bucket):
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}
    values = {"team": "web", "中 +": "值"}
    bucket.put_bucket_tagging(tagging(values))
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == values
    service = oss2.Service(bucket.auth, server.url)
    found = service.list_buckets(params={"tag-key": "team", "tag-value": "web"}).buckets
    assert bucket.bucket_name in [one.name for one in found]
    assert service.list_buckets(params={"tag-key": "team", "tag-value": "other"}).buckets == []
    bucket.delete_bucket_tagging(params={"tagging": "team"})
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"中 +": "值"}
    assert bucket.delete_bucket_tagging().status == 204
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}


def test_settings_go_with_their_bucket(bucket, fails):
    bucket.put_bucket_cors(cors(CorsRule(["*"], ["GET"])))
    bucket.put_bucket_lifecycle(lifecycle(LifecycleRule("a", "x", expiration=LifecycleExpiration(days=1))))
    bucket.delete_bucket()
    bucket.create_bucket()
    fails(bucket.get_bucket_cors, 404, "NoSuchCORSConfiguration")
    fails(bucket.get_bucket_lifecycle, 404, "NoSuchLifecycle")
