"""Jobs: archives and inventories retrieved, whole, in ranges and after an interruption; objects pulled and pushed."""

import time

from conftest import MIB, api_of, content, finished, inventory
from vendor import Process

HOST = "oss-cn-hangzhou-internal.aliyuncs.com"


def test_an_archive_comes_back(vault, file_of, tmp_path):
    path = file_of(5 * MIB + 3)
    id = vault.upload_archive(path, desc="d")
    job = finished(vault.retrieve_archive(id, desc="why"))
    assert (job.action, job.status_code, job.description) == ("ArchiveRetrieval", "Succeeded", "why")
    assert (job.archive_id, job.archive_size, job.job_range) == (id, 5 * MIB + 3, f"0-{5 * MIB + 2}")
    assert job.tree_etag == job.etag
    out = tmp_path / "out"
    job.download_to_file(out)
    assert out.read_bytes() == path.read_bytes()
    assert vault.get_job(job.id).status_code == "Succeeded"
    assert job.id in [found.id for found in vault.list_all_jobs()]
    assert not (tmp_path / "out.oas").exists()


def test_a_range_comes_back(program, vault, file_of, tmp_path, fails):
    id = vault.upload_archive(file_of(6 * MIB))
    whole = content(6 * MIB)
    job = finished(vault.retrieve_archive(id, byte_range=(2 * MIB, 4 * MIB - 1)))
    out = tmp_path / "out"
    job.download_to_file(out)
    assert out.read_bytes() == whole[2 * MIB : 4 * MIB]
    # Ranges count from the beginning of the job's.
    part = tmp_path / "part"
    job.download_by_range((MIB, 2 * MIB - 1), file_path=part)
    assert part.read_bytes() == whole[3 * MIB : 4 * MIB]
    file = program.find("__builtin__.open")(tmp_path / "object", "wb+")
    job.download_by_range((0, MIB - 1), file_obj=file)
    file.close()
    assert (tmp_path / "object").read_bytes() == whole[2 * MIB : 3 * MIB]
    fails(lambda: job.download_by_range((1, MIB), file_path=part), 416, "InvalidRange")
    fails(lambda: job.download_by_range((0, 3 * MIB - 1), file_path=part), 416, "InvalidRange")
    # Not a node of the tree: nothing to compare with, and the bytes come all the same.
    odd = finished(vault.retrieve_archive(id, byte_range=(MIB, 3 * MIB - 1)))
    assert odd.tree_etag is None
    odd.download_to_file(out)
    assert out.read_bytes() == whole[MIB : 3 * MIB]
    fails(lambda: vault.retrieve_archive(id, byte_range=(1, MIB)), 400, "InvalidArgument")


def test_a_program_dies_in_a_download_and_another_goes_on(server, vault, file_of, tmp_path):
    """The vendor's client keeps a list of finished ranges and empties the file all the same, so what the first program
    had brought is zeros in the end; that is the client's. What the second one brings is right."""
    size = 3 * 32 * MIB
    whole = file_of(size).read_bytes()
    id = vault.upload_archive(tmp_path / "file")
    job = finished(vault.retrieve_archive(id))
    out, progress = tmp_path / "out", tmp_path / "out.oas"
    first = Process()
    theirs = first.find("oas.ease.vault.Vault").get_vault_by_id(api_of(first, server), vault.id).get_job(job.id)
    theirs.NumberThread = 1
    theirs.download_to_file.begin(out)
    end = time.monotonic() + 60
    while not (progress.exists() and progress.read_text().endswith("\n")):
        assert time.monotonic() < end, "no range comes"
        time.sleep(0.02)
    first.kill()
    known = [whole[at : at + 32 * MIB] == out.read_bytes()[at : at + 32 * MIB] for at in range(0, size, 32 * MIB)]
    assert any(known) and not all(known)
    job.download_to_file(out)
    found = out.read_bytes()
    assert len(found) == size and not progress.exists()
    for at, before in zip(range(0, size, 32 * MIB), known):
        if not before:
            assert found[at : at + 32 * MIB] == whole[at : at + 32 * MIB]


def test_an_inventory(vault, file_of):
    ids = {vault.upload_archive(file_of(size), desc=f"of {size}"): size for size in (1, 2, MIB + 1)}
    told = inventory(vault)
    assert told["VaultId"] == vault.id
    time.strptime(told["InventoryDate"], "%a, %d %b %Y %H:%M:%S GMT")
    found = {line["ArchiveId"]: (line["SizeInBytes"], line["ArchiveDescription"]) for line in told["ArchiveList"]}
    assert found == {id: (size, f"of {size}") for id, size in ids.items()}
    job = finished(vault.retrieve_inventory())
    assert job.action == "InventoryRetrieval" and job.inventory_size > 0


def test_an_object_is_pulled(vault, bucket, tmp_path, raises):
    body = content(3 * MIB + 7)
    bucket.put_object("folder/a b", body)
    job = finished(vault.pull_from_oss(HOST, bucket.bucket_name, "folder/a b", desc="from there"))
    assert (job.action, job.status_code) == ("PullFromOSS", "Succeeded"), job.status_message
    raises(lambda: job.download_to_file(tmp_path / "out"), "DownloadArchiveError")
    retrieved = finished(vault.retrieve_archive(job.archive_id))
    retrieved.download_to_file(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == body


def test_an_archive_is_pushed(vault, bucket, file_of):
    path = file_of(2 * MIB + 1)
    id = vault.upload_archive(path)
    bucket.put_object("there", b"older")
    job = finished(vault.push_to_oss(id, HOST, bucket.bucket_name, "there"))
    assert (job.action, job.status_code) == ("PushToOSS", "Succeeded"), job.status_message
    assert bucket.get_object("there").read() == path.read_bytes()


def test_a_pull_of_nothing_fails(vault, bucket):
    job = finished(vault.pull_from_oss(HOST, bucket.bucket_name, "none"))
    assert job.status_code == "Failed" and job.status_message


def test_what_a_job_made_outlives_the_archive(vault, file_of, tmp_path):
    path = file_of(MIB + 1)
    id = vault.upload_archive(path)
    job = finished(vault.retrieve_archive(id))
    vault.delete_archive(id)
    job.download_to_file(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == path.read_bytes()
