"""Over TLS the SDK sends bodies in chunks with the checksum behind them, unasked."""

import datetime
import ipaddress
import os

import boto3
import pytest
import s3_clients
from boto3.s3.transfer import TransferConfig
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from harness import Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of this machine's address, and its key: two files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cohong")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
    made = made.not_valid_after(now + datetime.timedelta(days=1)).add_extension(address, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    os.chmod(folder / "key.pem", 0o600)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def secure(certificate):
    cert, key = certificate
    settings = {"LISTEN": "127.0.0.1:0", "CERTIFICATE": str(cert), "PRIVATE_KEY": str(key)}
    server = Server(**{f"COHONG_TLS_{name}": value for name, value in settings.items()})
    yield server
    server.stop()


@pytest.fixture()
def client(secure, certificate):
    url = "https://" + secure.ready["tls"]
    client = boto3.client(
        "s3", endpoint_url=url, region_name=s3_clients.REGION, verify=str(certificate[0]),
        aws_access_key_id=secure.access_key, aws_secret_access_key=secure.secret_key,
    )
    client.create_bucket(Bucket="bucket-tls")
    return client


@pytest.mark.parametrize("algorithm", [None, "CRC32", "SHA1", "SHA256"])
def test_objects(client, algorithm):
    sent = []
    client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(dict(request.headers.items())))
    extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    put = client.put_object(Bucket="bucket-tls", Key="k", Body=b"hello" * 100_000, ContentEncoding="gzip", **extra)
    (headers,) = sent
    assert headers["X-Amz-Content-SHA256"] == b"STREAMING-UNSIGNED-PAYLOAD-TRAILER", headers
    got = client.get_object(Bucket="bucket-tls", Key="k")
    assert got["Body"].read() == b"hello" * 100_000 and got["ContentEncoding"] == "gzip"
    name = "Checksum" + (algorithm or "CRC32")
    assert got[name] == put[name] and got["ChecksumType"] == "FULL_OBJECT"


def test_the_transfer_manager(client, tmp_path):
    data = os.urandom(11 << 20)
    (tmp_path / "f").write_bytes(data)
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    client.upload_file(str(tmp_path / "f"), "bucket-tls", "large", Config=config)
    client.download_file("bucket-tls", "large", str(tmp_path / "g"), Config=config)
    assert (tmp_path / "g").read_bytes() == data
