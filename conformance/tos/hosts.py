"""A pytest plugin: connections to the vendor's hosts lead to the server under test, as an entry in the machine's table
of hosts would make them."""

import os
import socket
import urllib.parse

_SERVER = urllib.parse.urlsplit(os.environ["http_proxy"])
_connection = socket.create_connection


def _create_connection(address, *args, **options):
    if address[0].endswith(".volces.com"):
        address = (_SERVER.hostname, _SERVER.port)
    return _connection(address, *args, **options)


socket.create_connection = _create_connection
