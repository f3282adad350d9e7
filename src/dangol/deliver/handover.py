"""Takes due deliveries from lease to outcome.

planned → leased → attempting → accepted | deferred | bounced | failed | unknown | cancelled | expired

Every step is a compare-and-set by the lease's id: who lost the lease changes nothing. `attempting` is on disk before
the first byte leaves, so whatever crashes, a message that may have left is never taken for one that did not. A channel
that is a table of our own database needs no such mark: its hand-over stands or falls with the outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from dangol.base.clock import Clock
from dangol.base.errors import DangolError
from dangol.campaign.templates import TemplateFault
from dangol.deliver import autopilot, gaps, gate, kinds, outcomes, pacing, prices, records, returns, rows
from dangol.deliver.channels import Channel, Wide
from dangol.deliver.drafts import drafting
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from dangol.deliver.render import Rendered
from dangol.deliver.rules import Allow
from dangol.deliver.window import Window

log = logging.getLogger("dangol.deliver")

LONGEST_ATTEMPT = timedelta(minutes=15)  # after that nobody is still waiting for an answer
CLOSED = timedelta(minutes=1)  # how long nothing is tried where the other side takes nothing at all
TOGETHER = 50  # messages that one transaction takes where the channel is our own database
STANDING = ("customer_id", "state", "unconfirmed", "attempts")  # what others may change of a delivery that is ours
LOCK = "SELECT pg_advisory_xact_lock(%s, who) FROM (SELECT unnest(%s::int[]) AS who) AS everybody"  # in their order
CUSTOMER_LOCK = 0x0DA17602  # with the customer's id: one marketing message a day, however many workers there are

Heard = Callable[[Sequence[tuple[Delivery, Outcome]], datetime], None]  # learns from how hand-overs ended


@dataclass(frozen=True, slots=True)
class Ready:
    """A rendered message that waits for the gate's last word."""

    delivery: Delivery
    rendered: Rendered
    message: Message


def hand_over(
    channel: Channel, taken: Sequence[Delivery], name: str, clock: Clock, halted: Callable[[], bool] = lambda: False
) -> None:
    """Bring deliveries under the lease `name` to an outcome through one channel; none is begun once it is `halted`."""
    wanted = _sift(taken, name, clock.now())
    if isinstance(channel, Wide):
        _hand_over_many(channel, wanted, name, clock, halted)
        return
    for part in _parts(wanted, TOGETHER if channel.local else 1):
        if halted():
            return
        ready = _render(part, name, clock.now())
        if channel.local:
            with transaction.atomic():
                _hand_over_here(channel, ready, name, clock)
        else:
            _hand_over_there(channel, ready, name, clock)


def _hand_over_here(channel: Channel, ready: Sequence[Ready], name: str, clock: Clock) -> None:
    begun = _begin(ready, name, clock.now())
    records.record([(delivery, _try(channel, delivery, message)) for delivery, message in begun], clock.now())


def _hand_over_there(channel: Channel, ready: Sequence[Ready], name: str, clock: Clock) -> None:
    with transaction.atomic(durable=True):
        begun = _begin(ready, name, clock.now())
    for delivery, message in begun:
        outcome = _try(channel, delivery, message)
        with transaction.atomic(durable=True):
            _end([(delivery, outcome)], name, clock.now())


def _hand_over_many(
    channel: Wide, wanted: Sequence[Delivery], name: str, clock: Clock, halted: Callable[[], bool]
) -> None:
    """While some are on their way the next are rendered; what ended and what begins is written in one transaction."""
    window = Window(channel.lanes, channel.hand_over_many)
    heard = pacing.told if channel.paced else None
    rest: Sequence[Delivery] = wanted
    ready: list[Ready] = []
    try:
        while rest or ready or window.under_way():
            if halted() or (rest and _over(rest[0], clock.now())):
                rest, ready = (), []
            if rest and not ready:
                part, rest = _part(rest, window.size)
                if channel.paced:
                    part, rest = _admitted(part, rest, name, clock.now())
                ready = _render(part, name, clock.now())
            ready, closed = _turn(window, ready, name, clock, heard)
            if closed:
                _put_off([*(one.delivery for one in ready), *rest], name, clock.now())
                rest, ready = (), []
    finally:
        window.close()
        _turn(window, [], name, clock, heard)


def _admitted(
    part: Sequence[Delivery], rest: Sequence[Delivery], name: str, now: datetime
) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
    """Those of a part whose receiving domain bears them now, and what is left to do; the others wait."""
    admitted = pacing.admit(part, now)
    if admitted.waiting:
        holds = {delivery.pk: hold for delivery, hold in admitted.waiting}
        with transaction.atomic():
            ours = _ours([delivery for delivery, _ in admitted.waiting], name, ("leased",))
            for delivery in ours:
                gate.apply(delivery, holds[delivery.pk], now)
            rows.save(ours)
    return admitted.leaving, [*admitted.next, *rest]


def _over(delivery: Delivery, now: datetime) -> bool:
    """Whether another worker may have taken it meanwhile."""
    return delivery.leased_until is not None and delivery.leased_until <= now


def _put_off(waiting: Sequence[Delivery], name: str, now: datetime) -> None:
    """The other side takes nothing: what was not begun waits, and nothing is counted against it."""
    with transaction.atomic():
        ours = _ours(waiting, name, ("leased",))
        for delivery in ours:
            delivery.lease, delivery.leased_until, delivery.due_at = "", None, max(delivery.due_at, now + CLOSED)
            delivery.state = "deferred" if delivery.attempts else "planned"
        rows.save(ours)


def _turn(
    window: Window[tuple[Delivery, Message]], ready: list[Ready], name: str, clock: Clock, heard: Heard | None
) -> tuple[list[Ready], bool]:
    """Write down what ended, and let leave what there is room for; the others, and whether it is of no use to go on."""
    ended = window.ended()
    room = window.room()
    if not ended and not ready[:room]:
        return ready, False
    closed = bool(ended) and all(outcome.closed for _, outcome in ended)
    leaving = [] if closed else ready[:room]
    with transaction.atomic(durable=True):
        _end([(delivery, outcome) for (delivery, _), outcome in ended], name, clock.now())
        begun = _begin(leaving, name, clock.now())
    window.landed(ended)
    window.begin(begun)
    if heard:
        heard([(delivery, outcome) for (delivery, _), outcome in ended], clock.now())
    return ready[len(leaving) :], closed


def _end(ended: Sequence[tuple[Delivery, Outcome]], name: str, now: datetime) -> None:
    """Record how hand-overs ended, of those that are still ours."""
    told = {delivery.pk: outcome for delivery, outcome in ended}
    ours = _ours([delivery for delivery, _ in ended], name, ("attempting", "unknown"))
    records.record([(row, told[row.pk]) for row in ours], now)
    returns.catch_up(ours, now)
    if any(outcome.state == "bounced" for outcome in told.values()):
        autopilot.look(now)


def _sift(taken: Sequence[Delivery], name: str, now: datetime) -> list[Delivery]:
    """Ask the gate before anything is rendered for those that it did not let pass the last time; all that may leave.

    What it let pass is asked about once, at the last moment: almost always it may leave then, too.
    """
    doubtful = [delivery for delivery in taken if not _let_pass(delivery)]
    stopped = []
    with transaction.atomic():
        ours = _ours(doubtful, name, ("leased",))
        for delivery, verdict in zip(ours, gate.decide(ours, now) if ours else (), strict=True):
            if not isinstance(verdict.decision, Allow):
                gate.apply(delivery, verdict.decision, now)
                stopped.append(delivery)
        rows.save(stopped)
    gone = {delivery.pk for delivery in stopped} | {d.pk for d in doubtful} - {d.pk for d in ours}
    return [delivery for delivery in taken if delivery.pk not in gone]


def _let_pass(delivery: Delivery) -> bool:
    return bool(delivery.decision) and delivery.decision[-1].get("verdict") == "allow"


def _render(passed: Sequence[Delivery], name: str, now: datetime) -> list[Ready]:
    ready, faults, draft = [], {}, drafting(passed, now)
    for delivery in passed:
        try:
            finished = kinds.finish(delivery, draft(delivery), now)  # refused here it was never attempted
            ready.append(Ready(delivery, finished.rendered, finished.message))
        except (TemplateFault, DangolError) as error:
            faults[delivery.pk] = f"render: {error}"
        except Exception as error:  # a fault of our own, but of this message: the others go on
            log.exception("rendering delivery %s failed", delivery.pk)
            faults[delivery.pk] = f"render: {outcomes.fault(error)}"
    if faults:
        log.warning("%d messages could not be rendered: %s", len(faults), next(iter(faults.values())))
        with transaction.atomic():
            broken = _ours([delivery for delivery in passed if delivery.pk in faults], name, ("leased",))
            records.record([(row, outcomes.failed(faults[row.pk])) for row in broken], now)
    return ready


def _begin(ready: Sequence[Ready], name: str, now: datetime) -> list[tuple[Delivery, Message]]:
    """Ask the gate for the last time, and write down as attempting what may leave; the caller's transaction makes that
    durable.
    """
    by_id = {one.delivery.pk: one for one in ready}
    ours = _ours([one.delivery for one in ready], name, ("leased",))
    _lock_customers(ours)
    begun, stopped = [], []
    for delivery, verdict in zip(ours, gate.decide(ours, now) if ours else (), strict=True):
        gate.apply(delivery, verdict.decision, now)
        if isinstance(verdict.decision, Allow):
            one = by_id[delivery.pk]
            message = one.message.addressed(verdict.mailbox, now)
            _mark(delivery, one.rendered, message)
            begun.append((delivery, message))
        else:
            stopped.append(delivery)
    rows.save([delivery for delivery, _ in begun], rows.BEGUN)
    rows.save(stopped)
    gaps.count([(delivery, by_id[delivery.pk].rendered) for delivery, _ in begun], now)
    rows.keep_links([(d.pk, index, url) for d, _ in begun for index, url in enumerate(by_id[d.pk].rendered.links)])
    return begun


def _mark(delivery: Delivery, rendered: Rendered, message: Message) -> None:
    now, cost = message.at, prices.price(settings.DANGOL.message_prices, message.form)
    delivery.state, delivery.attempted_at, delivery.leased_until = "attempting", now, now + LONGEST_ATTEMPT
    delivery.attempts += 1
    delivery.address, delivery.language = message.to, rendered.language
    delivery.cost, delivery.currency = (cost.amount, cost.currency) if cost else (None, "")
    delivery.subject = rendered.subject[:500]


def _try(channel: Channel, delivery: Delivery, message: Message) -> Outcome:
    try:
        if channel.local:
            with transaction.atomic():
                return channel.hand_over(delivery, message)
        return channel.hand_over(delivery, message)
    except Exception as error:  # a fault of our own: what the other side has got, nobody can say
        log.exception("handing delivery %s over failed", delivery.pk)
        told = outcomes.fault(error)
        return outcomes.failed(told) if channel.local else outcomes.unknown(told)


def _ours(deliveries: Sequence[Delivery], name: str, states: Sequence[str]) -> list[Delivery]:
    """Those that are still ours, locked, as they stand now; not those that another worker or an unsubscription took."""
    if not deliveries:
        return []
    by_id = {delivery.pk: delivery for delivery in deliveries}
    found = Delivery.objects.select_for_update().filter(pk__in=list(by_id), lease=name, state__in=states)
    ours = []
    for pk, *told in found.order_by("due_at", "id").values_list("pk", *STANDING):
        for column, value in zip(STANDING, told, strict=True):
            setattr(by_id[pk], column, value)
        ours.append(by_id[pk])
    return ours


def _lock_customers(deliveries: Sequence[Delivery]) -> None:
    """SQLite's transaction is exclusive already; on PostgreSQL two workers must not look at one customer at once."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [CUSTOMER_LOCK, sorted({delivery.customer_id % 2**31 for delivery in deliveries})])


def _parts(deliveries: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    """Parts of at most `size` in which no customer occurs twice: what one is allowed may forbid the next."""
    rest = deliveries
    while rest:
        part, rest = _part(rest, size)
        yield part


def _part(deliveries: Sequence[Delivery], size: int) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
    """The first such part, and the others in their order."""
    part: dict[int, Delivery] = {}
    later: list[Delivery] = []
    for place, delivery in enumerate(deliveries):
        if len(part) >= size:
            return list(part.values()), [*later, *deliveries[place:]]
        if delivery.customer_id in part:
            later.append(delivery)
        else:
            part[delivery.customer_id] = delivery
    return list(part.values()), later
