"""Websites, pages that may lead to a bucket, and origins that stand in for missing objects."""

import concurrent.futures

import oss2
import oss_clients
import pytest
import requests
from alibabacloud_oss_v2 import models as v2_models
from oss2.models import (
    REDIRECT_TYPE_EXTERNAL,
    REDIRECT_TYPE_INTERNAL,
    REDIRECT_TYPE_MIRROR,
    BucketReferer,
    BucketWebsite,
    Condition,
    ConditionInlcudeHeader,
    MirrorHeadersSet,
    Redirect,
    RedirectMirrorHeaders,
    RoutingRule,
)
from origin import Origin

HTML = {"Content-Type": "text/html"}


@pytest.fixture()
def origin():
    origin = Origin()
    yield origin
    origin.stop()


@pytest.fixture()
def public(bucket):
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    return bucket


@pytest.fixture()
def browse(server, public):
    """What a browser gets of the bucket at its own domain."""

    def browse(path="/", method="GET", **options):
        url = f"http://{public.bucket_name}.oss-cn-hangzhou.aliyuncs.com{path}"
        return server.http(method, url, **options)

    return browse


def pages(bucket, *keys):
    for key in keys:
        bucket.put_object(key, f"<p>{key}</p>".encode(), headers=HTML)


def test_a_website_is_kept_and_goes(bucket, fails):
    fails(bucket.get_bucket_website, 404, "NoSuchWebsiteConfiguration")
    bucket.put_bucket_website(BucketWebsite("index.html", "error.html"))
    website = bucket.get_bucket_website()
    assert (website.index_file, website.error_file, website.rules) == ("index.html", "error.html", [])
    bucket.delete_bucket_website()
    bucket.delete_bucket_website()
    fails(bucket.get_bucket_website, 404, "NoSuchWebsiteConfiguration")


def test_visitors_see_pages_and_programs_see_objects(public, browse, fails):
    pages(public, "index.html", "a/index.html", "error.html", "a/b.html")
    assert browse("/").headers["Content-Type"] == "application/xml", "a list, while there is no website"
    public.put_bucket_website(BucketWebsite("index.html", "error.html"))
    for path in ("/", "/a/", "/none/"):
        page = browse(path)
        assert (page.status_code, page.text) == (200, "<p>index.html</p>"), path
        assert page.headers["Content-Type"] == "text/html"
    assert browse("/a/b.html").text == "<p>a/b.html</p>"
    assert browse("/none/", method="HEAD").headers["Content-Length"] == str(len("<p>index.html</p>"))
    missing = browse("/none", headers={"Range": "bytes=0-1", "If-None-Match": "*"})
    assert (missing.status_code, missing.text) == (404, "<p>error.html</p>")
    head = browse("/none", method="HEAD")
    assert (head.status_code, head.text) == (404, "")
    assert browse("/?acl").status_code == 403, "settings are no pages"
    assert [found.key for found in public.list_objects().object_list] == ["a/b.html", "a/index.html", "error.html", "index.html"]
    fails(lambda: public.get_object("none"), 404, "NoSuchKey")
    public.delete_object("error.html")
    assert "<Code>NoSuchKey</Code>" in browse("/none").text
    public.delete_bucket_website()
    assert browse("/").headers["Content-Type"] == "application/xml"


def test_what_visitors_may_not_see_stays_hidden(bucket, server):
    pages(bucket, "index.html", "error.html")
    bucket.put_bucket_website(BucketWebsite("index.html", "error.html"))
    url = f"http://{bucket.bucket_name}.oss-cn-hangzhou.aliyuncs.com/"
    hidden = server.http("GET", url)
    assert (hidden.status_code, "<Code>AccessDenied</Code>" in hidden.text) == (403, True)
    bucket.put_object_acl("error.html", oss2.OBJECT_ACL_PUBLIC_READ)
    shown = server.http("GET", url)
    assert (shown.status_code, shown.text) == (404, "<p>error.html</p>")


def test_folders_with_pages_of_their_own(server, v2, public, browse):
    pages(public, "index.html", "a/index.html", "error.html")
    name = public.bucket_name

    def put(kind):
        index = v2_models.IndexDocument(suffix="index.html", support_sub_dir=True, type=kind)
        error = v2_models.ErrorDocument(key="error.html", http_status=200)
        configuration = v2_models.WebsiteConfiguration(index_document=index, error_document=error)
        v2.put_bucket_website(v2_models.PutBucketWebsiteRequest(bucket=name, website_configuration=configuration))
        kept = v2.get_bucket_website(v2_models.GetBucketWebsiteRequest(bucket=name)).website_configuration
        assert (kept.index_document.support_sub_dir, kept.index_document.type) == (True, kind)
        assert kept.error_document.http_status == 200

    put(0)
    assert browse("/a/").text == "<p>a/index.html</p>"
    moved = browse("/a")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/a/")
    none = browse("/b")
    assert (none.status_code, none.text) == (200, "<p>error.html</p>")
    put(1)
    assert browse("/a").text == "<p>error.html</p>"
    put(2)
    assert browse("/a").text == "<p>a/index.html</p>"


def test_rules_lead_elsewhere(public, browse):
    pages(public, "index.html", "new/x", "app.suffix")
    headers = [ConditionInlcudeHeader("x-from", "app")]
    rules = [
        RoutingRule(
            1,
            Condition(key_prefix_equals="old/", http_err_code_return_equals=404),
            Redirect(
                redirect_type=REDIRECT_TYPE_EXTERNAL,
                proto="https",
                host_name="www.example.com",
                replace_key_prefix_with="new/",
                http_redirect_code=302,
                pass_query_string=True,
            ),
        ),
        RoutingRule(
            2,
            Condition(key_prefix_equals="app", http_err_code_return_equals=404, include_header_list=headers),
            Redirect(redirect_type=REDIRECT_TYPE_INTERNAL, replace_key_with="${key}.suffix"),
        ),
    ]
    public.put_bucket_website(BucketWebsite("index.html", "error.html", rules))
    moved = browse("/old/a%20b?x=1&y")
    assert (moved.status_code, moved.headers["Location"]) == (302, "https://www.example.com/new/a%20b?x=1&y")
    assert browse("/app", headers={"x-from": "app"}).text == "<p>app.suffix</p>"
    assert browse("/app").status_code == 404
    signed = requests.get(public.sign_url("GET", "old/c", 60), allow_redirects=False, timeout=30)
    assert (signed.status_code, signed.headers["Location"]) == (302, "https://www.example.com/new/c"), "no signature goes there"


def test_an_object_that_is_elsewhere(public, browse):
    to = {"x-oss-website-redirect-location": "/new"}
    public.put_object("old", b"", headers=to)
    assert browse("/old").status_code == 200
    public.put_bucket_website(BucketWebsite("index.html", "error.html"))
    moved = browse("/old")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/new")
    assert public.get_object("old").headers["x-oss-website-redirect-location"] == "/new"


def test_pages_that_may_lead_here(server, public, browse, fails):
    public.put_object("k", b"x")
    unset = public.get_bucket_referer()
    assert (unset.allow_empty_referer, unset.referers, unset.black_referers) == (True, [], [])
    public.put_bucket_referer(BucketReferer(False, ["http://www.example.com", "https://*.example.org"], True, ["https://bad.example.org"]))
    good = {"Referer": "http://www.example.com/page?x"}
    signed = public.sign_url("GET", "k", 60)
    for headers, status in [
        (good, 200),
        ({"Referer": "https://a.example.org/"}, 200),
        ({"Referer": "https://bad.example.org/"}, 403),
        ({"Referer": "http://elsewhere.example.com/"}, 403),
        ({}, 403),
    ]:
        assert browse("/k", headers=headers).status_code == status, headers
        assert requests.get(signed, headers=headers, timeout=30).status_code == status, headers
    refused = browse("/k")
    assert "<Code>AccessDenied</Code>" in refused.text
    path = f"{server.url}/{public.bucket_name}/k"
    for tongue in ({"x-amz-date": "20240101T000000Z"}, {}):
        assert requests.get(path, headers=tongue, timeout=30).status_code == 403, "in every dialect"
        assert requests.get(path, headers=good | tongue, timeout=30).status_code == 200
    assert public.get_object("k").read() == b"x", "who signs in a header is no link"
    public.put_bucket_referer(BucketReferer(True, ["http://www.example.com"]))
    assert browse("/k").status_code == 200
    public.put_bucket_referer(BucketReferer(False, []))
    assert browse("/k").status_code == 200, "nobody is listed, so everybody may"


def mirror(prefix, url, **options):
    redirect = Redirect(redirect_type=REDIRECT_TYPE_MIRROR, mirror_url=url, **options)
    condition = Condition(key_prefix_equals=prefix, http_err_code_return_equals=404)
    return BucketWebsite("index.html", "error.html", [RoutingRule(1, condition, redirect)])


def test_a_missing_object_comes_from_its_origin(bucket, origin, fails):
    headers = RedirectMirrorHeaders(
        pass_all=False, pass_list=["x-one", "authorization"], remove_list=[], set_list=[MirrorHeadersSet("x-set", "rule")]
    )
    website = mirror("m/", origin.url + "/base/", mirror_pass_query_string=True, mirror_headers=headers)
    bucket.put_bucket_website(website)
    origin.has("/base/m/a%20b?q=1", b"from there", Content_Type="text/css", Cache_Control="max-age=60", Set_Cookie="a=b")
    read = bucket.get_object("m/a b", params={"q": "1"}, headers={"x-one": "1", "x-two": "2"})
    assert read.read() == b"from there"
    (path, sent), = origin.requests
    assert path == "/base/m/a%20b?q=1"
    assert (sent["x-one"], sent["x-set"]) == ("1", "rule")
    assert not {"x-two", "authorization", "date", "x-oss-date"} & sent.keys()
    head = bucket.head_object("m/a b")
    assert (head.headers["Content-Type"], head.headers["Cache-Control"]) == ("text/css", "max-age=60")
    part = bucket.get_object("m/a b", byte_range=(0, 3))
    assert (part.status, part.read()) == (206, b"from")
    assert len(origin.requests) == 1, "it is here now"
    fails(lambda: bucket.get_object("m/none"), 404, "NoSuchKey")
    fails(lambda: bucket.get_object("other"), 404, "NoSuchKey")
    fails(lambda: bucket.get_object("m/../../secret"), 404, "NoSuchKey")
    assert [path for path, _ in origin.requests[1:]] == ["/base/m/none"]


def test_a_range_of_a_missing_object(bucket, origin):
    bucket.put_bucket_website(mirror("", origin.url + "/"))
    origin.has("/k", b"0123456789")
    part = bucket.get_object("k", byte_range=(2, 4))
    assert (part.status, part.read()) == (206, b"234")
    assert bucket.get_object("k").read() == b"0123456789"


def test_only_who_may_read_a_key_has_it_fetched(server, bucket, stranger, origin):
    bucket.put_bucket_website(mirror("", origin.url + "/"))
    origin.has("/k", b"x")
    url = f"http://{bucket.bucket_name}.oss-cn-hangzhou.aliyuncs.com/k"
    assert server.http("GET", url).status_code == 403
    with pytest.raises(oss2.exceptions.AccessDenied):
        oss_clients.bucket(server, bucket.bucket_name, stranger).get_object("k")
    assert origin.requests == []
    policy = (
        '{"Version":"1","Statement":[{"Effect":"Allow","Principal":["*"],"Action":["oss:GetObject"],'
        f'"Resource":["acs:oss:*:*:{bucket.bucket_name}/*"]}}]}}'
    )
    bucket.put_bucket_policy(policy)
    shown = server.http("GET", url)
    assert (shown.status_code, shown.content) == (200, b"x"), "who may read and not list"


def test_an_origin_that_fails(bucket, origin, fails):
    gone = "http://127.0.0.1:9/"
    bucket.put_bucket_website(mirror("", gone))
    failed = fails(lambda: bucket.get_object("k"), 424, "MirrorFailed")
    assert failed.message == "Mirroring failed, please check your mirror configuration"
    slave = {"mirror_url_slave": origin.url + "/", "mirror_url_probe": gone + "probe"}
    origin.has("/k", b"from the slave")
    bucket.put_bucket_website(mirror("", gone, **slave))
    assert bucket.get_object("k").read() == b"from the slave"
    origin.has("/broken", b"short", Content_Length="9")
    fails(lambda: bucket.get_object("broken"), 424, "MirrorFailed")
    origin.has("/error", b"no", status=500)
    fails(lambda: bucket.get_object("error"), 424, "MirrorFailed")
    bucket.put_bucket_website(mirror("", origin.url + "/", mirror_check_md5=True))
    origin.has("/sum", b"x", Content_MD5="AAAAAAAAAAAAAAAAAAAAAA==")
    fails(lambda: bucket.get_object("sum"), 424, "MirrorFailed")
    assert [found.key for found in bucket.list_objects().object_list] == ["k"]


def test_an_origin_that_leads_on(bucket, origin, fails):
    other = Origin()
    try:
        other.has("/there", b"moved")
        origin.has("/k", b"", status=302, Location=other.url + "/there")
        bucket.put_bucket_website(mirror("", origin.url + "/", mirror_follow_redirect=False))
        fails(lambda: bucket.get_object("k"), 424, "MirrorFailed")
        assert other.requests == []
        bucket.put_bucket_website(mirror("", origin.url + "/", mirror_follow_redirect=True))
        assert bucket.get_object("k").read() == b"moved"
        origin.has("/circle", b"", status=302, Location="/circle")
        fails(lambda: bucket.get_object("circle"), 424, "MirrorFailed")
    finally:
        other.stop()


def test_this_server_is_no_origin_of_its_own(server, bucket, fails):
    bucket.put_bucket_website(mirror("", server.url + f"/{bucket.bucket_name}/"))
    fails(lambda: bucket.get_object("k"), 424, "MirrorFailed")


def test_many_ask_for_one_missing_object(bucket, origin):
    bucket.put_bucket_website(mirror("", origin.url + "/"))
    origin.has("/k", b"x" * 100_000)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda _: bucket.get_object("k").read(), range(8)))
    assert set(read) == {b"x" * 100_000}
    assert len(origin.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<WebsiteConfiguration/>",
        "<WebsiteConfiguration><IndexDocument><Suffix>a/b</Suffix></IndexDocument></WebsiteConfiguration>",
        "<WebsiteConfiguration><IndexDocument><Suffix>a</Suffix><SupportSubDir>true</SupportSubDir><Type>3</Type>"
        "</IndexDocument></WebsiteConfiguration>",
        "<WebsiteConfiguration><ErrorDocument><Key>e</Key><HttpStatus>500</HttpStatus></ErrorDocument></WebsiteConfiguration>",
    ],
)
def test_websites_that_make_no_sense(bucket, fails, body):
    fails(lambda: bucket.put_bucket_website(body), 400, "InvalidArgument")


def test_what_is_not_served_of_origins_is_refused(bucket, fails):
    rule = (
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber>"
        "<Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>"
        "<Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://o.example/</MirrorURL>"
        "<MirrorUsingRole>true</MirrorUsingRole></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>"
    )
    fails(lambda: bucket.put_bucket_website(rule), 400, "NotImplemented")
