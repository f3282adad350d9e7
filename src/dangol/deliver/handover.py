"""Takes due deliveries from lease to outcome.

planned → leased → attempting → accepted | deferred | bounced | failed | unknown | cancelled | expired

Every step is a compare-and-set by the lease's id: who lost the lease changes nothing. `attempting` is on disk before
the first byte leaves, so whatever crashes, a message that may have left is never taken for one that did not. A channel
that is a table of our own database needs no such mark: its hand-over stands or falls with the outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from dangol.base import links
from dangol.base.clock import Clock
from dangol.base.errors import DangolError
from dangol.campaign.templates import TemplateFault
from dangol.deliver import gate, outcomes, records, rows
from dangol.deliver.channels import Channel
from dangol.deliver.drafts import drafts
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery, Link
from dangol.deliver.outcomes import Outcome
from dangol.deliver.render import Draft, Rendered, render
from dangol.deliver.rules import MARKETING, Allow

log = logging.getLogger("dangol.deliver")

LEASE = timedelta(seconds=60)  # a slow batch may lose its lease: then another worker takes what was not begun
LONGEST_ATTEMPT = timedelta(minutes=15)  # after that nobody is still waiting for an answer
TOGETHER = 50  # messages that one transaction takes where the channel is our own database
CUSTOMER_LOCK = 0x0DA17602  # with the customer's id: one marketing message a day, however many workers there are


@dataclass(frozen=True, slots=True)
class Ready:
    """A rendered message that waits for the gate's last word."""

    delivery: int
    rendered: Rendered
    letter: Letter


def lease(now: datetime, limit: int, name: str) -> list[Delivery]:
    """Take up to `limit` due deliveries for one worker, under the lease `name`."""
    with transaction.atomic():
        due = Delivery.objects.filter(state__in=("planned", "deferred"), due_at__lte=now).order_by("due_at", "id")
        taken = list(due.select_for_update(skip_locked=True)[:limit])
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in taken]).update(
            state="leased", lease=name, leased_until=now + LEASE
        )
    return taken


def hand_over(channel: Channel, taken: Sequence[Delivery], name: str, clock: Clock) -> None:
    """Bring deliveries under the lease `name` to an outcome through one channel."""
    wanted = _sift(taken, name, clock.now())
    for part in _parts(wanted, TOGETHER if channel.local else 1):
        ready = _render(part, name, clock.now())
        if channel.local:
            with transaction.atomic():
                _hand_over_here(channel, ready, name, clock)
        else:
            _hand_over_there(channel, ready, name, clock)


def _hand_over_here(channel: Channel, ready: Sequence[Ready], name: str, clock: Clock) -> None:
    mine, begun = _begin(ready, name, clock.now())
    records.record([(delivery, _try(channel, delivery, letter)) for delivery, letter in begun], clock.now())
    rows.save(mine)


def _hand_over_there(channel: Channel, ready: Sequence[Ready], name: str, clock: Clock) -> None:
    with transaction.atomic(durable=True):
        mine, begun = _begin(ready, name, clock.now())
        rows.save(mine)
    for delivery, letter in begun:
        outcome = _try(channel, delivery, letter)
        with transaction.atomic(durable=True):
            ours = list(_mine([delivery.pk], name, ("attempting", "unknown")))
            records.record([(row, outcome) for row in ours], clock.now())
            rows.save(ours)


def _sift(taken: Sequence[Delivery], name: str, now: datetime) -> list[Delivery]:
    """Ask the gate before anything is rendered; those it lets pass."""
    whole = {delivery.pk: delivery for delivery in taken}
    with transaction.atomic():
        mine = list(_mine(list(whole), name, ("leased",)).defer("message", "context"))
        passed, stopped = [], []
        for delivery, verdict in zip(mine, gate.decide(mine, now), strict=True):
            if isinstance(verdict.decision, Allow):
                whole[delivery.pk].customer_id = delivery.customer_id  # two customers may have become one meanwhile
                passed.append(whole[delivery.pk])
            else:
                gate.apply(delivery, verdict.decision, now)
                stopped.append(delivery)
        rows.save(stopped)
    return passed


def _render(passed: Sequence[Delivery], name: str, now: datetime) -> list[Ready]:
    ready, faults = [], {}
    for delivery, draft in zip(passed, drafts(passed), strict=True):
        try:
            rendered = render(draft)
            letter = _letter(delivery, draft, rendered, now)
            letter.as_bytes()  # refused here it was never attempted
            ready.append(Ready(delivery.pk, rendered, letter))
        except (TemplateFault, DangolError) as error:
            faults[delivery.pk] = f"render: {error}"
    if faults:
        log.warning("%d messages could not be rendered: %s", len(faults), next(iter(faults.values())))
        with transaction.atomic():
            broken = list(_mine(list(faults), name, ("leased",)))
            records.record([(row, outcomes.failed(faults[row.pk])) for row in broken], now)
            rows.save(broken)
    return ready


def _letter(delivery: Delivery, draft: Draft, rendered: Rendered, now: datetime) -> Letter:
    domain = draft.sender.email.rpartition("@")[2].encode("idna").decode()
    local = draft.sender.email.rpartition("@")[0]
    shop = domain.replace(".", "-")
    return Letter(
        to="nobody@invalid.invalid",  # the gate names the address at the last moment
        sender=f"{local}@{domain}",
        sender_name=draft.sender.name,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"{delivery.pk}.{links.sign(settings.DANGOL.secret, 'm', delivery.pk)}@{domain}",
        at=now,
        marketing=delivery.message_class == MARKETING,
        unsubscribe_url=draft.addresses.unsubscribe(),
        list_id=f"{delivery.campaign}.{domain}",
        feedback_id=f"{delivery.campaign}:{shop}:{delivery.message_class}:dangol",
    )


def _begin(ready: Sequence[Ready], name: str, now: datetime) -> tuple[list[Delivery], list[tuple[Delivery, Letter]]]:
    """Ask the gate for the last time and mark what passes as attempting; what is still ours, and what may leave. The
    caller saves, and its transaction makes it durable.
    """
    by_id = {one.delivery: one for one in ready}
    mine = list(_mine(list(by_id), name, ("leased",)))
    _lock_customers(mine)
    begun = []
    for delivery, verdict in zip(mine, gate.decide(mine, now), strict=True):
        gate.apply(delivery, verdict.decision, now)
        if isinstance(verdict.decision, Allow):
            one = by_id[delivery.pk]
            _mark(delivery, one.rendered, verdict.mailbox, now)
            begun.append((delivery, replace(one.letter, to=verdict.mailbox, at=now)))
    _keep_links([(delivery, by_id[delivery.pk].rendered) for delivery, _ in begun])
    return mine, begun


def _mark(delivery: Delivery, rendered: Rendered, mailbox: str, now: datetime) -> None:
    delivery.state, delivery.attempted_at, delivery.leased_until = "attempting", now, now + LONGEST_ATTEMPT
    delivery.attempts += 1
    delivery.address, delivery.language = mailbox, rendered.language
    delivery.subject = rendered.subject[:500]


def _keep_links(rendered: Sequence[tuple[Delivery, Rendered]]) -> None:
    Link.objects.bulk_create(
        [Link(delivery=d, index=index, url=url) for d, r in rendered for index, url in enumerate(r.links)],
        update_conflicts=True, unique_fields=["delivery", "index"], update_fields=["url"], batch_size=300,
    )  # fmt: skip


def _try(channel: Channel, delivery: Delivery, letter: Letter) -> Outcome:
    try:
        if channel.local:
            with transaction.atomic():
                return channel.hand_over(delivery, letter)
        return channel.hand_over(delivery, letter)
    except Exception as error:  # a fault of our own: what the other side has got, nobody can say
        log.exception("handing delivery %s over failed", delivery.pk)
        told = f"{type(error).__name__}: {error}"
        return outcomes.failed(told) if channel.local else outcomes.unknown(told)


def _mine(ids: Sequence[int], name: str, states: Sequence[str]) -> QuerySet[Delivery]:
    """These deliveries as they stand now, locked, without those that another worker or an unsubscription took."""
    ours = Delivery.objects.select_for_update().filter(pk__in=ids, lease=name, state__in=states)
    return ours.order_by("due_at", "id")


def _lock_customers(deliveries: Sequence[Delivery]) -> None:
    """SQLite's transaction is exclusive already; on PostgreSQL two workers must not look at one customer at once."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for customer in sorted({delivery.customer_id for delivery in deliveries}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CUSTOMER_LOCK, customer % 2**31])


def _parts(deliveries: Sequence[Delivery], size: int) -> Iterator[list[Delivery]]:
    """Parts of at most `size` in which no customer occurs twice: what one is allowed may forbid the next."""
    rest = list(deliveries)
    while rest:
        part: dict[int, Delivery] = {}
        later = []
        for delivery in rest:
            if len(part) < size and delivery.customer_id not in part:
                part[delivery.customer_id] = delivery
            else:
                later.append(delivery)
        yield list(part.values())
        rest = later
