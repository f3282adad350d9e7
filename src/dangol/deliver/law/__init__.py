"""The law of advertising, one module per jurisdiction; which packs hold for a message on a day. Pure.

A message stands under the law of every country that it touches: the customer's, as a trait, the address or the
telephone number tells it, and the shop's. What one of them forbids is forbidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from dangol.deliver.law import america, canada, europe, house, japan, korea
from dangol.deliver.law.pack import REFUSALS, Pack

PACKS: tuple[Pack, ...] = (*korea.PACKS, *europe.PACKS, *america.PACKS, *canada.PACKS, *japan.PACKS)
BY_KEY = {pack.key: pack for pack in PACKS}


def in_force(countries: Collection[str], on: date) -> tuple[Pack, ...]:
    """The packs that hold in any of these countries on this day: of each law the newest that has begun."""
    newest: dict[frozenset[str], Pack] = {}
    for pack in PACKS:  # the packs of one law follow each other in time
        if pack.since <= on and pack.countries & set(countries):
            newest[pack.countries] = pack
    return tuple(newest.values())


@dataclass(frozen=True, slots=True)
class Demands:
    """What a message carries beside its own words, on its channel."""

    label: str = ""  # what it begins with
    says: tuple[str, ...] = ()  # what it tells of its sender and of refusing: words of Pack.shows
    languages: tuple[str, ...] = ()  # in which it tells that; none: the reader's own


OPEN = frozenset().union(*(pack.countries for pack in PACKS if pack.nights and pack.zone is None))
NOTHING = Demands()


def demands(packs: Iterable[Pack], channel: str) -> Demands:
    """What all these laws together, and Dangol itself, want of an advertisement on this channel."""
    theirs = tuple(packs)
    return Demands(
        label=next((pack.label[channel] for pack in theirs if channel in pack.label), ""),
        says=_once((pack.shows.get(channel, ()) for pack in theirs), house.SHOWS.get(channel, ())),
        languages=_once((pack.languages.get(channel, ()) for pack in theirs), ()),
    )


def lacking(pack: Pack, channel: str, told: Collection[str]) -> tuple[str, ...]:
    """What this law wants an advertisement to say of its sender, and the shop has not told."""
    return tuple(what for what in pack.shows.get(channel, ()) if what not in REFUSALS and what not in told)


def own_business(channel: str) -> Demands:
    """What a message about the customer's own business carries: who sends it, where the channel has room for that."""
    return Demands(says=tuple(what for what in house.SHOWS.get(channel, ()) if what != "refusal"))


def _once(told: Iterable[tuple[str, ...]], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(what for those in (*told, more) for what in those))
