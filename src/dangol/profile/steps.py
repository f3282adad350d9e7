"""The customer file.

In: facts with the customer each belongs to, in the order of the log, inside the loop's transaction.
Out: every fact in its customer's history; traits, orders, refunds, consents and figures as they stand now.
Promise: order of arrival does not matter; the same order reported twice is one order; what is kept fact by fact equals
a recount over the whole history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.collect.facts import EVENT_NAMES, Fact
from dangol.identity.rules import Moves
from dangol.profile import consents, figures, file, ledger, predictions, restrictions, rows, topics
from dangol.profile.models import Fact as Row
from dangol.profile.models import Profile

HISTORY_COLUMNS = ("customer_id", "at", "position", "type", "name", "own", "properties", "traits", "context")
JSON_COLUMNS = ("properties", "traits", "context")
HISTORY_ORDER = " ORDER BY customer_id, at, position"
History = tuple[int, int, int, str, str, bool, str, str, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whose files a batch of facts has changed, and how."""

    ordered: set[int]  # orders or refunds did
    same: set[int]  # nothing did: their facts are all our own, and say when nothing that was not known


def record(facts: Sequence[Fact], customer_ids: Sequence[int], identifier_ids: Sequence[int | None]) -> Recorded:
    """Write a batch of facts into the files of their customers."""
    mine = [(f, c, i) for f, c, i in zip(facts, customer_ids, identifier_ids, strict=True) if c]
    rows.insert(mine)
    by_customer: dict[int, list[Fact]] = defaultdict(list)
    for fact, customer, _ in mine:
        by_customer[customer].append(fact)
    currency = _currency()
    profiles = figures.learn(by_customer)
    same = by_customer.keys() - profiles.keys()
    touched = ledger.book([(fact, customer) for fact, customer, _ in mine], currency)
    profiles |= file.read(touched - profiles.keys())  # whose order it was until an earlier report arrived
    ledger.recount(profiles, touched, currency)
    consents.record([placed for placed in mine if placed[0].name == "Consent Changed"])
    topics.record([(fact, customer) for fact, customer, _ in mine if fact.name == topics.CHANGED])
    file.write(profiles.values())
    return Recorded(touched, same)


def _currency() -> str:
    return Shop.objects.values_list("currency", flat=True).first() or ""


def rehome(moves: Moves) -> None:
    """Let every fact follow the identifier it came with, and with the facts all that they add up to.

    A customer who only gained is told the new facts as if they came late; one who lost some is counted anew.
    """
    losers: set[int] = set()
    gained: dict[int, list[Fact]] = defaultdict(list)
    for (before, after), (identifiers, homes) in moves.pairs().items():
        moved = rows.move(before, after, identifiers, homes)
        gained[after] += moved
        losers.add(before)
    ledger.follow(losers)
    topics.follow(losers)
    _rehome_consents(moves, losers)
    profiles = figures.learn({customer: facts for customer, facts in gained.items() if customer not in losers})
    profiles |= figures.relearn(losers - moves.vanished)
    gone = losers - profiles.keys()
    for part in parts(sorted(gone)):
        Profile.objects.filter(pk__in=part).delete()
    predictions.drop(gone | moves.vanished)
    ledger.recount(profiles, profiles, _currency())
    file.write(profiles.values())


def _rehome_consents(moves: Moves, losers: Collection[int]) -> None:
    for before, after in moves.pairs():
        if before in moves.vanished:
            consents.merge(before, after)
    consents.follow(losers)
    consents.rebuild(moves.touched)


def recounted(customer_ids: Collection[int]) -> dict[int, file.File]:
    """The files of these customers, made anew from all their facts, and not saved."""
    fresh = figures.relearn(customer_ids)
    ledger.recount(fresh, fresh, _currency())
    return fresh


def differences(customer_ids: Collection[int]) -> dict[int, list[str]]:
    """Customers whose figures are not what a recount over all their facts gives, and which these are; normally none."""
    stored = file.read(customer_ids)
    fresh = recounted(stored)
    found = {one: figures.unlike(stored[one], fresh[one]) for one in stored if one in fresh}
    return {one: names for one, names in found.items() if names}


# --- reading --------------------------------------------------------------------------------------------------------


def histories(
    customer_ids: Collection[int] | None,
    names: Collection[str] | None = None,
    *,
    since: int | None = None,
    columns: Collection[str] = JSON_COLUMNS,
    ours: bool = True,
) -> Iterator[History]:
    """Facts as raw rows (HISTORY_COLUMNS; `at` in µs, the last three JSON text or ''), by customer and time.

    `customer_ids` None: everybody's. `names` None: all facts; otherwise track facts of these names, and page, screen
    and identify facts where "Page Viewed", "Screen Viewed" or "identify" is among them. `since`: only facts of that
    µs and later. `columns`: which of the JSON_COLUMNS are wanted; the others come as ''. `ours`: also those that we
    wrote ourselves, which of an active customer are more than half.
    """
    where, values = _named(names)
    if not ours:
        where = f"NOT own AND ({where or '1 = 1'})"
    if since is not None:
        where, values = f"at >= %s AND ({where or '1 = 1'})", [since, *values]
    select = _history(frozenset(columns))
    if customer_ids is None:
        with connection.chunked_cursor() as cursor:  # else PostgreSQL's driver takes in all before it gives one
            yield from _rows(cursor, select + (" WHERE " + where if where else "") + HISTORY_ORDER, values)
        return
    for part in parts(sorted(customer_ids)):
        marks = ", ".join(["%s"] * len(part))
        condition = f"customer_id IN ({marks})" + (f" AND ({where})" if where else "")
        yield from _select(f"{select} WHERE {condition}{HISTORY_ORDER}", [*part, *values])


def spans(
    customer: int, between: Sequence[tuple[int, int]], names: Collection[str] | None, columns: Collection[str]
) -> Iterator[History]:
    """One customer's facts of any name, in the same shape, whose µs lie in spans (first excluded, last included).

    The spans are in order and do not meet. JSON (`columns`) comes of facts of these `names` only, as `histories` takes
    them.
    """
    where, values = _named(names)
    wanted = [
        one if one not in JSON_COLUMNS
        else "''" if one not in columns
        else f"CASE WHEN {where} THEN {one} ELSE '' END" if where
        else one
        for one in HISTORY_COLUMNS
    ]  # fmt: skip
    told = [value for one in wanted if one.startswith("CASE") for value in values]
    select = f"SELECT {', '.join(wanted)} FROM profile_fact WHERE customer_id = %s AND at > %s AND at <= %s"  # noqa: S608
    for first, last in between:
        yield from _select(select + HISTORY_ORDER, [*told, customer, first, last])


@lru_cache(maxsize=8)
def _history(wanted: frozenset[str]) -> str:
    columns = [f"'' AS {one}" if one in JSON_COLUMNS and one not in wanted else one for one in HISTORY_COLUMNS]
    return f"SELECT {', '.join(columns)} FROM profile_fact"  # noqa: S608 - constants only


KIND_OF_NAME = {name: kind for kind, name in EVENT_NAMES.items()} | {"identify": "identify"}


def _named(names: Collection[str] | None) -> tuple[str, list[Any]]:
    if names is None:
        return "", []
    kinds = [KIND_OF_NAME[name] for name in names if name in KIND_OF_NAME]
    clauses: list[str] = ["1 = 0"]
    values: list[Any] = []
    if names:
        clauses.append(f"(type = 'track' AND name IN ({', '.join(['%s'] * len(names))}))")
        values += list(names)
    if kinds:
        clauses.append(f"type IN ({', '.join(['%s'] * len(kinds))})")
        values += kinds
    return " OR ".join(clauses), values


def _select(sql: str, values: Sequence[Any]) -> Iterator[History]:
    with connection.cursor() as cursor:
        yield from _rows(cursor, sql, values)


def _rows(cursor: Any, sql: str, values: Sequence[Any]) -> Iterator[History]:
    cursor.execute(sql, values)
    while rows := cursor.fetchmany(5_000):
        yield from rows


def first_seen(customer_ids: Collection[int] | None) -> dict[int, int]:
    """The earliest timestamp of any fact, in µs, of these customers (None: of everybody) who may be used."""
    kept = restrictions.restricted()
    if customer_ids is None:
        rows = Profile.objects.values_list("customer_id", "first_seen_at").iterator(chunk_size=20_000)
        return {customer: to_us(at) for customer, at in rows if customer not in kept}
    found = file.first_seen(customer_ids)
    return {customer: at for customer, at in found.items() if customer not in kept} if kept else found


def timeline(
    customer_id: int, *, before: tuple[datetime, int] | None = None, limit: int = 50, only: str = ""
) -> list[Row]:
    """A customer's facts, newest first; `before` is (at, position) of the last one seen, `only` one of ABOUT."""
    found = Row.objects.filter(customer_id=customer_id).order_by("-at", "-position")
    if only:
        found = found.filter(_about(only))
    if before:
        at, position = before
        found = found.filter(at__lte=at).exclude(at=at, position__gte=position)
    return list(found[:limit])


ABOUT = {  # what a timeline can be narrowed to → the beginnings of the facts' names
    "orders": ("Order ", "Checkout ", "Offer ", "Coupon "),
    "visits": ("Product", "Cart "),
    "messages": ("Message ", "Email ", "Push ", "Unsubscribed"),
    "answers": ("Survey ", "Product Reviewed"),
    "conversations": ("Conversation ", "Live Chat ", "Message Received"),
    "consent": ("Consent ", "Topic "),
    "loop": ("Segment ", "Journey ", "Play "),
    "identity": (),
}
TYPES_ABOUT = {"visits": ("page", "screen"), "identity": ("identify", "alias", "group")}


def _about(what: str) -> Q:
    named = Q(type__in=TYPES_ABOUT.get(what, ()))
    for begin in ABOUT[what]:
        named |= Q(type="track", name__startswith=begin)
    return named


def latest(limit: int = 20, after: int = 0) -> list[Row]:
    """The facts that arrived last, whoever's they are; `after` a position."""
    return list(Row.objects.filter(position__gt=after).order_by("-position")[:limit])


def get(customer_id: int) -> Profile | None:
    """The file of one customer."""
    return Profile.objects.filter(pk=customer_id).first()
