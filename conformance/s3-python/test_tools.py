"""The vendor's command line, and MinIO's client."""

import io
import os
import subprocess
import sys

import minio
import pytest
import s3_clients
from minio.commonconfig import REPLACE, CopySource, Tags
from minio.deleteobjects import DeleteObject


@pytest.fixture()
def aws(server, tmp_path):
    """Runs `aws` against the server; its output."""
    given = {
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_PAGER": "",
        "HOME": str(tmp_path),
    }
    program = os.path.join(os.path.dirname(sys.executable), "aws")

    def run(*words, status=0):
        command = [sys.executable, program, "--endpoint-url", server.url, *words]
        done = subprocess.run(command, env=os.environ | given, capture_output=True, timeout=120, cwd=tmp_path)
        assert done.returncode == status, done.stderr.decode() + done.stdout.decode()
        return done.stdout.decode() + done.stderr.decode()

    return run


def test_the_command_line(server, s3, bucket, aws, tmp_path):
    name = bucket + "-cli"
    aws("s3", "mb", f"s3://{name}")
    tree = tmp_path / "tree"
    (tree / "dir").mkdir(parents=True)
    (tree / "dir" / "a b+c.txt").write_bytes(b"small")
    (tree / "large.bin").write_bytes(os.urandom(9 << 20))
    # Objects have whole seconds, and are to be no older than the files.
    for file in (tree / "dir" / "a b+c.txt", tree / "large.bin"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    aws("s3", "sync", str(tree), f"s3://{name}/up")
    assert aws("s3", "sync", str(tree), f"s3://{name}/up") == ""
    listed = aws("s3", "ls", f"s3://{name}/", "--recursive")
    assert "up/dir/a b+c.txt" in listed and "up/large.bin" in listed
    assert "PRE up/" in aws("s3", "ls", f"s3://{name}/")
    aws("s3", "cp", f"s3://{name}/up", "down", "--recursive")
    assert (tmp_path / "down" / "large.bin").read_bytes() == (tree / "large.bin").read_bytes()
    assert (tmp_path / "down" / "dir" / "a b+c.txt").read_bytes() == b"small"
    aws("s3", "cp", f"s3://{name}/up/large.bin", f"s3://{name}/copy.bin")
    aws("s3", "mv", f"s3://{name}/copy.bin", f"s3://{name}/moved.bin")
    assert s3.head_object(Bucket=name, Key="moved.bin")["ContentLength"] == 9 << 20
    url = aws("s3", "presign", f"s3://{name}/up/dir/a b+c.txt").strip()
    assert server.http("GET", url).content == b"small"
    aws("s3", "rm", f"s3://{name}/up", "--recursive")
    assert "404" in aws("s3api", "head-object", "--bucket", name, "--key", "up/large.bin", status=255)
    aws("s3", "rb", f"s3://{name}", status=1)
    aws("s3", "rb", f"s3://{name}", "--force")
    assert name not in aws("s3", "ls")


def test_single_calls_of_the_command_line(bucket, aws, tmp_path):
    (tmp_path / "body").write_bytes(b"hello")
    put = aws("s3api", "put-object", "--bucket", bucket, "--key", "k", "--body", "body", "--checksum-algorithm", "SHA256")
    assert "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" in put
    assert '"hello"' not in aws("s3api", "get-object", "--bucket", bucket, "--key", "k", "out")
    assert (tmp_path / "out").read_bytes() == b"hello"
    aws("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
    assert "Enabled" in aws("s3api", "get-bucket-versioning", "--bucket", bucket)
    aws("s3api", "delete-object", "--bucket", bucket, "--key", "k")
    assert "DeleteMarkers" in aws("s3api", "list-object-versions", "--bucket", bucket)
    assert "NoSuchKey" in aws("s3api", "get-object", "--bucket", bucket, "--key", "k", "out", status=255)


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_minio(server, bucket, region, tmp_path):
    client = s3_clients.of_minio(server, region)
    name = bucket + "-m"
    client.make_bucket(name)
    assert client.bucket_exists(name) and not client.bucket_exists(bucket + "-none")
    assert name in [one.name for one in client.list_buckets()]
    tags = Tags.new_object_tags()
    tags["a"] = "1"
    put = client.put_object(name, "dir/a b+c", io.BytesIO(b"hello"), 5, content_type="text/x-me", metadata={"m": "1"}, tags=tags)
    large = os.urandom(11 << 20)
    client.put_object(name, "large", io.BytesIO(large), -1, part_size=5 << 20)
    (tmp_path / "f").write_bytes(b"file")
    client.fput_object(name, "file", str(tmp_path / "f"))
    got = client.get_object(name, "dir/a b+c", offset=1, length=3)
    assert got.read() == b"ell"
    got.close()
    assert client.get_object(name, "large").read() == large
    told = client.stat_object(name, "dir/a b+c")
    assert (told.etag, told.content_type, told.metadata["x-amz-meta-m"]) == (put.etag, "text/x-me", "1")
    assert client.get_object_tags(name, "dir/a b+c") == {"a": "1"}
    assert [one.object_name for one in client.list_objects(name, recursive=True)] == ["dir/a b+c", "file", "large"]
    assert sorted(one.object_name for one in client.list_objects(name)) == ["dir/", "file", "large"]
    client.copy_object(name, "copy", CopySource(name, "dir/a b+c"), metadata={"n": "2"}, metadata_directive=REPLACE)
    assert client.stat_object(name, "copy").metadata["x-amz-meta-n"] == "2"
    assert server.http("GET", client.presigned_get_object(name, "file")).content == b"file"
    assert server.http("PUT", client.presigned_put_object(name, "put"), data=b"put").status_code == 200
    with pytest.raises(minio.error.S3Error) as caught:
        client.get_object(name, "absent")
    assert caught.value.code == "NoSuchKey"
    with pytest.raises(minio.error.S3Error) as caught:
        client.stat_object(name, "absent")
    assert caught.value.code == "NoSuchKey"
    keys = [DeleteObject(one.object_name) for one in client.list_objects(name, recursive=True)]
    assert list(client.remove_objects(name, keys)) == []
    client.remove_bucket(name)
