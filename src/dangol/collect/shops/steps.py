"""Shop platforms as sources of facts.

In: webhooks as they come over the wire, resources as the shop's API gives them.
Out: facts under the key of the shop's source, on their way into the log.
Promise: a webhook that was answered with 200 is on disk; one change is one fact, however often and in whatever order it
is told; an older payload never takes the place of a newer one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from dangol.base.crypto import Vault, vault
from dangol.base.instants import parse_instant
from dangol.base.models import Shop as OurShop
from dangol.collect import rules
from dangol.collect import steps as collect
from dangol.collect.dialects.told import BadBody
from dangol.collect.models import Outgoing
from dangol.collect.shops import shopify
from dangol.collect.shops.models import ShopConnection, ShopDelivery, ShopObject
from dangol.collect.shops.platforms import PLATFORMS, Envelope
from dangol.collect.shops.told import Change, Event, Shop, Told, Unreadable, body_of, digest, mapping

log = logging.getLogger("dangol.shops")

KEPT = timedelta(days=8)  # how long a webhook is kept as it came: it names people, and a week serves to mend a mapping
SETTLED_KEPT = timedelta(days=31)  # of a privacy request that stands in the register
HISTORY = timedelta(days=7)  # what happened longer ago than that starts no campaign when it is told now
PAUSED = "the connection is paused"


@dataclass(frozen=True, slots=True)
class Received:
    """What the platform is answered."""

    status: int
    reason: str = ""


def receive(source_key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Received:
    """Take one webhook. `headers` in lower case."""
    connection = ShopConnection.objects.select_related("source").filter(source__key=source_key).first()
    if connection is None:
        return Received(404, "no shop is connected under this key")
    platform = PLATFORMS[connection.platform]
    if _is_ping(connection, headers, body):
        return Received(200, "ping")
    if not platform.genuine(headers, body, hearing(connection, now)):
        return Received(platform.refuses_with, "the signature or key is not this shop's")
    payload = _payload(body)
    envelope = platform.envelope(headers, body, payload)
    if envelope.domain and envelope.domain != connection.domain:
        return Received(platform.refuses_with, "it comes from another shop")
    _keep(connection, envelope, body, payload, now)
    return Received(200)


def _is_ping(connection: ShopConnection, headers: Mapping[str, str], body: bytes) -> bool:
    """WooCommerce asks once whether anybody is there, with a form and without a signature."""
    return (
        connection.platform == "woocommerce"
        and body.startswith(b"webhook_id=")
        and body[11:].isdigit()
        and "x-wc-webhook-signature" not in headers
    )


def _payload(body: bytes) -> Any:
    try:
        return rules.decode(body)
    except BadBody:
        return None


def _keep(connection: ShopConnection, envelope: Envelope, body: bytes, payload: Any, now: datetime) -> None:
    """Write the webhook down, and in the same transaction what it tells."""
    with transaction.atomic():
        row, new = ShopDelivery.objects.get_or_create(
            connection=connection,
            delivery_id=envelope.id[:200],
            defaults={
                "topic": envelope.topic[:100], "body": body.decode("utf-8", "replace").replace("\0", "\ufffd"),
                "at": now, "state": "failed",
            },
        )  # fmt: skip
        ShopConnection.objects.filter(pk=connection.pk).update(last_webhook_at=now)
        if new:
            _understand(connection, row, payload, now)


def _understand(connection: ShopConnection, row: ShopDelivery, payload: Any, now: datetime) -> None:
    """Map a webhook that is kept. Whatever is wrong with it stays with it: the platform has done its part."""
    try:
        with transaction.atomic():
            told = _read(connection, row.topic, payload)
            row.facts = take(connection, told.changes, now)
            row.state, row.reason = told.state if told.state in ShopDelivery.STATES else "ignored", told.reason[:300]
            _heed(connection, told, now)
    except Unreadable as error:
        row.state, row.reason = "failed", str(error)[:300]
    except Exception as error:
        log.exception("a webhook of %s (%s) cannot be mapped", connection.domain, row.topic)
        row.state, row.reason = "failed", repr(error)[:300]
    row.save(update_fields=["state", "reason", "facts"])


def _read(connection: ShopConnection, topic: str, payload: Any) -> Told:
    if not isinstance(payload, dict):
        raise Unreadable("found no JSON object; allowed: an object")
    owner = ""
    if topic.startswith("refunds/"):
        order_id = shopify.order_of_refund(payload)
        known = ShopObject.objects.filter(connection=connection, kind="order", object_id=order_id)
        owner = known.values_list("customer", flat=True).first() or ""
    told = PLATFORMS[connection.platform].read(shop_of(connection), topic, payload, owner)
    return Told((), PAUSED, "ignored") if connection.state == "paused" and told.changes else told


def _heed(connection: ShopConnection, told: Told, now: datetime) -> None:
    if told.state == "uninstalled":
        ShopConnection.objects.filter(pk=connection.pk).update(state="uninstalled", error=told.reason)
    elif told.state == "waiting":
        ShopConnection.objects.filter(pk=connection.pk, polls=True).update(next_poll_at=now)


def shop_of(connection: ShopConnection) -> Shop:
    currency = OurShop.objects.values_list("currency", flat=True).first() or ""
    return Shop(connection.platform, connection.domain, currency)


# --- from changes to facts ---------------------------------------------------------------------------------------


def take(connection: ShopConnection, changes: Sequence[Change], now: datetime, *, history: bool = False) -> int:
    """Write what these changes tell, in the caller's transaction; how many events that were.

    `history`: they change who somebody is and start no campaign, as do all that happened more than a week ago.
    """
    if not changes:
        return 0
    with transaction.atomic():
        ShopConnection.objects.select_for_update().get(pk=connection.pk)  # one at a time knows what is newest
        events = [event for change in changes for event in _news(connection, change)]
        Outgoing.objects.bulk_create(
            [_outgoing(connection.source.key, event, now, history) for event in events], ignore_conflicts=True
        )
        transaction.on_commit(collect.flush)
    return len(events)


def _news(connection: ShopConnection, change: Change) -> list[Event]:
    """What of a change is new: nothing of an older version, nothing of one that says the same."""
    if not (change.first or change.later):
        return list(change.always)
    mark = digest(change.state)
    known = ShopObject.objects.filter(connection=connection, kind=change.kind, object_id=change.id).first()
    if known is None:
        ShopObject.objects.create(
            connection=connection, kind=change.kind, object_id=change.id, at=change.at, digest=mark,
            customer=change.customer,
        )  # fmt: skip
        return [*change.first, *change.always]
    if change.only_if_new or change.at < known.at:
        return list(change.always)
    same = known.digest == mark
    known.at, known.digest, known.customer = change.at, mark, change.customer or known.customer
    known.save(update_fields=["at", "digest", "customer"])
    return list(change.always) if same else [*change.later, *change.always]


def _outgoing(source: str, event: Event, now: datetime, history: bool) -> Outgoing:
    at = parse_instant(event["timestamp"]) or now
    return Outgoing(
        source=source, message_id=event["messageId"], body=body_of(event), written_at=now,
        imported=history or at < now - HISTORY,
    )  # fmt: skip


def replay(delivery_ids: Sequence[int], now: datetime) -> int:
    """Map kept webhooks again, in the order they came; how many now tell something or are of no interest."""
    done = 0
    for row in ShopDelivery.objects.filter(pk__in=delivery_ids).select_related("connection__source").order_by("pk"):
        with transaction.atomic():
            _understand(row.connection, row, _payload(row.body.encode()), now)
        done += row.state != "failed"
    return done


def replay_failed(connection: ShopConnection, now: datetime, at_once: int = 500) -> int:
    """Map again what could not be mapped, after a fix."""
    rows = ShopDelivery.objects.filter(connection=connection, state="failed").order_by("pk")
    return replay(list(rows.values_list("pk", flat=True)[:at_once]), now)


def sweep(now: datetime) -> int:
    """Let go of webhooks that were kept long enough; how many. What nobody has answered stays."""
    old = ShopDelivery.objects.filter(at__lt=now - KEPT).exclude(state__in=("privacy", "waiting"))
    settled = ShopDelivery.objects.filter(at__lt=now - SETTLED_KEPT, state="privacy").exclude(reason="")
    return old.delete()[0] + settled.delete()[0]


# --- secrets -----------------------------------------------------------------------------------------------------


def _vault() -> Vault:
    return vault(settings.DANGOL.folder)


def secret(connection: ShopConnection, name: str) -> str:
    """One of a shop's secrets, readable; empty where it has none of that name."""
    return _vault().unseal(connection.sealed.get(name, ""), f"shop:{connection.pk}:{name}")


def put_secrets(connection: ShopConnection, given: Mapping[str, str]) -> None:
    """Seal secrets into the row; the caller saves it."""
    ours = _vault()
    for name, value in given.items():
        connection.sealed[name] = ours.seal(value, f"shop:{connection.pk}:{name}")


def hearing(connection: ShopConnection, now: datetime) -> list[str]:
    """The secrets that a webhook may be signed with now: the present one, and for an hour the one before it."""
    name = PLATFORMS[connection.platform].hears
    found = [secret(connection, name)]
    if connection.previous and connection.previous_until and now <= connection.previous_until:
        found.append(_vault().unseal(connection.previous, f"shop:{connection.pk}:{name}"))
    return found


def seal_anew() -> int:
    """Seal under the shop's present key what was sealed under the one before; how many connections had such."""
    ours, done = _vault(), 0
    for row in ShopConnection.objects.all():
        stale = [name for name, sealed in row.sealed.items() if ours.is_stale(sealed)]
        if not stale and not ours.is_stale(row.previous):
            continue
        put_secrets(row, {name: secret(row, name) for name in stale})
        if ours.is_stale(row.previous):
            purpose = f"shop:{row.pk}:{PLATFORMS[row.platform].hears}"
            row.previous = ours.seal(ours.unseal(row.previous, purpose), purpose)
        row.save(update_fields=["sealed", "previous"])
        done += 1
    return done


# --- privacy -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a platform asks on behalf of a person, or of a shop that left."""

    id: int  # of the delivery
    connection: str  # the source's key
    topic: str  # customers/data_request, customers/redact, shop/redact
    at: datetime
    identifiers: tuple[tuple[str, str], ...]  # (kind, value) as the log of facts knows them
    orders: tuple[str, ...]  # ids of the orders it is about


def pending_privacy_requests() -> list[PrivacyRequest]:
    """What was asked and is not settled, the oldest first. Whoever settles one says so: `privacy_settled`."""
    rows = ShopDelivery.objects.filter(state="privacy", reason="").select_related("connection__source").order_by("pk")
    return [_request(row) for row in rows]


def privacy_settled(delivery_id: int, how: str) -> None:
    """Note what came of a request."""
    ShopDelivery.objects.filter(pk=delivery_id, state="privacy").update(reason=how[:300])


def _request(row: ShopDelivery) -> PrivacyRequest:
    payload = mapping(_payload(row.body.encode()))
    person = mapping(payload.get("customer"))
    found = [(kind, str(person[kind])) for kind in ("email", "phone") if person.get(kind)]
    if person.get("id"):
        found.insert(0, (row.connection.platform, f"{row.connection.domain}/{person['id']}"))
    orders = payload.get("orders_requested") or payload.get("orders_to_redact") or []
    return PrivacyRequest(
        row.pk, row.connection.source.key, row.topic, row.at, tuple(found),
        tuple(str(one) for one in orders) if isinstance(orders, list) else (),
    )  # fmt: skip
