"""What goes wrong, in the words and classes that programs of the vendor's client catch."""

import pytest
from conftest import MIB, api_of
from harness import Server

OTHER = "0" * 32


def test_digests_that_are_wrong(program, vault, low, file_of, fails):
    path = file_of(MIB + 1)
    hashes = program.find("oas.ease.utils.compute_hash_from_file")
    etag, tree = hashes(path)
    text = "x" * 10
    good, _ = hashes(file_of(10, name="ten"))
    assert etag != tree
    fails(lambda: low.post_archive(vault.id, text, etag, etag), 400, "InvalidDigest")
    open = program.find("__builtin__.open")

    def send(etag, tree):
        low.post_archive_from_reader(vault.id, open(path), MIB + 1, etag, tree)

    # The body is sent whole before the answer is read, and the answer is heard.
    fails(lambda: send(good, tree), 400, "InvalidDigest")
    fails(lambda: send(etag, etag), 400, "InvalidDigest")
    fails(lambda: send("", tree), 400, "MissingArgument")
    fails(lambda: low.post_archive_from_reader(OTHER, open(path), MIB + 1, etag, tree), 404, "VaultNotExists")


def test_parts_that_are_wrong(program, vault, low, file_of, fails):
    path = file_of(32 * MIB)
    etag, tree = program.find("oas.ease.utils.compute_hash_from_file")(path)
    open = program.find("__builtin__.open")
    for size, code in [("abc", "InvalidArgument"), (MIB + 1, "InvalidArgument"), (8 << 30, "PartLengthExceed")]:
        fails(lambda: low.create_multipart_upload(vault.id, size), 400, code)
    id = low.create_multipart_upload(vault.id, 32 * MIB)["x-oas-multipart-upload-id"]

    def part(first, last, etag=etag, upload=id):
        low.post_multipart_from_reader(vault.id, upload, open(path), 32 * MIB, f"{first}-{last}", etag, tree)

    fails(lambda: part(MIB, 33 * MIB - 1), 400, "InvalidPart")
    fails(lambda: part(0, 32 * MIB), 400, "InvalidPart")
    fails(lambda: part(0, 32 * MIB - 1, etag=tree[::-1]), 400, "InvalidDigest")
    fails(lambda: part(0, 32 * MIB - 1, upload=OTHER), 404, "UploadIdNotExists")
    fails(lambda: part(10_000 * 32 * MIB, 10_001 * 32 * MIB - 1), 400, "PartLengthExceed")
    part(32 * MIB, 64 * MIB - 1)
    complete = lambda size, tree: low.complete_multipart_upload(vault.id, id, size, tree)
    fails(lambda: complete(64 * MIB, tree), 400, "InvalidPart")
    part(0, 32 * MIB - 1)
    fails(lambda: complete(32 * MIB, tree), 400, "InvalidPart")
    fails(lambda: complete(64 * MIB, tree), 400, "InvalidDigest")
    low.delete_multipart_upload(vault.id, id)


def test_jobs_that_are_wrong(vault, low, fails):
    fails(lambda: vault.get_job(OTHER), 404, "JobNotExists")
    fails(lambda: vault.retrieve_archive("0" * 128), 404, "ArchiveNotExists")
    fails(lambda: low.create_job(vault.id, "nonsense"), 400, "InvalidArgument")
    fails(lambda: low.create_job(vault.id, "archive-retrieval"), 400, "MissingArgument")
    fails(lambda: low.fetch_job_output(vault.id, OTHER), 404, "JobNotExists")
    fails(lambda: low.list_job(vault.id, limit="abc"), 400, "ParameterIllegal")
    fails(lambda: low.list_job(vault.id, marker="abc"), 400, "InvalidArgument")


@pytest.fixture()
def slow(tmp_path):
    """A server whose jobs take longer than any test."""
    config = tmp_path / "cohong.toml"
    config.write_text("[oas]\njob_delay_s = 600\n", encoding="utf-8")
    slow = Server(COHONG_CONFIG=str(config))
    yield slow
    slow.stop()


def test_a_job_that_is_not_ready(program, Vault, slow, file_of, tmp_path, fails, raises):
    vault = Vault.create_vault(api_of(program, slow), "vault-slow")
    job = vault.retrieve_archive(vault.upload_archive(file_of(3)))
    assert (job.status_code, job.completed) == ("InProgress", False)
    raises(lambda: job.download_to_file(tmp_path / "out", block=False), "DownloadArchiveError")
    low = program.find("oas.ease.api.APIProxy")(api_of(program, slow))
    fails(lambda: low.fetch_job_output(vault.id, job.id), 400, "JobNotReady")
