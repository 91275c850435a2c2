"""Clients of the vendor's Python SDK and of MinIO's, pointed at the server under test."""

import boto3
import minio
from botocore import UNSIGNED
from botocore.config import Config

REGION = "us-east-1"


def _config(**options):
    return Config(retries={"total_max_attempts": 1}, **options)


def client(server, key=None, service="s3", region=REGION, **options):
    """A client of the root key, or of a key that `cohong key create` made; path style, as with any address."""
    key = key or {"access_key": server.access_key, "secret_key": server.secret_key}
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=key["access_key"],
        aws_secret_access_key=key["secret_key"],
        aws_session_token=key.get("security_token"),
        config=_config(**options),
    )


def anonymous(server):
    return boto3.client("s3", endpoint_url=server.url, region_name=REGION, config=_config(signature_version=UNSIGNED))


def proxied(server, **options):
    """A client that reaches the vendor's own endpoint through a proxy, which is the server."""
    return boto3.client(
        "s3",
        endpoint_url="http://s3.us-east-1.amazonaws.com",
        region_name=REGION,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=_config(proxies={"http": server.url}, s3={"addressing_style": "virtual"}, **options),
    )


def of_minio(server, region=None):
    return minio.Minio(
        f"{server.host}:{server.port}", server.access_key, server.secret_key, secure=False, region=region
    )
