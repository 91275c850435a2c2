"""Clients of the vendor's Python SDKs `oss2` and `alibabacloud-oss-v2`, pointed at the server under test."""

import alibabacloud_oss_v2
import oss2

# The vendor's own endpoint, for clients that reach the server as their proxy: virtual hosts.
ENDPOINT = "http://oss-cn-hangzhou.aliyuncs.com"
REGION = "cn-hangzhou"


def auth(server, key=None, version=oss2.AUTH_VERSION_1):
    """The root key's signer, or that of a key that `cohong key create` made."""
    key = key or {"access_key": server.access_key, "secret_key": server.secret_key}
    if key.get("security_token"):
        return oss2.StsAuth(key["access_key"], key["secret_key"], key["security_token"], version)
    return oss2.make_auth(key["access_key"], key["secret_key"], version)


def bucket(server, name, key=None, version=oss2.AUTH_VERSION_1, **options):
    """A bucket at the server's own address: path style, as `oss2` does with addresses."""
    return oss2.Bucket(auth(server, key, version), server.url, name, region=REGION, **options)


def service(server, key=None):
    return oss2.Service(auth(server, key), server.url, region=REGION)


def anonymous(server, name):
    return oss2.Bucket(oss2.AnonymousAuth(), server.url, name)


def proxied(server, name, version=oss2.AUTH_VERSION_1):
    """A bucket at the vendor's endpoint, reached through a proxy, which is the server."""
    return oss2.Bucket(auth(server, None, version), ENDPOINT, name, region=REGION, proxies={"http": server.url})


def v2(server, key=None, **options):
    """A client of the newer SDK, which signs with V4 unless told otherwise."""
    key = key or {"access_key": server.access_key, "secret_key": server.secret_key}
    provider = alibabacloud_oss_v2.credentials.StaticCredentialsProvider(
        key["access_key"], key["secret_key"], key.get("security_token")
    )
    config = alibabacloud_oss_v2.config.Config(
        region=REGION, endpoint=server.url, credentials_provider=provider, retry_max_attempts=1, **options
    )
    return alibabacloud_oss_v2.Client(config)
