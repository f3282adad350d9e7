"""The law of advertising, one module per jurisdiction; which packs hold for a message on a day. Pure.

A message stands under the law of every country that it touches: the customer's, as a trait, the address or the
telephone number tells it, and the shop's. What one of them forbids is forbidden.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from dangol.deliver.law import america, canada, europe, japan, korea
from dangol.deliver.law.pack import Pack

PACKS: tuple[Pack, ...] = (*korea.PACKS, *europe.PACKS, *america.PACKS, *canada.PACKS, *japan.PACKS)
BY_KEY = {pack.key: pack for pack in PACKS}


def in_force(countries: Collection[str], on: date) -> tuple[Pack, ...]:
    """The packs that hold in any of these countries on this day: of each law the newest that has begun."""
    newest: dict[frozenset[str], Pack] = {}
    for pack in PACKS:  # the packs of one law follow each other in time
        if pack.since <= on and pack.countries & set(countries):
            newest[pack.countries] = pack
    return tuple(newest.values())


def label(countries: Collection[str], channel: str, on: date) -> str:
    """What an advertisement on this channel must begin with; empty where no law wants a label."""
    return next((pack.label[channel] for pack in in_force(countries, on) if channel in pack.label), "")


def wanted(countries: Collection[str], channel: str, on: date) -> tuple[str, ...]:
    """What a message must say of its sender under all these laws together, in the order of the packs."""
    return tuple(dict.fromkeys(what for pack in in_force(countries, on) for what in pack.shows.get(channel, ())))
