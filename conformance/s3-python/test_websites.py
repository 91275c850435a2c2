"""Websites on hosts of their own."""

import pytest
import s3_clients
from harness import Server


@pytest.fixture()
def browse(server, s3, bucket):
    """What a browser gets of the bucket at the host of its website."""
    statement = f'"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"'
    everybody = f'{{"Version":"2012-10-17","Statement":[{{{statement}}},{{{statement.replace("GetObject", "ListBucket").replace("/*", "")}}}]}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=everybody)

    def browse(path="/", method="GET", host="s3-website-us-east-1.amazonaws.com", **options):
        return server.http(method, f"http://{bucket}.{host}{path}", **options)

    return browse


def pages(s3, bucket, *keys):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=f"<p>{key}</p>".encode(), ContentType="text/html")


WEBSITE = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "error.html"},
    "RoutingRules": [
        {
            "Condition": {"KeyPrefixEquals": "docs/"},
            "Redirect": {"ReplaceKeyPrefixWith": "documents/", "Protocol": "https", "HostName": "www.example.com", "HttpRedirectCode": "302"},
        },
        {
            "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "gone"},
            "Redirect": {"ReplaceKeyWith": "index.html"},
        },
    ],
}


def test_a_website_is_kept_and_goes(s3, bucket, fails):
    fails(lambda: s3.get_bucket_website(Bucket=bucket), 404, "NoSuchWebsiteConfiguration")
    for website in (WEBSITE, {"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}}):
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
        kept = s3.get_bucket_website(Bucket=bucket)
        del kept["ResponseMetadata"]
        assert kept == website
    s3.delete_bucket_website(Bucket=bucket)
    s3.delete_bucket_website(Bucket=bucket)
    fails(lambda: s3.get_bucket_website(Bucket=bucket), 404, "NoSuchWebsiteConfiguration")
    bad = {"IndexDocument": {"Suffix": "a/b"}}
    fails(lambda: s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=bad), 400, "InvalidArgument")


def test_hosts_of_websites_show_pages(server, s3, bucket, browse, fails):
    pages(s3, bucket, "index.html", "a/index.html")
    none = browse("/")
    assert (none.status_code, none.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<li>Code: NoSuchWebsiteConfiguration</li>" in none.text
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=WEBSITE)
    for host in ("s3-website-us-east-1.amazonaws.com", "s3-website.eu-central-1.amazonaws.com"):
        assert browse("/", host=host).text == "<p>index.html</p>"
    assert browse("/a/").text == "<p>a/index.html</p>"
    assert browse("/?acl", headers={"Authorization": "junk"}).text == "<p>index.html</p>", "nothing but pages"
    moved = browse("/a")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/a/")
    moved = browse("/docs/a%20b")
    assert (moved.status_code, moved.headers["Location"]) == (302, "https://www.example.com/documents/a%20b")
    moved = browse("/gone")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/index.html")
    missing = browse("/none")
    assert (missing.status_code, "<li>Code: NoSuchKey</li>" in missing.text) == (404, True)
    pages(s3, bucket, "error.html")
    missing = browse("/none")
    assert (missing.status_code, missing.text) == (404, "<p>error.html</p>")
    head = browse("/none", method="HEAD")
    assert (head.status_code, head.text) == (404, "")
    assert browse("/index.html", method="PUT").status_code == 405
    fails(lambda: s3.get_object(Bucket=bucket, Key="none"), 404, "NoSuchKey")
    fails(lambda: s3_clients.anonymous(server).get_object(Bucket=bucket, Key="a/"), 404, "NoSuchKey")
    s3.delete_bucket_policy(Bucket=bucket)
    hidden = browse("/index.html")
    assert (hidden.status_code, "<li>Code: AccessDenied</li>" in hidden.text) == (403, True)


def test_an_object_that_is_elsewhere(s3, bucket, browse):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=WEBSITE)
    s3.put_object(Bucket=bucket, Key="old", WebsiteRedirectLocation="/new")
    moved = browse("/old")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/new")
    assert s3.get_object(Bucket=bucket, Key="old")["WebsiteRedirectLocation"] == "/new"


def test_hosts_that_are_configured(tmp_path):
    config = tmp_path / "cohong.toml"
    config.write_text('[s3]\nwebsite_domains = ["web.example.org"]\n')
    server = Server(COHONG_CONFIG=str(config))
    try:
        s3 = s3_clients.client(server)
        s3.create_bucket(Bucket="pages", ACL="public-read")
        pages(s3, "pages", "index.html")
        s3.put_bucket_website(Bucket="pages", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        assert server.http("GET", "http://pages.web.example.org/").text == "<p>index.html</p>"
    finally:
        server.stop()
