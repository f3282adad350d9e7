"""Customers over the API: find one, read the file, read the timeline, ask why one is in a segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.money import Money
from dangol.identity import steps as identity
from dangol.offer import reads as offer
from dangol.profile import reads as profiles
from dangol.profile import steps as profile
from dangol.profile.known import figures
from dangol.profile.models import Consent, Fact, Profile
from dangol.segment import asking as segment
from dangol.survey import asking
from dangol.value import reads as worth
from dangol.web import guard
from dangol.web.api import products, shapes
from dangol.web.api.explained import explained
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


class Told(Paging):
    """Which facts of a customer."""

    only: Literal["orders", "visits", "messages", "answers", "conversations", "consent", "loop", "identity"] | None = (
        Field(None, description="what the facts are about")
    )


@router.get("/{customer_id}/timeline", response=Page[shapes.FactShown])
def timeline(request: HttpRequest, customer_id: CustomerId, wanted: Query[Told]) -> dict[str, Any]:
    """A customer's facts, the newest first."""
    row = _file(customer_id)
    facts = profile.timeline(row.customer_id, before=wanted.instant(), limit=wanted.limit + 1, only=wanted.only or "")
    return page(facts, wanted, _fact, lambda fact: at_number(fact.at, fact.position))


@router.get("/{customer_id}/next-question", response=shapes.NextQuestion)
def next_question(request: HttpRequest, customer_id: CustomerId) -> dict[str, Any]:
    """The one thing not yet known of a customer that would help most; null where nothing would."""
    asked = asking.next_question(_file(customer_id).customer_id)
    if asked is None:
        return {"trait": None, "question": {}, "segments": 0, "campaigns": 0}
    return {
        "trait": asked.trait, "question": asked.question, "segments": asked.segments, "campaigns": asked.campaigns,
    }  # fmt: skip


@router.get("/{customer_id}/recommendations", response=products.Recommendations)
def recommendations(request: HttpRequest, customer_id: CustomerId, wanted: Query[products.ToShow]) -> dict[str, Any]:
    """Products to show to a customer: what goes with what they bought and looked at, then what is popular."""
    row = _file(customer_id)
    found = offer.for_customer(row.customer_id, guard.CLOCK.now(), limit=wanted.limit)
    return {"items": [products.told(one) for one in found]}


@router.get("/{customer_id}/value", response=shapes.WorthShown)
def value(request: HttpRequest, customer_id: CustomerId) -> dict[str, Any]:
    """What a customer is expected to order and spend, each with its range; nothing before a first order."""
    row = _file(customer_id)
    told = worth.of_customer(row.customer_id, guard.CLOCK.now())
    following = told.next_order
    return {
        "customer": str(row.customer_id),
        "made_at": told.made_at,
        "horizons": [_horizon(one) for one in told.horizons],
        "alive": told.churn and {"mean": 1 - told.churn.mean, "low": 1 - told.churn.high, "high": 1 - told.churn.low},
        "churn": told.churn and asdict(told.churn),
        "next_order": following and {
            "probability": following.chance, "likely_on": following.likely_on, "earliest_on": following.earliest_on,
            "latest_on": following.latest_on, "sentence": following.words,
        },
        "sentence": told.words,
    }  # fmt: skip


def _horizon(told: worth.Horizon) -> dict[str, Any]:
    currency = Shop.objects.get().currency
    money = told.money and {
        end: Money(round(Decimal(getattr(told.money, end)), 2), currency).as_json() for end in ("mean", "low", "high")
    }
    sentences = [told.orders_words, *([told.money_words] if told.money_words else [])]
    return {"days": told.days, "orders": asdict(told.orders), "value": money, "sentences": sentences}


@router.get("/{customer_id}/segments/{key}", response=shapes.Explanation)
def explanation(request: HttpRequest, customer_id: CustomerId, key: Key) -> dict[str, Any]:
    """Why a customer is in a segment or not, and when that changes if nothing happens."""
    return explained(segment.explain(key, _file(customer_id).customer_id, guard.CLOCK.now()))


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
    known = figures(row)
    return {
        "orders": known.orders,
        "revenue": Money(known.net, currency).as_json(),
        "refunded": Money(known.refunded, currency).as_json(),
        "first_order_at": known.first_order_at,
        "last_order_at": known.last_order_at,
        "average_gap_days": known.average_gap_days,
        "margin": None if known.margin is None else Money(known.margin, currency).as_json(),
        "foreign": [Money(amount, other).as_json() for other, amount in known.foreign.items()],
        "favourite_category": known.favourite_category,
        "last_viewed": known.last_viewed,
        "cart": known.cart,
        "visits": known.visits,
        "channels": known.channels,
        "first_touch": known.first_touch,
        "last_touch": known.last_touch,
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
