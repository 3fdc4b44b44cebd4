"""Which network address a request counts for."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from salon.identity.web.address import client_address


def _address(settings: Settings, proxies: int, forwarded: str | None, peer: str = "10.0.0.1") -> str:
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "192.0.2.7", "10.0.0.1"),  # nobody to be trusted: the caller wrote that
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),  # the left part came with the request
        (2, "6.6.6.6, 192.0.2.7, 172.16.0.1", "192.0.2.7"),
        (2, "192.0.2.7", "10.0.0.1"),  # did not pass both proxies
        (1, None, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "unknown", "10.0.0.1"),
        (1, "192.0.2.7, ", "10.0.0.1"),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_only_what_our_proxies_wrote_is_believed(
    settings: Settings, proxies: int, forwarded: str | None, address: str
) -> None:
    assert _address(settings, proxies, forwarded) == address


def test_one_ipv6_connection_is_one_address(settings: Settings) -> None:
    one = _address(settings, 0, None, peer="2001:db8:1:2::1")
    assert one == _address(settings, 0, None, peer="2001:db8:1:2:ffff::9")
    assert one != _address(settings, 0, None, peer="2001:db8:1:3::1")


def test_a_peer_without_address_counts_as_what_it_says(settings: Settings) -> None:
    assert _address(settings, 0, None, peer="") == ""
