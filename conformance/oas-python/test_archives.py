"""Archives: in one body and in parts, cut off and gone on with."""

import time

from conftest import MIB, api_of, inventory
from vendor import Process


def lines(vault):
    return {line["ArchiveId"]: line for line in inventory(vault)["ArchiveList"]}


def test_archives_in_one_body(program, vault, low, file_of, fails, raises):
    tree = program.find("oas.ease.utils.compute_tree_etag_from_file")
    # Ids out of JSON are Unicode, and the client cannot put other text beside such a one: its command makes bytes of them.
    vault.id = vault.id
    for size, desc in [(1, None), (MIB, "one"), (5 * MIB + 3, "归档 + 'b' \"c\"")]:
        path = file_of(size)
        id = vault.upload_archive(path, desc=desc)
        assert len(id) == 128 and id.isalnum()
        line = lines(vault)[id]
        assert (line["SizeInBytes"], line["ArchiveDescription"]) == (size, desc or "")
        assert line["ArchiveTreeEtag"] == tree(path)
        meta = low.head_archive(vault.id, id)
        assert meta["ArchiveSizeInBytes"] == size
        assert meta["ArchiveTreeEtag"] == tree(path)
        vault.delete_archive(id)
        fails(lambda: vault.delete_archive(id), 404, "ArchiveNotExists")
    raises(lambda: vault.upload_archive(file_of(0)), "ValueError")
    assert lines(vault) == {}


def test_an_upload_in_parts(program, vault, file_of, fails):
    tree = program.find("oas.ease.utils.compute_tree_etag_from_file")
    path = file_of(2 * 64 * MIB + 3 * MIB + 5)
    uploader = vault.initiate_uploader(path, desc="in parts")
    assert (uploader.part_size, uploader.size_completed) == (64 * MIB, 0)
    assert [found.id for found in vault.list_all_multipart_uploads()] == [uploader.id]
    id = uploader.start()
    assert uploader.size_completed == path.stat().st_size
    line = lines(vault)[id]
    assert line["ArchiveTreeEtag"] == tree(path)
    assert line["SizeInBytes"] == path.stat().st_size
    assert vault.list_all_multipart_uploads() == []
    fails(lambda: vault.recover_uploader(uploader.id), 404, "UploadIdNotExists")


def test_upload_chooses_parts_above_the_threshold(vault, file_of):
    path = file_of(64 * MIB + 1)
    id = vault.upload_archive(path, desc="by itself")
    assert lines(vault)[id]["SizeInBytes"] == path.stat().st_size


def test_a_program_dies_in_an_upload_and_another_goes_on(server, vault, Vault, low, program, file_of, raises):
    path = file_of(3 * 64 * MIB)
    first = Process()
    theirs = first.find("oas.ease.vault.Vault").get_vault_by_id(api_of(first, server), vault.id)
    uploader = theirs.initiate_uploader(path, desc="cut off")
    id = uploader.id
    # One part at a time, so that it dies between the first and the last.
    uploader.NumberThread = 1
    uploader.start.begin()
    end = time.monotonic() + 60
    while not low.list_parts(vault.id, id)["Parts"]:
        assert time.monotonic() < end, "no part comes"
        time.sleep(0.02)
    first.kill()
    there = len(low.list_parts(vault.id, id)["Parts"])
    assert 1 <= there < 3
    # Another file is not taken for it.
    other = file_of(3 * 64 * MIB, name="other", seed=8)
    raises(lambda: vault.recover_uploader(id).resume(other), "HashDoesNotMatchError")
    archive = vault.recover_uploader(id).resume(path)
    tree = program.find("oas.ease.utils.compute_tree_etag_from_file")
    assert lines(vault)[archive]["ArchiveTreeEtag"] == tree(path)


def test_an_upload_is_given_up(vault, file_of, fails, raises):
    path = file_of(64 * MIB)
    uploader = vault.initiate_uploader(path)
    uploader.cancel()
    fails(uploader.cancel, 404, "UploadIdNotExists")
    # No part is stored, and the client says so.
    raises(uploader.start, "UploadArchiveError")
    raises(lambda: vault.initiate_uploader(file_of(MIB, name="small")), "ValueError")


def test_parts_of_the_command_line(program, vault, low, file_of):
    """The vendor's command writes parts of any multiple of 32 MiB and sends the tree of the parts' trees."""
    of_range = program.find("oas.ease.utils.compute_hash_from_file")
    combined = program.find("oas.ease.utils.compute_combine_tree_etag_from_list")
    size, part = 192 * MIB + 7, 96 * MIB
    path = file_of(size)
    upload = low.create_multipart_upload(vault.id, part, "by ranges")["x-oas-multipart-upload-id"]
    open = program.find("__builtin__.open")
    trees = []
    for first in range(0, size, part):
        last = min(first + part, size) - 1
        etag, tree = of_range(path, first, last + 1 - first)
        reader = open(path)
        reader.seek(first)
        low.post_multipart_from_reader(vault.id, upload, reader, last + 1 - first, f"{first}-{last}", etag, tree)
        trees.append(tree)
    _, whole = of_range(path)
    assert combined(trees) != whole, "else this shows nothing"
    done = low.complete_multipart_upload(vault.id, upload, size, combined(trees))
    assert lines(vault)[done["x-oas-archive-id"]]["ArchiveTreeEtag"] == whole
