"""Addresses that must not be written to: one normal form of an address, kept as a keyed hash.

In: a channel and an address, however it is written. Out: what keeps us from writing to it.
Promise: an address is suppressed in whatever form it is written later: capitals, blanks, a domain in its own letters or
in ASCII.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from dangol.base.parts import parts
from dangol.deliver import rules
from dangol.deliver.models import Suppression
from dangol.deliver.rules import Suppressed

Place = tuple[str, str]  # channel, address


def normal(channel: str, address: str) -> str:
    """The one form that an address is hashed in: as the channel takes it, in small letters."""
    return (rules.usable_address(channel, address) or address).strip().lower()


def address_hash(channel: str, address: str) -> str:
    """A keyed hash: tells whether an address is suppressed without naming anybody, also after erasure."""
    return _hashed(settings.DANGOL.secret, channel, normal(channel, address))


def hashes(channel: str, address: str) -> tuple[str, ...]:
    """Every hash that an address may be kept under, the one it is kept under now first.

    Rows that were written before there was one form hold whatever form they were told, and a hash cannot be turned back
    into an address to be made anew: so an address with a domain of other letters is asked for in both its forms.
    """
    secret = settings.DANGOL.secret
    return tuple(_hashed(secret, channel, form) for form in forms(channel, address))


def forms(channel: str, address: str) -> tuple[str, ...]:
    """How one address may be written in a customer's file, the normal form first."""
    first = normal(channel, address)
    found = (first, address.strip().lower(), _lettered(first))
    return tuple(dict.fromkeys(found))


def _lettered(address: str) -> str:
    """An address whose domain is in ASCII with its domain in its own letters."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    try:
        return f"{local}{at}{domain.encode().decode('idna')}"
    except UnicodeError:
        return address


def _hashed(secret: bytes, channel: str, form: str) -> str:
    told = f"suppression:{channel}:{form}".encode()
    return hmac.digest(secret, told, "sha256").hex()


def of(places: Iterable[Place]) -> dict[Place, tuple[Suppressed, ...]]:
    """What keeps us from writing to each of these; places that nothing does are missing."""
    asked: dict[str, set[Place]] = defaultdict(set)  # two customers may write one address in two ways
    secret = settings.DANGOL.secret
    for channel, address in places:
        for form in forms(channel, address) if address else ():
            asked[_hashed(secret, channel, form)].add((channel, address))
    found: dict[Place, list[Suppressed]] = defaultdict(list)
    for part in parts(sorted(asked)):
        for row in Suppression.objects.filter(address_hash__in=part):
            for place in asked[row.address_hash]:
                found[place].append(Suppressed(row.purpose, row.reason, row.created_at, row.expires_at))
    return {place: tuple(rows) for place, rows in found.items()}


def suppress(channel: str, address: str, purpose: str, reason: str, at: datetime) -> None:
    """Never write to this address again, for this purpose. A second reason does not replace the first, unless that was
    a rest that ends by itself; a newer unsubscription renews itself.
    """
    place = {"channel": channel, "address_hash": address_hash(channel, address), "purpose": purpose}
    row, created = Suppression.objects.get_or_create(**place, defaults={"reason": reason, "created_at": at})
    if not created and (row.reason in {"unsubscribe", reason} or row.expires_at is not None):
        row.reason, row.created_at, row.expires_at = reason, max(row.created_at, at), None
        row.save()
