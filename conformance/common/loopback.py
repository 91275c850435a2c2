"""A pytest plugin: nothing leaves the machine. Names other than localhost are not resolved, other
addresses than loopback are not connected to; both fail at once, as on a machine without a network.

Where `LOOPBACK_DOMAIN` names a domain, all hosts below it are this machine: their ports 80 and 443 are those that
`LOOPBACK_HTTP` and `LOOPBACK_HTTPS` name."""

import ipaddress
import os
import socket

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_lookup, _lookup_one = socket.getaddrinfo, socket.gethostbyname


DOMAIN = os.getenv("LOOPBACK_DOMAIN")
PORTS = [int(os.getenv(name, "0")) for name in ("LOOPBACK_HTTP", "LOOPBACK_HTTPS")]


def _is_served(host):
    host = host.decode() if isinstance(host, bytes) else host
    return bool(DOMAIN and host and (host == DOMAIN or host.endswith("." + DOMAIN)))


def _is_here(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "", None)


def _checked(host):
    host = host.decode() if isinstance(host, bytes) else host
    if not _is_here(host):
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not on this machine")


def _is_allowed(sock, address):
    return sock.family not in (socket.AF_INET, socket.AF_INET6) or _is_here(address[0])


def _getaddrinfo(host, port=None, *args, **options):
    if _is_served(host):
        port = {80: PORTS[0], 443: PORTS[1]}.get(port, port)
        return _lookup("127.0.0.1", port, *args, **options)
    _checked(host)
    return _lookup(host, port, *args, **options)


def _gethostbyname(host):
    _checked(host)
    return _lookup_one(host)


class _Socket:
    def connect(self, address):
        if not _is_allowed(self, address):
            raise ConnectionRefusedError(f"{address} is not on this machine")
        return _connect(self, address)

    def connect_ex(self, address):
        return _connect_ex(self, address) if _is_allowed(self, address) else 111


socket.getaddrinfo, socket.gethostbyname = _getaddrinfo, _gethostbyname
socket.socket.connect, socket.socket.connect_ex = _Socket.connect, _Socket.connect_ex
