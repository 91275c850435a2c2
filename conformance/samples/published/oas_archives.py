# coding: utf-8
"""An archive's life with the high-level client, as the vendor's manual has it for Python 2."""

from oas.oas_api import OASAPI
from oas.ease.vault import Vault

api = OASAPI("{{host}}", "{{access key}}", "{{secret key}}", {{port}})

vault = Vault.create_vault(api, "{{vault}}")
archive_id = vault.upload_archive("{{file}}", desc="an archive")
print("archive id: " + archive_id)

job = vault.retrieve_archive(archive_id)
job.download_to_file("{{target}}")
print("status: " + job.status_code)

vault.delete_archive(archive_id)
vault.delete()
