"""Who the shop is, as its messages must say, and what it has not told yet. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dangol.base.models import Shop
from dangol.deliver import law
from dangol.deliver.law.pack import Pack
from dangol.deliver.legal import Sender
from dangol.deliver.rules import UNASKED


@dataclass(frozen=True, slots=True)
class Lacking:
    """Advertising on a channel that waits, because a law wants it to say what the shop has not told."""

    pack: Pack
    channel: str
    what: tuple[str, ...]  # words of Pack.shows
    own: bool  # whether it is the law of the shop's own country


def sender(shop: Shop) -> Sender:
    """The shop, as its messages name it."""
    return Sender(shop.sender_name or shop.name, shop.sender_email, shop.phone, shop.postal_address)


def lacking(now: datetime, channels: Collection[str] = UNASKED) -> list[Lacking]:
    """What every law in force lacks on these channels, the shop's own law first."""
    shop = Shop.objects.get()
    given, today, own = sender(shop).given(), now.astimezone(shop.zone).date(), shop.country.upper()
    everywhere = frozenset().union(*(pack.countries for pack in law.PACKS))
    found = [
        Lacking(pack, channel, what, own in pack.countries)
        for pack in law.in_force(everywhere, today)
        for channel in sorted(channels)
        if (what := law.lacking(pack, channel, given))
    ]
    return sorted(found, key=lambda one: not one.own)
