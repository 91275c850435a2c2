"""What the vendor's tests import as `tests.common`, which their source archive leaves out: base classes with a client
and names of their own, random contents, and a response that was never sent. Written from how the tests use it."""

import base64
import contextlib
import hashlib
import os
import random
import secrets
import string
import unittest

import tos
from requests.structures import CaseInsensitiveDict
from tos.exceptions import TosServerError

# Any key of 32 bytes does.
SSE_KEY = b"0123456789abcdef0123456789abcdef"


def random_string(length):
    return "".join(random.choices(string.ascii_lowercase, k=length))


def random_bytes(length):
    return random_string(length).encode()


def random_name(length):
    """Another one in every run, whatever the tests draw: the client leaves files in /tmp that are named after buckets
    and keys, and takes up what a run that was cut off left there."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(length))


def calculate_md5(content):
    """The Content-MD5 of a file."""
    return base64.b64encode(hashlib.md5(content.read()).digest())


def _pages(listing, bucket):
    """All pages that a listing of the client gives, each asked for when the one before was dealt with."""
    while True:
        page = listing(bucket)
        yield page
        if not page.is_truncated:
            return


def remove_directories(client, bucket):
    """Empties a bucket of directories: each goes with all it holds, and past the trash."""
    page = client.list_objects_type2(bucket, delimiter="/")
    for key in [found.prefix for found in page.common_prefixes] + [found.key for found in page.contents]:
        client.delete_object(bucket, key, recursive=True, skip_trash=True)


def clean_and_delete_bucket(client, bucket):
    """Removes a bucket with all it holds; that it is not there is fine."""
    with contextlib.suppress(TosServerError):
        if client.head_bucket(bucket).bucket_type == tos.consts.BUCKET_TYPE_HNS:
            remove_directories(client, bucket)
        for page in _pages(client.list_object_versions, bucket):
            for found in page.versions + page.delete_markers:
                client.delete_object(bucket, found.key, found.version_id)
        for page in _pages(client.list_multipart_uploads, bucket):
            for upload in page.uploads:
                client.abort_multipart_upload(bucket, upload.key, upload.upload_id)
        client.delete_bucket(bucket)


class MockResponse:
    """What a session returns in tests that send nothing."""

    def __init__(self, status_code=200, headers=None, body="{}"):
        self.status_code = status_code
        self.headers = CaseInsensitiveDict({"x-tos-request-id": "0123456789ab"} | (headers or {}))
        self.body = (body or "{}").encode()

    def __iter__(self):
        return self.iter_content()

    def iter_content(self, chunk_size=1, decode_unicode=False):
        return iter([self.body])


class TosTestCase(unittest.TestCase):
    """Tests of the first client, which send nothing."""

    bucket_name = "test_bucket"
    key_name = "test_key"
    location = "cn-beijing"
    region = "beijing"
    date = "2021-01-01T00:00:00.000Z"

    def setUp(self):
        self.client = tos.TosClient(tos.Auth("ak", "sk", "beijing"), "tos-cn-beijing.volces.com")


class VersionClient(tos.TosClientV2):
    """Switches versions on and off with one word."""

    def put_bucket_versioning(self, bucket, enable=False):
        status = tos.VersioningStatusType
        wanted = status.Versioning_Status_Enabled if enable else status.Versioning_Status_Suspended
        return super().put_bucket_versioning(bucket, wanted)


class TosTestBase(unittest.TestCase):
    """Tests that need an endpoint: a client, a second one of another region, and what is theirs removed at the end."""

    ak, sk = os.environ["AK"], os.environ["SK"]
    endpoint, region = os.environ["Endpoint"], os.environ["Region"]
    endpoint2, region2 = os.environ["Endpoint2"], os.environ["Region2"]
    account_id = os.environ["AccountId"]
    callback_url = os.environ["CallbackUrl"]
    cloud_function = "function"
    mq_instance_id, mq_role_name, mq_access_key_id = "rocketmq-1", "mq-role", "mq-key"
    kafka_instance_id, kafka_topic, kafka_username = "kafka-1", "topic", "user"
    sseAlg = "AES256"
    sseKey = base64.b64encode(SSE_KEY).decode()
    sseKeyMd5 = base64.b64encode(hashlib.md5(SSE_KEY).digest()).decode()

    def setUp(self):
        self.bucket_name = "py-sdk-" + random_name(10)
        self.object_name = "test_object" + random_name(10)
        self.prefix = random_name(12)
        self.bucket_delete, self.temp_files = [], []
        options = dict(enable_crc=True, max_retry_count=2)
        self.client = tos.TosClientV2(self.ak, self.sk, self.endpoint, self.region, **options)
        self.client2 = tos.TosClientV2(self.ak, self.sk, self.endpoint2, self.region2, **options)
        self.version_client = VersionClient(self.ak, self.sk, self.endpoint, self.region, max_retry_count=2)

    def tearDown(self):
        for name in self.temp_files:
            with contextlib.suppress(FileNotFoundError):
                os.remove(name)
        for bucket in self.bucket_delete:
            clean_and_delete_bucket(self.client, bucket)
        for client in (self.client, self.client2, self.version_client):
            client.close()

    def random_key(self, suffix=""):
        return self.prefix + random_name(12) + suffix

    def random_filename(self):
        self.temp_files.append(random_name(16))
        return self.temp_files[-1]

    def assertFileContent(self, name, content):
        with open(name, "rb") as file:
            self.assertEqual(file.read(), content)

    def assertObjectContent(self, bucket, key, content):
        self.assertEqual(self.client.get_object(bucket, key).read(), content)
