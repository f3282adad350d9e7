"""Customers over the API: find one, read the file, read the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router

from dangol.base.clock import from_us, to_us
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.money import Money
from dangol.identity import steps as identity
from dangol.profile import reads as profiles
from dangol.profile import steps as profile
from dangol.profile.models import Consent, Fact, Profile
from dangol.profile.rules import average_gap_days
from dangol.segment import steps as segment
from dangol.web.api import shapes
from dangol.web.api.shapes import Paging, page
from dangol.web.guard import CLOCK

router = Router(tags=["customers"])


@router.get("", response=shapes.Page[shapes.Customer], summary="Customers, all or by identifier")
def customers(request: HttpRequest, paging: Query[Paging], identifier: str = "") -> dict[str, Any]:
    if not identifier:
        rows = profiles.customers(paging.after, paging.limit + 1)
        return page(rows, paging, _shower(rows[: paging.limit]), lambda row: row.customer_id)
    kind, colon, value = identifier.partition(":")
    if not (kind and colon and value):
        raise Invalid([Fault("/query/identifier", repr(identifier), "kind:value, e.g. userId:42 or email:a@b.kr")])
    found = identity.find(kind, value)
    row = profile.get(found) if found else None
    return {"items": [_shower([row])(row)] if row else [], "next": None}


@router.get("/{customer_id}", response=shapes.Customer, summary="One customer's file")
def customer(request: HttpRequest, customer_id: int) -> dict[str, Any]:
    row = _file(customer_id)
    return _shower([row])(row)


@router.get("/{customer_id}/timeline", response=shapes.Page[shapes.FactShown], summary="A customer's facts, newest first")
def timeline(request: HttpRequest, customer_id: int, paging: Query[TimelinePaging]) -> dict[str, Any]:
    row = _file(customer_id)
    facts = profile.timeline(row.customer_id, before=paging.before, limit=paging.limit + 1)
    part = facts[: paging.limit]
    more = len(facts) > paging.limit
    return {
        "items": [_fact(fact) for fact in part],
        "next": f"{to_us(part[-1].at)}.{part[-1].position}" if more else None,
    }


@router.get("/{customer_id}/segments/{key}", response=shapes.Explanation, summary="Why in or out, and when that changes")
def explanation(request: HttpRequest, customer_id: int, key: str) -> dict[str, Any]:
    told = segment.explain(key, _file(customer_id).customer_id, CLOCK.now())
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


class TimelinePaging(Paging):
    """A place in a timeline is a time and a position."""

    @property
    def before(self) -> tuple[datetime, int] | None:
        if not self.cursor:
            return None
        at, _, position = self.cursor.partition(".")
        try:
            return from_us(int(at)), int(position)
        except (ValueError, OverflowError):
            raise Invalid([Fault("/query/cursor", repr(self.cursor), "a cursor that a list gave as `next`")]) from None


def _file(customer_id: int) -> Profile:
    found = identity.current(customer_id) if 0 < customer_id < 2**63 else None
    row = profile.get(found) if found else None
    if row is None:
        raise NotFound(f"no customer has the id {customer_id}")
    return row


def _shower(rows: Sequence[Profile]) -> Any:
    """Shows these profiles; what else belongs to them is read once for all."""
    ids = [row.customer_id for row in rows]
    keys, segments, consents = identity.identifiers(ids), segment.keys_of(ids), profiles.consents(ids)
    currency = profiles.currency()

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
    return {"channel": row.channel, "purpose": row.purpose, "state": row.state, "basis": row.basis, "at": row.at}


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
