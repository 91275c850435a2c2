"""Clients of the vendor's Python SDK `tos`, pointed at the server under test."""

import tos

# Any of the vendor's own endpoints: the client sends absolute-form requests to its proxy, which is the
# server under test, so no name is ever resolved and nothing leaves the machine.
ENDPOINT = "http://tos-cn-beijing.volces.com"
REGION = "cn-beijing"


def client(server, access_key=None, secret_key=None, **options):
    """A client with the root key, or another."""
    return tos.TosClientV2(
        server.access_key if access_key is None else access_key,
        server.secret_key if secret_key is None else secret_key,
        ENDPOINT,
        REGION,
        proxy_host=server.host,
        proxy_port=server.port,
        max_retry_count=options.pop("max_retry_count", 0),
        **options,
    )


def anonymous(server):
    """A client that signs nothing."""
    return client(server, "", "")


def stranger(server, account, **options):
    """A client of another account."""
    key = server.command("key", "create", "--account", account)
    return client(server, key["access_key"], key["secret_key"], **options)
