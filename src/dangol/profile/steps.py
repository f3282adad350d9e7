"""The customer file.

In: facts with the customer each belongs to, in the order of the log, inside the loop's transaction.
Out: every fact in its customer's history; traits, orders, refunds and consents as they stand now.
Promise: order of arrival does not matter; the same order reported twice is one order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity.rules import Merged
from dangol.profile import ledger, rules
from dangol.profile.models import Consent, Profile
from dangol.profile.models import Fact as Row

AT_ONCE = 300

HISTORY_COLUMNS = ("customer_id", "at", "position", "type", "name", "own", "properties", "traits", "context")
HISTORY = f"SELECT {', '.join(HISTORY_COLUMNS)} FROM profile_fact"  # noqa: S608 - constants only
HISTORY_ORDER = " ORDER BY customer_id, at, position"
History = tuple[int, int, int, str, str, bool, str, str, str]


def record(facts: Sequence[Fact], customer_ids: Sequence[int], identifier_ids: Sequence[int | None]) -> None:
    """Write a batch of facts into the files of their customers."""
    mine = [(f, c, i) for f, c, i in zip(facts, customer_ids, identifier_ids, strict=True) if c]
    Row.objects.bulk_create([_row(fact, customer, identifier) for fact, customer, identifier in mine])
    by_customer: dict[int, list[Fact]] = defaultdict(list)
    for fact, customer, _ in mine:
        by_customer[customer].append(fact)
    profiles = _profiles(by_customer)
    money = ledger.book(mine, _currency())
    ledger.recount(profiles, money)
    _consents([(fact, customer) for fact, customer, _ in mine if fact.name == "Consent Changed"])
    _save(profiles.values())


def _currency() -> str:
    return Shop.objects.values_list("currency", flat=True).first() or ""


def _row(fact: Fact, customer: int, identifier: int | None) -> Row:
    return Row(
        customer_id=customer, at=fact.at, position=fact.position, type=fact.type, name=fact.name, source=fact.source,
        message_id=fact.message_id, received_at=fact.received_at, own=fact.own, imported=fact.imported,
        identifier_id=identifier, properties=_json(fact.properties), traits=_json(fact.traits),
        context=_json(fact.context),
    )  # fmt: skip


def _json(value: Mapping[str, object]) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def _profiles(by_customer: Mapping[int, Sequence[Fact]]) -> dict[int, Profile]:
    found = {p.customer_id: p for part in parts(sorted(by_customer)) for p in Profile.objects.filter(pk__in=part)}
    for customer, facts in by_customer.items():
        profile = found.get(customer) or Profile(
            customer_id=customer, first_seen_at=facts[0].at, last_seen_at=facts[0].at
        )
        found[customer] = profile
        for fact in facts:
            _learn(profile, fact)
    return found


def _learn(profile: Profile, fact: Fact) -> None:
    profile.first_seen_at = min(profile.first_seen_at, fact.at)
    if not fact.own:
        profile.last_seen_at = max(profile.last_seen_at, fact.at)
    if fact.type == "identify":
        rules.with_traits(profile.traits, profile.trait_versions, fact.traits, (to_us(fact.at), fact.position))
    if fact.user_id:
        profile.user_id = fact.user_id[:300]
    _show(profile, fact)


def _show(profile: Profile, fact: Fact) -> None:
    traits = profile.traits
    for kind, value in fact.identifiers:
        if kind == "email":
            profile.email = value
        elif kind == "phone":
            profile.phone = value
    email = traits.get("email")
    if isinstance(email, str) and "@" in email:
        profile.email = email.strip().lower()[:254]
    profile.name = rules.display_name(traits)
    profile.language = rules.language(traits, fact.context if not fact.own else {}) or profile.language


def _save(profiles: Iterable[Profile]) -> None:
    names = [field.name for field in Profile._meta.concrete_fields if not field.primary_key]
    Profile.objects.bulk_create(
        profiles, update_conflicts=True, unique_fields=["customer_id"], update_fields=names, batch_size=AT_ONCE
    )


def _consents(facts: Sequence[tuple[Fact, int]]) -> None:
    for fact, customer in facts:
        told = rules.consent_of(fact)
        if told is None:
            continue
        place: dict[str, Any] = {"customer_id": customer, "channel": told.channel, "purpose": told.purpose}
        row = Consent.objects.filter(**place).first()
        if row and fact.imported and rules.STRICTNESS[row.state] > rules.STRICTNESS[told.state]:
            continue  # a list from elsewhere, often without a date, cannot take back a refusal made here
        if row is None or (row.at, row.position) <= (fact.at, fact.position):
            values = {
                "state": told.state, "basis": told.basis, "evidence": told.evidence,
                "at": fact.at, "position": fact.position, "source": fact.source,
            }  # fmt: skip
            Consent.objects.update_or_create(**place, defaults=values)


def merge(merges: Sequence[Merged]) -> None:
    """Move everything of absorbed customers to those they were found to be."""
    for merged in merges:
        Row.objects.filter(customer_id=merged.absorbed).update(customer_id=merged.survivor)
        ledger.move(merged.absorbed, merged.survivor)
        _merge_consents(merged)
        _merge_profiles(merged)


def _merge_consents(merged: Merged) -> None:
    kept = {(c.channel, c.purpose): c for c in Consent.objects.filter(customer_id=merged.survivor)}
    for row in Consent.objects.filter(customer_id=merged.absorbed):
        other = kept.get((row.channel, row.purpose))
        if other and rules.STRICTNESS[other.state] >= rules.STRICTNESS[row.state]:
            row.delete()
            continue
        if other:
            other.delete()
        Consent.objects.filter(pk=row.pk).update(customer_id=merged.survivor)


def _merge_profiles(merged: Merged) -> None:
    absorbed = Profile.objects.filter(pk=merged.absorbed).first()
    if absorbed is None:
        return
    survivor = Profile.objects.filter(pk=merged.survivor).first() or Profile(
        customer_id=merged.survivor, first_seen_at=absorbed.first_seen_at, last_seen_at=absorbed.last_seen_at
    )
    survivor.first_seen_at = min(survivor.first_seen_at, absorbed.first_seen_at)
    survivor.last_seen_at = max(survivor.last_seen_at, absorbed.last_seen_at)
    for key, version in absorbed.trait_versions.items():
        value = absorbed.traits.get(key)
        rules.with_traits(survivor.traits, survivor.trait_versions, {key: value}, (version[0], version[1]))
    for name in ("email", "phone", "language", "user_id"):
        setattr(survivor, name, getattr(survivor, name) or getattr(absorbed, name))
    survivor.name = rules.display_name(survivor.traits)
    ledger.recount({survivor.customer_id: survivor}, {survivor.customer_id})
    absorbed.delete()
    _save([survivor])


# --- reading --------------------------------------------------------------------------------------------------------


def histories(customer_ids: Collection[int] | None, names: Collection[str] | None = None) -> Iterator[History]:
    """Facts as raw rows (HISTORY_COLUMNS; `at` in µs, the last three JSON text or ''), by customer and time.

    `customer_ids` None: everybody's. `names` None: all facts; otherwise track facts of these names, and page, screen
    and identify facts where "Page Viewed", "Screen Viewed" or "identify" is among them.
    """
    where, values = _named(names)
    if customer_ids is None:
        yield from _select(HISTORY + (" WHERE " + where if where else "") + HISTORY_ORDER, values)
        return
    for part in parts(sorted(customer_ids)):
        marks = ", ".join(["%s"] * len(part))
        condition = f"customer_id IN ({marks})" + (f" AND ({where})" if where else "")
        yield from _select(f"{HISTORY} WHERE {condition}{HISTORY_ORDER}", [*part, *values])


KIND_OF_NAME = {"Page Viewed": "page", "Screen Viewed": "screen", "identify": "identify"}


def _named(names: Collection[str] | None) -> tuple[str, list[str]]:
    if names is None:
        return "", []
    kinds = [KIND_OF_NAME[name] for name in names if name in KIND_OF_NAME]
    clauses: list[str] = ["1 = 0"]
    values: list[str] = []
    if names:
        clauses.append(f"(type = 'track' AND name IN ({', '.join(['%s'] * len(names))}))")
        values += list(names)
    if kinds:
        clauses.append(f"type IN ({', '.join(['%s'] * len(kinds))})")
        values += kinds
    return " OR ".join(clauses), values


def _select(sql: str, values: Sequence[Any]) -> Iterator[History]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(5_000):
            yield from rows


def first_seen(customer_ids: Collection[int] | None) -> dict[int, int]:
    """The earliest timestamp of any fact, in µs, of these customers (None: of everybody)."""
    if customer_ids is None:
        rows = Profile.objects.values_list("customer_id", "first_seen_at")
        return {customer: to_us(at) for customer, at in rows}
    return {
        customer: to_us(at)
        for part in parts(sorted(customer_ids))
        for customer, at in Profile.objects.filter(pk__in=part).values_list("customer_id", "first_seen_at")
    }


def timeline(customer_id: int, *, before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Row]:
    """A customer's facts, newest first; `before` is (at, position) of the last one seen."""
    rows = Row.objects.filter(customer_id=customer_id).order_by("-at", "-position")
    if before:
        at, position = before
        rows = rows.filter(at__lte=at).exclude(at=at, position__gte=position)
    return list(rows[:limit])


def latest(limit: int = 20, after: int = 0) -> list[Row]:
    """The facts that arrived last, whoever's they are; `after` a position."""
    return list(Row.objects.filter(position__gt=after).order_by("-position")[:limit])


def consent(customer_ids: Collection[int], channel: str, purpose: str) -> dict[int, str]:
    """The present state by customer; customers who said nothing are missing."""
    return {
        customer: state
        for part in parts(sorted(customer_ids))
        for customer, state in Consent.objects.filter(
            customer_id__in=part, channel=channel, purpose=purpose
        ).values_list("customer_id", "state")
    }


def get(customer_id: int) -> Profile | None:
    """The file of one customer."""
    return Profile.objects.filter(pk=customer_id).first()
