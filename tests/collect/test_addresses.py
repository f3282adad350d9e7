"""Whose address it is, and which events are told it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Misconfigured
from dangol.collect import addresses, sources
from tests.collect.conftest import Client

BROWSER = {"library": {"name": "analytics.js"}}
EVENT: dict[str, Any] = {"type": "track", "event": "Seen", "userId": "u"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("198.51.100.7", "", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.1", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.1", "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.1", "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.9", "10.0.0.0/8", "203.0.113.1"),
        ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "10.0.0.1", "2001:db8::1"),
        ("nobody", "203.0.113.1", "10.0.0.1", ""),
        ("10.0.0.1", "10.0.0.2, " * 40, "10.0.0.0/8", "10.0.0.2"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, trusted: str, found: str) -> None:
    assert addresses.client(peer, forwarded.strip(", "), addresses.networks(trusted)) == found


def test_a_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(Misconfigured, match="trusted_proxies"):
        addresses.networks("10.0.0.0/8, the-proxy")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("198.51.100.77", "198.51.100.0"),
        ("2001:db8:1:2::3", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "198.51.100.0"),
        ("x", ""),
    ],
)
def test_an_address_is_cut_to_its_network(ip: str, network: str) -> None:
    assert addresses.shortened(ip) == network


@pytest.mark.parametrize(
    ("context", "shorten", "kept"),
    [
        (BROWSER, False, "203.0.113.77"),
        (BROWSER, True, "203.0.113.0"),
        ({"direct": True}, False, "203.0.113.77"),
        ({**BROWSER, "ip": "198.51.100.7"}, False, "198.51.100.7"),
        ({**BROWSER, "ip": "198.51.100.7"}, True, "198.51.100.0"),
        ({"library": {"name": "analytics-python"}}, False, None),
        ({"library": "analytics.js"}, False, None),
        ({"ip": 5}, True, 5),
        ({}, False, None),
        (None, True, None),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_events_from_the_visitor_are_told_the_address(client: Client, context: Any, shorten: bool, kept: Any) -> None:
    sources.shorten_ip("site", shorten)
    assert client.send("/v1/track", {**EVENT, "context": context}, authorization=client.basic()).status == 200
    (fact,) = client.facts()
    assert (fact["context"] or {}).get("ip") == kept


@pytest.mark.django_db(transaction=True)
def test_behind_a_proxy_it_is_the_visitors(tmp_path: Path, clock: SetClock) -> None:
    client = Client(tmp_path, clock, trusted_proxies="203.0.113.0/24")
    headers = {"authorization": client.basic(), "x_forwarded_for": "198.51.100.7"}
    client.send("/v1/track", {**EVENT, "context": BROWSER}, **headers)
    client.send("/v1/import", {"batch": [{**EVENT, "context": BROWSER}]}, **headers)
    assert [fact["context"].get("ip") for fact in client.facts()] == ["198.51.100.7", None], "history has its own"
    client.collector.close()
