"""A policy pack: what one jurisdiction's law asks of advertising from one day on, as data. Pure.

Packs are dated, so that an amendment is a further pack and not a change: a message of yesterday was judged by
yesterday's law, and tomorrow's can be written down today.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from dangol.base.months import months_later


@dataclass(frozen=True, slots=True)
class Term:
    """How far a consent goes that nobody gave in words."""

    channels: frozenset[str]
    months: int | None = None  # after which it is over; empty: it has no end of its own
    refusal_offered: bool = False  # only where the customer could refuse when the address was taken


@dataclass(frozen=True, slots=True)
class Night:
    """Hours in which advertising must not arrive."""

    channels: frozenset[str]
    begins: time  # itself night
    ends: time  # itself day
    consent_lifts: bool  # whether a consent of its own (purpose `night`) allows it


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's law from one day on."""

    key: str  # jurisdiction and the day from which it is in force
    since: date
    law: Mapping[str, str]  # the statutes by language of the console
    countries: frozenset[str]  # ISO 3166
    zone: ZoneInfo | None = None  # where the whole country has one clock
    implied: Mapping[str, Term] = field(default_factory=dict)  # basis → how far it goes
    nights: tuple[Night, ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)  # channel → what an advertisement begins with
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # channel → what it must say of its sender
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # channel → in which it must say so
    opt_out_days: int | None = None  # within which a refusal must have taken effect; ours does at once
    result_days: int | None = None  # within which the customer is told what came of a word on consent
    reconfirm_years: int | None = None  # how often a customer is told that they agreed
    written: frozenset[str] = frozenset()  # channels on which only a consent given in words counts


REFUSALS = frozenset({"refusal", "free_refusal"})  # the way Dangol offers costs nothing, so it is both
# Bases that stand for a consent nobody gave in words. Every other basis is an explicit one.
IMPLIED = frozenset({"kr_existing_trade", "soft_opt_in", "casl_purchase", "casl_inquiry"})


def basis_fault(
    pack: Pack, channel: str, basis: str, since: datetime | None, offered: bool, now: datetime, zone: tzinfo
) -> str:
    """Why a consent on this basis does not carry under this law; empty where it does.

    `since` is when the term began to count: the end of the trade, the purchase, the inquiry.
    """
    if basis not in IMPLIED:
        return ""
    term = pack.implied.get(basis)
    if term is None or channel not in term.channels or channel in pack.written:
        return "consent_basis"
    if term.refusal_offered and not offered:
        return "refusal_not_offered"
    if term.months is not None and (since is None or now >= months_later(since, term.months, zone)):
        return "consent_over"
    return ""


def nights_of(pack: Pack, channel: str, agreed: bool) -> list[Night]:
    """The nights that hold on this channel for a customer who agreed to messages at night, or did not."""
    return [night for night in pack.nights if channel in night.channels and not (night.consent_lifts and agreed)]


def clocks(pack: Pack, recipient: Collection[str], zones: Sequence[tzinfo]) -> Sequence[tzinfo]:
    """The clocks that count for the night: the country's own where the customer lives in it, else those that may be the
    customer's.
    """
    return (pack.zone,) if pack.zone is not None and set(recipient) & pack.countries else zones
