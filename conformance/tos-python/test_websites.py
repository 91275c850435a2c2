"""Websites, and origins that stand in for missing objects."""

import json

import pytest
import tos
from origin import Origin
from tos.enum import ACLType, ProtocolType, RedirectType
from tos.models2 import (
    KV,
    CloudFunctionConfiguration,
    Condition,
    ErrorDocument,
    FetchHeaderToMetaDataRule,
    IndexDocument,
    MirrorHeader,
    PublicSource,
    Redirect,
    RedirectAllRequestsTo,
    ReplaceKeyPrefix,
    RoutingRule,
    RoutingRuleCondition,
    RoutingRuleRedirect,
    RoutingRules,
    Rule,
    SourceEndpoint,
    Transform,
)


@pytest.fixture()
def origin():
    origin = Origin()
    yield origin
    origin.stop()


@pytest.fixture()
def browse(server, client, bucket):
    """What a browser gets of the bucket at its own domain."""
    client.put_bucket_acl(bucket, acl=ACLType.ACL_Public_Read)

    def browse(path="/", method="GET", **options):
        return server.http(method, f"http://{bucket}.tos-cn-beijing.volces.com{path}", **options)

    return browse


def pages(client, bucket, *keys):
    for key in keys:
        client.put_object(bucket, key, content=f"<p>{key}</p>".encode(), content_type="text/html")


def test_visitors_see_pages_and_programs_see_objects(client, bucket, browse, fails):
    missing = fails(lambda: client.get_bucket_website(bucket))
    assert (missing.status_code, missing.code) == (404, "NoSuchWebsiteConfiguration")
    pages(client, bucket, "index.html", "a/index.html", "error.html")
    client.put_bucket_website(bucket, index_document=IndexDocument("index.html"), error_document=ErrorDocument("error.html"))
    kept = client.get_bucket_website(bucket)
    assert (kept.index_document.suffix, kept.error_document.key) == ("index.html", "error.html")
    assert browse("/").text == "<p>index.html</p>"
    head = browse("/", method="HEAD")
    assert (head.status_code, head.headers["Content-Type"]) == (200, "text/html")
    assert browse("/a/").text == "<p>a/index.html</p>"
    moved = browse("/a")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/a/")
    none = browse("/none")
    assert (none.status_code, none.text) == (404, "<p>error.html</p>")
    assert len(client.list_objects(bucket).contents) == 3
    assert fails(lambda: client.get_object(bucket, "none")).code == "NoSuchKey"
    client.put_bucket_website(bucket, index_document=IndexDocument("index.html", forbidden_sub_dir=True))
    assert browse("/a/").text == "<p>index.html</p>"
    assert browse("/a").status_code == 404
    client.delete_bucket_website(bucket)
    assert browse("/").headers["Content-Type"] == "application/json"


def test_rules_and_redirects(client, bucket, browse):
    rules = RoutingRules(
        [
            RoutingRule(
                RoutingRuleCondition(key_prefix_equals="old/"),
                RoutingRuleRedirect(ProtocolType.Protocol_Https, "www.example.com", replace_key_prefix_with="new/", http_redirect_code=302),
            ),
            RoutingRule(
                RoutingRuleCondition(http_error_code_returned_equals=404),
                RoutingRuleRedirect(replace_key_with="index.html"),
            ),
        ]
    )
    client.put_bucket_website(bucket, index_document=IndexDocument("index.html"), routing_rules=rules)
    moved = browse("/old/a%20b")
    assert (moved.status_code, moved.headers["Location"]) == (302, "https://www.example.com/new/a%20b")
    moved = browse("/none")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/index.html")
    client.put_object(bucket, "moved", content=b"", website_redirect_location="https://www.example.com/")
    moved = browse("/moved")
    assert (moved.status_code, moved.headers["Location"]) == (301, "https://www.example.com/")
    assert client.head_object(bucket, "moved").website_redirect_location == "https://www.example.com/"
    client.put_bucket_website(bucket, RedirectAllRequestsTo("www.example.com", "http"))
    moved = browse("/a?b=c")
    assert (moved.status_code, moved.headers["Location"]) == (301, "http://www.example.com/a?b=c")
    assert client.head_object(bucket, "moved").status_code == 200, "who signs is no visitor"


def rule(origin, redirect_type=RedirectType.Mirror, condition=None, **options):
    source = PublicSource(SourceEndpoint([origin.url + "/base/"]))
    return Rule("1", condition or Condition(http_code=404), Redirect(redirect_type, source, **options))


def test_a_missing_object_comes_from_its_origin(client, bucket, origin, fails):
    missing = fails(lambda: client.get_bucket_mirror_back(bucket))
    assert (missing.status_code, missing.code) == (404, "NoSuchMirrorConfiguration")
    ordered = rule(
        origin,
        condition=Condition(404, "m/", ".txt", ["GET", "HEAD"]),
        pass_query=True,
        mirror_header=MirrorHeader(pass_all=True, remove=["x-two"], set_header=[KV("x-set", "rule")]),
        transform=Transform("pre-", "-suf", ReplaceKeyPrefix("m/", "n/")),
        fetch_header_to_meta_data_rules=[FetchHeaderToMetaDataRule("X-From", "origin")],
    )
    client.put_bucket_mirror_back(bucket, [ordered])
    kept = client.get_bucket_mirror_back(bucket).rules[0]
    assert (kept.id, kept.condition.key_prefix, kept.redirect.transform.with_key_prefix) == ("1", "m/", "pre-")
    path = "/base/pre-n/a.txt-suf"
    origin.has(path, b"from there", Content_Type="text/css", X_From="far away")
    head = client.head_object(bucket, "m/a.txt")
    assert (head.content_type, head.content_length, head.meta["origin"]) == ("text/css", 10, "far away")
    assert client.get_object(bucket, "m/a.txt").read() == b"from there"
    (asked, sent), = origin.requests
    assert (asked, sent["x-set"]) == (path, "rule")
    assert "authorization" not in sent and not any(name.startswith("x-tos-") for name in sent)
    assert fails(lambda: client.get_object(bucket, "m/none.txt")).code == "NoSuchKey"
    assert fails(lambda: client.get_object(bucket, "other")).code == "NoSuchKey"
    origin.has("/base/pre-n/bad.txt-suf", b"no", status=503)
    failed = fails(lambda: client.get_object(bucket, "m/bad.txt"))
    assert (failed.status_code, failed.code) == (424, "MirrorFailed")
    client.delete_bucket_mirror_back(bucket)
    assert fails(lambda: client.get_object(bucket, "m/b.txt")).code == "NoSuchKey"


def test_what_was_fetched_is_an_event(server, client, bucket, receiver, origin):
    name = f"fetched-{bucket}"
    server.command("function", "add", name, receiver.url + "/")
    events = ["tos:ObjectCreated:Origin"]
    client.put_bucket_notification(bucket, [CloudFunctionConfiguration("1", events, None, name)])
    client.put_bucket_mirror_back(bucket, [rule(origin)])
    client.put_object(bucket, "put", content=b"no event")
    origin.has("/base/k", b"xyz")
    assert client.get_object(bucket, "k").read() == b"xyz"
    told, = receiver.wait(1)
    event = json.loads(told.body)["events"][0]
    assert event["eventName"] == "tos:ObjectCreated:Origin"
    assert (event["tos"]["object"]["key"], event["tos"]["object"]["size"]) == ("k", 3)


def test_clients_are_sent_to_the_origin(server, client, bucket, origin):
    origin.has("/base/k", b"x")
    client.put_bucket_mirror_back(bucket, [rule(origin, RedirectType.Async, fetch_source_on_redirect=False)])
    url = client.pre_signed_url(tos.HttpMethodType.Http_Method_Get, bucket, "k").signed_url
    moved = server.http("GET", url)
    assert (moved.status_code, moved.headers["Location"]) == (302, origin.url + "/base/k")
    assert origin.requests == []
    client.put_bucket_mirror_back(bucket, [rule(origin, RedirectType.Async, fetch_source_on_redirect=True)])
    assert server.http("GET", url).status_code == 302
    read = server.http("GET", url)
    assert (read.status_code, read.content) == (200, b"x"), "it was fetched meanwhile"


def test_a_private_source_is_refused(server, client, bucket, fails):
    from tos.models2 import CommonSourceEndpoint, CredentialProvider, EndpointCredentialProvider, PrivateSource

    endpoint = EndpointCredentialProvider("https://o.example", "b", CredentialProvider("role"))
    source = PrivateSource(CommonSourceEndpoint([endpoint]))
    ordered = Rule("1", Condition(http_code=404), Redirect(RedirectType.Mirror, private_source=source))
    refused = fails(lambda: client.put_bucket_mirror_back(bucket, [ordered]))
    assert (refused.status_code, refused.code) == (501, "NotImplemented")
