"""The address that the web server listens on, seen from this machine and from the network."""

import contextlib
import errno
import fcntl
import http.client
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from salon.embedded.trouble import StartError

_SIOCGIFADDR = 0x8915  # Linux: the IPv4 address of an interface
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port as given by `HOST` and `PORT`."""

    host: str
    port: int

    @property
    def local_host(self) -> str:
        """Return the host under which this machine itself reaches the server."""
        return _EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        """Return the address to open on this machine."""
        return _url(self.local_host, self.port)

    def network_urls(self) -> list[str]:
        """Return the addresses for other devices; empty unless it listens on every interface."""
        if self.host not in _EVERYWHERE:
            return []
        return [_url(address, self.port) for address in _interface_addresses()]


def read_address(environ: Mapping[str, str]) -> Address:
    """Read `HOST` (default 127.0.0.1) and `PORT` (default 8000).

    Raises: StartError when the port is none.
    """
    text = environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise StartError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return Address(environ.get("HOST") or "127.0.0.1", int(text))


def reserve(address: Address) -> socket.socket:
    """Return a listening socket that keeps others from the port until it is closed.

    Raises: StartError when the port is taken or the host is not ours.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise StartError(f"HOST={address.host} is not an address of this machine ({error.strerror}).") from error
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(target)
        reserved.listen(1)
    except OSError as error:
        reserved.close()
        reasons = {
            errno.EADDRINUSE: f"Port {address.port} is taken by another program: "
            f"end it or choose another, for example PORT={min(address.port + 1, 65535)} make run.",
            errno.EACCES: f"Port {address.port} is reserved for root: choose one above 1023, for example PORT=8000.",
            errno.EADDRNOTAVAIL: f"HOST={address.host} is not an address of this machine.",
        }
        fallback = f"{address.host}:{address.port} cannot be used ({error.strerror})."
        raise StartError(reasons.get(error.errno or 0, fallback)) from error
    return reserved


def is_healthy(address: Address, path: str = "/healthz") -> bool:
    """Return whether the web server answers `path` with 200 within two seconds."""
    connection = http.client.HTTPConnection(address.local_host, address.port, timeout=2.0)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _interface_addresses() -> list[str]:
    """Return this machine's IPv4 addresses but the loopback's, without asking the network."""
    found: list[str] = []
    if sys.platform == "linux":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            for _, name in socket.if_nameindex():
                with contextlib.suppress(OSError):
                    answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                    found.append(socket.inet_ntoa(answer[20:24]))
    else:
        with contextlib.suppress(OSError):
            found = [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [address for address in dict.fromkeys(found) if not address.startswith("127.")]
