"""Customers over the API: find one, read the file, read the timeline, ask why one is in a segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.money import Money
from dangol.identity import steps as identity
from dangol.profile import reads as profiles
from dangol.profile import steps as profile
from dangol.profile.models import Consent, Fact, Profile
from dangol.profile.rules import average_gap_days
from dangol.segment import steps as segment
from dangol.web import guard
from dangol.web.api import shapes
from dangol.web.api.lists import Page, Paging, at_number, page
from dangol.web.api.parameters import CustomerId, Key, Text

router = Router(tags=["customers"])


class Wanted(Paging):
    """Which customers."""

    identifier: Text | None = Field(None, max_length=400, description="kind:value, such as userId:42: this one only")
    search: Text | None = Field(None, max_length=300, description="looks in names, addresses and ids")


@router.get("", response=Page[shapes.Customer])
def customers(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Customers: everybody by id; those a text could mean, seen last first; or the one under an identifier."""
    if wanted.identifier is not None:
        row = _of_identifier(wanted.identifier)
        return {"items": [_shower([row])(row)] if row else [], "next": None}
    if wanted.search:
        rows = profiles.search(wanted.search, before=wanted.instant(), limit=wanted.limit + 1)
        return page(rows, wanted, _shower(rows), lambda row: at_number(row.last_seen_at, row.customer_id))
    rows = profiles.customers(wanted.number() or 0, wanted.limit + 1)
    return page(rows, wanted, _shower(rows), lambda row: str(row.customer_id))


def _of_identifier(told: str) -> Profile | None:
    kind, colon, value = told.partition(":")
    if not (kind and colon and value):
        raise Invalid([Fault("/query/identifier", told, "kind:value, such as userId:42 or email:ann@example.com")])
    found = identity.find(kind, value)
    return profile.get(found) if found else None


@router.get("/{customer_id}", response=shapes.Customer)
def customer(request: HttpRequest, customer_id: CustomerId) -> dict[str, Any]:
    """One customer's file; an id from before a merge leads to the customer it became."""
    row = _file(customer_id)
    return _shower([row])(row)


@router.get("/{customer_id}/timeline", response=Page[shapes.FactShown])
def timeline(request: HttpRequest, customer_id: CustomerId, paging: Query[Paging]) -> dict[str, Any]:
    """A customer's facts, the newest first."""
    row = _file(customer_id)
    facts = profile.timeline(row.customer_id, before=paging.instant(), limit=paging.limit + 1)
    return page(facts, paging, _fact, lambda fact: at_number(fact.at, fact.position))


@router.get("/{customer_id}/segments/{key}", response=shapes.Explanation)
def explanation(request: HttpRequest, customer_id: CustomerId, key: Key) -> dict[str, Any]:
    """Why a customer is in a segment or not, and when that changes if nothing happens."""
    told = segment.explain(key, _file(customer_id).customer_id, guard.CLOCK.now())
    return {
        "segment": told.segment,
        "customer": str(told.customer_id),
        "at": told.at,
        "member": told.member,
        "since": told.since,
        "changes_at": told.changes_at,
        "certain": told.certain,
        "words": told.words,
        "leaves": [
            {
                "path": leaf.pointer,
                "words": leaf.words,
                "holds": leaf.holds,
                "value": leaf.value,
                "facts": [{"name": fact.name, "at": fact.at} for fact in leaf.facts],
                "changes_at": leaf.changes_at,
            }
            for leaf in told.leaves
        ],
    }


def _file(customer_id: int) -> Profile:
    found = identity.current(customer_id)
    row = profile.get(found) if found else None
    if row is None:
        raise NotFound(f"no customer has the id {customer_id}")
    return row


def _shower(rows: Sequence[Profile]) -> Callable[[Profile], dict[str, Any]]:
    """Shows these files; what else belongs to them is read once for all."""
    ids = [row.customer_id for row in rows]
    keys, segments, consents = identity.identifiers(ids), segment.keys_of(ids), profiles.consents_of(ids)
    currency = Shop.objects.values_list("currency", flat=True).first() or ""

    def shown(row: Profile) -> dict[str, Any]:
        return {
            "id": str(row.customer_id),
            "identifiers": [f"{kind}:{value}" for kind, value in keys.get(row.customer_id, [])],
            "traits": row.traits,
            "figures": _figures(row, currency),
            "segments": segments.get(row.customer_id, []),
            "consents": [_consent(consent) for consent in consents.get(row.customer_id, [])],
            "first_seen_at": row.first_seen_at,
            "last_seen_at": row.last_seen_at,
        }

    return shown


def _figures(row: Profile, currency: str) -> dict[str, Any]:
    return {
        "orders": row.orders,
        "revenue": Money(row.revenue - row.refunded, currency).as_json(),
        "refunded": Money(row.refunded, currency).as_json(),
        "first_order_at": row.first_order_at,
        "last_order_at": row.last_order_at,
        "average_gap_days": average_gap_days(row.orders, row.first_order_at, row.last_order_at),
    }


def _consent(row: Consent) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "purpose": row.purpose,
        "state": row.state,
        "basis": row.basis,
        "at": row.at,
        "source": row.source,
    }


def _fact(row: Fact) -> dict[str, Any]:
    return {
        "id": str(row.position),
        "type": row.type,
        "name": row.name,
        "message_id": row.message_id,
        "timestamp": row.at,
        "received_at": row.received_at,
        "source": row.source,
        "properties": _object(row.properties),
        "traits": _object(row.traits),
        "context": _object(row.context),
    }


def _object(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text) if text else {}
