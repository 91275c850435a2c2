"""Vaults: made, shown, found and deleted."""

import time

from buckets import named_after
from conftest import api_of


def test_life_of_a_vault(Vault, api, request, fails, file_of):
    name = named_after(request)
    vault = Vault.create_vault(api, name)
    assert (vault.name, vault.number_of_archives, vault.size) == (name, 0, 0)
    assert len(vault.id) == 32 and vault.last_inventory_date is None
    time.strptime(vault.creation_date, "%a, %d %b %Y %H:%M:%S GMT")
    assert Vault.create_vault(api, name).id == vault.id
    assert Vault.get_vault_by_id(api, vault.id).name == name
    assert Vault.get_vault_by_name(api, name).id == vault.id
    archive = vault.upload_archive(file_of(3))
    held = Vault.get_vault_by_id(api, vault.id)
    assert (held.number_of_archives, held.size) == (1, 3)
    fails(vault.delete, 409, "VaultNotEmpty")
    vault.delete_archive(archive)
    vault.delete()
    fails(vault.delete, 404, "VaultNotExists")
    fails(lambda: Vault.get_vault_by_id(api, vault.id), 404, "VaultNotExists")


def test_ten_vaults_and_no_more(Vault, api, fails, raises):
    assert Vault.list_all_vaults(api) == []
    names = [f"vault-{n}" for n in range(10)]
    made = {Vault.create_vault(api, name).id for name in names}
    # The client follows pages to the end.
    listed = Vault.list_all_vaults(api)
    assert {vault.id for vault in listed} == made
    assert sorted(vault.name for vault in listed) == names
    fails(lambda: Vault.create_vault(api, "vault-10"), 403, "TooManyVaults")
    raises(lambda: Vault.get_vault_by_name(api, "vault-10"), "ValueError")
    raises(lambda: Vault.delete_vault_by_name(api, "vault-10"), "ValueError")
    Vault.delete_vault_by_name(api, names[0])
    for vault in Vault.list_all_vaults(api):
        Vault.delete_vault_by_id(api, vault.id)
    assert Vault.list_all_vaults(api) == []


def test_pages_are_as_long_as_asked_for(Vault, api, low):
    made = sorted(Vault.create_vault(api, f"page-{n}").id for n in range(5))
    found, marker = [], ""
    while True:
        page = low.list_vault(marker=marker, limit=2)
        found += [item["VaultId"] for item in page["VaultList"]]
        marker = page["Marker"]
        if not marker:
            break
    assert found == made
    for id in made:
        Vault.delete_vault_by_id(api, id)


def test_names_that_cannot_be_ones(Vault, api, fails):
    for name in ["ab", "Upper", "a.b", "-ab", "ab-", "x" * 64]:
        fails(lambda: Vault.create_vault(api, name), 400, "InvalidVaultName")


def test_nobody_else_comes_in(program, server, Vault, vault, fails):
    wrong = api_of(program, server, "wrong")
    fails(lambda: Vault.list_all_vaults(wrong), 403, "SignatureDoesNotMatch")
    key = server.command("key", "create", "--account", "other")
    OASAPI = program.find("oas.oas_api.OASAPI")
    other = OASAPI(server.host, key["access_key"], key["secret_key"], server.port)
    assert Vault.list_all_vaults(other) == []
    fails(lambda: Vault.get_vault_by_id(other, vault.id), 404, "VaultNotExists")
    nobody = OASAPI(server.host, "nobody", "secret", server.port)
    fails(lambda: Vault.list_all_vaults(nobody), 403, "InvalidAccessKeyId")
