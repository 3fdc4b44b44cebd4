"""Where a request comes from, as far as that can be believed."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_IPV6_HOUSEHOLD = 64


def client_address(request: HttpRequest) -> str:
    """Return the network address that throttles count: the one that the outermost of our own proxies saw.

    Each of `TRUSTED_PROXIES` appends to X-Forwarded-For whom it was called by; what stands further left was sent along
    by the caller and proves nothing. A header shorter than that did not pass our proxies: then the peer itself counts.
    An IPv6 address counts as its /64, which is what one connection is given.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies and len(passed) >= proxies:
        return _normal(passed[-proxies]) or _normal(peer) or peer
    return _normal(peer) or peer


def _normal(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), _IPV6_HOUSEHOLD), strict=False))
    return str(address)
