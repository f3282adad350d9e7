"""The register of requests: what persons asked of the shop, until when the law wants an answer, and what it was.

In: a request from staff, the API or a shop platform. Out: a row with a due date; done or refused with a reason.
Promise: a platform's request is taken in once; a request that was answered is not answered again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.collect.shops import steps as shops
from dangol.identity import steps as identity
from dangol.privacy import audit, due
from dangol.privacy.audit import HOUSE, Actor
from dangol.privacy.models import Request

KINDS = ("access", "correction", "erasure", "restriction", "objection")
ANSWERS = ("done", "refused")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in."""

    kind: str
    customer_id: int | None = None
    asked_for: str = ""  # what exactly
    proof: str = ""  # how the person showed who they are
    received_at: datetime | None = None  # empty: now
    source: str = "staff"  # staff, api, or the platform that passed it on
    external_id: str | None = None  # the platform's number of it


def receive(asked: Asked, now: datetime, actor: Actor) -> Request:
    """Enter a request. Raises Invalid and NotFound; a platform's that is there already is given back as it stands."""
    if asked.kind not in KINDS:
        raise Invalid([Fault("/kind", repr(asked.kind), ", ".join(KINDS))])
    received = asked.received_at or now
    if received > now:
        raise Invalid([Fault("/received_at", str(received), "a time that has passed")])
    if asked.external_id and (known := Request.objects.filter(external_id=asked.external_id).first()):
        return known
    who = identity.current(asked.customer_id) if asked.customer_id else None
    if asked.customer_id and who is None:
        raise NotFound(f"no customer has the id {asked.customer_id}")
    shop = Shop.objects.get()
    law = due.law_of(shop.country, asked.source)
    with transaction.atomic():
        row = Request.objects.create(
            kind=asked.kind, customer_id=who, source=asked.source[:64], external_id=asked.external_id,
            asked_for=asked.asked_for.strip()[:500], proof=asked.proof.strip()[:500], law=law, received_at=received,
            due_at=due.due(law, received, shop.zone),
        )  # fmt: skip
        audit.note(actor, "request", now, customer=who, detail={"request": row.pk, "kind": asked.kind})
    return row


PLATFORM_TOPICS = {"customers/data_request": "access", "customers/redact": "erasure", "shop/redact": "erasure"}


def take_in(now: datetime) -> int:
    """Enter what shop platforms were asked on behalf of persons; how many are new."""
    taken = 0
    for told in shops.pending_privacy_requests():
        kind = PLATFORM_TOPICS.get(told.topic)
        if kind is None:
            continue
        who = next((found for key in told.identifiers if (found := identity.find(*key))), None)
        source = told.connection
        about = f"{told.topic}, orders {', '.join(told.orders)}" if told.orders else told.topic
        asked = Asked(
            kind, who, about if who or told.topic == "shop/redact" else f"{about}: nobody is known by it",
            f"verified by {source}", told.at, source=source, external_id=f"{source}:{told.id}",
        )  # fmt: skip
        with transaction.atomic():
            row = receive(asked, now, HOUSE)
            shops.privacy_settled(told.id, f"register of requests: {row.pk}")
        taken += 1
    return taken


def answer(
    pk: int, state: str, now: datetime, actor: Actor, *, told: str = "", result_hash: str = ""
) -> Request:  # fmt: skip
    """Close a request. A refusal needs a reason. Raises NotFound, Conflict and Invalid."""
    if state not in ANSWERS:
        raise Invalid([Fault("/state", repr(state), " or ".join(ANSWERS))])
    if state == "refused" and not told.strip():
        raise Invalid([Fault("/answer", "nothing", "the reason, as it was told to the person")])
    with transaction.atomic():
        row = _open(pk)
        row.state, row.answered_at, row.answered_by = state, now, actor.name[:254]
        row.answer, row.result_hash = told.strip()[:500], result_hash
        row.save()
        audit.note(actor, f"request {state}", now, customer=row.customer_id, detail={"request": pk, "kind": row.kind})
    return row


def extend(pk: int, now: datetime, actor: Actor, reason: str) -> Request:
    """Two further months, where the law has them. Raises NotFound, Conflict and Invalid."""
    if not reason.strip():
        raise Invalid([Fault("/reason", "nothing", "why, as it was told to the person")])
    with transaction.atomic():
        row = _open(pk)
        if row.law != "EU" or row.extended_at or now > row.due_at:
            raise Conflict("only a request under the GDPR can be extended, once, before it is due")
        row.due_at, row.extended_at = due.extended(row.received_at, Shop.objects.get().zone), now
        row.save()
        audit.note(actor, "request extended", now, customer=row.customer_id, reason=reason, detail={"request": pk})
    return row


def _open(pk: int) -> Request:
    row = Request.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(f"there is no request {pk}")
    if row.state != "open":
        raise Conflict(f"request {pk} is {row.state} already")
    return row


def get(pk: int) -> Request:
    """One request. Raises NotFound."""
    row = Request.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"there is no request {pk}")
    return row


def waiting() -> list[Request]:
    """Requests without an answer, those due first first."""
    return list(Request.objects.filter(state="open").order_by("due_at", "pk"))


def answered(limit: int = 50) -> list[Request]:
    """Requests with an answer, the newest first."""
    return list(Request.objects.exclude(state="open").order_by("-answered_at", "-pk")[:limit])


def everything(limit: int, before: int | None = None, state: str | None = None) -> list[Request]:
    """All requests, the newest first."""
    rows = Request.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if state:
        rows = rows.filter(state=state)
    return list(rows[:limit])


def count_waiting() -> int:
    return Request.objects.filter(state="open").count()
