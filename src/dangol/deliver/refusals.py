"""Refusals, however they reach us: a link of ours, STOP to a text message, a call to the 080 number, a provider's word.

In: an address, or the customer of a message. Out: the addresses suppressed, what waits cancelled, and the facts that
withdraw the consent.
Promise: a refusal counts for the address also where no customer has it, and for every customer who does; one that comes
after a later yes counts again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from dangol.base.models import Shop
from dangol.base.phones import e164
from dangol.collect.steps import emit_all
from dangol.deliver import gate, reach, rows, rules, suppressions
from dangol.deliver.models import Delivery
from dangol.profile.models import Consent

TEXTS = ("sms", "kakao")  # who refuses one of these refuses them all: they reach the same telephone
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def refuse(
    address: str, channel: str, now: datetime, *, at: datetime | None = None, customers: Collection[int] = ()
) -> bool:
    """No more marketing to this address; whether that was new. Doing it twice is doing it once.

    `at` is when they refused, where that is not now: who has said yes since then is left alone. `customers` refused
    besides those who have the address.
    """
    address = _dialled(address) if channel in TEXTS else address
    if not address:
        return False
    with transaction.atomic():
        fresh = [_refuse(address, one, now, at or now, customers) for one in _refused_with(channel)]
    return any(fresh)


def listed(number: str, since: datetime | None, now: datetime) -> bool:
    """A provider's list names this number as one that refused; whether that was new.

    Such a list names a number for ever, so it must not take back every later yes: an entry counts once, and again where
    its date, if it has one, tells of a newer refusal than the one we know.
    """
    known = [at for channel in TEXTS if (at := _refused_at(channel, _dialled(number))) is not None]
    if len(known) == len(TEXTS) and (since is None or since <= min(known)):
        return False
    return refuse(number, "sms", now, at=min(since, now) if since else now)


def _dialled(number: str) -> str:
    return e164(number, Shop.objects.values_list("country", flat=True).first() or "")


def _refused_with(channel: str) -> Sequence[str]:
    return TEXTS if channel in TEXTS else (channel,)


def _refuse(address: str, channel: str, now: datetime, at: datetime, customers: Collection[int]) -> bool:
    everybody = {*reach.customers_at(channel, address), *customers}
    since = set(_yes(everybody, channel).filter(at__gt=at).values_list("customer_id", flat=True))
    refusing = sorted(everybody - since)
    fresh = stop(channel, [address], refusing, now, at)
    if fresh:
        _tell(refusing, channel, at)
    return fresh


def stop(
    channel: str, addresses: Sequence[str], customers: Collection[int], now: datetime, at: datetime | None = None
) -> bool:
    """Suppress these addresses and every one that these customers have there now, and cancel what waits for them;
    whether there was anything to stop. In the caller's transaction, which tells what was withdrawn.

    The suppression is renewed every time: a yes that the loop has not read yet must not outlive this refusal.
    """
    cancelled = sum(cancel_unsent(customer, channel, now) for customer in sorted(customers))
    everywhere = {*addresses, *(one for customer in customers for one in reach.all_of(customer, channel))} - {""}
    fresh = not everywhere or not all(_stands(channel, address, customers) for address in everywhere)
    for address in sorted(everywhere):
        suppressions.suppress(channel, address, rules.MARKETING, "unsubscribe", at or now)
    return fresh or bool(cancelled)


def cancel_unsent(customer_id: int, channel: str, now: datetime) -> int:
    """Stop the marketing that has not left yet; how many messages that was."""
    queued = Delivery.objects.select_for_update().filter(
        customer_id=customer_id, channel=channel, message_class=rules.MARKETING, state__in=gate.UNSENT
    )
    stopped = list(queued.order_by("due_at", "id"))  # as workers lock them: neither waits for the other for ever
    for row in stopped:
        gate.apply(row, rules.Deny(("unsubscribed",)), now)
    rows.save(stopped)
    return len(stopped)


def _stands(channel: str, address: str, customers: Collection[int]) -> bool:
    """Whether an earlier refusal still holds: no newer yes has taken it back."""
    known = _refused_at(channel, address)
    return known is not None and not _yes(customers, channel).filter(at__gt=known).exists()


def _refused_at(channel: str, address: str) -> datetime | None:
    """When this address refused last. What else keeps marketing from it says nothing of a day."""
    kept = suppressions.of([(channel, address)]).get((channel, address), ())
    told = [one for one in kept if one.purpose == rules.MARKETING]
    return max((one.since if one.reason == "unsubscribe" else LONG_AGO for one in told), default=None)


def _yes(customers: Collection[int], channel: str) -> QuerySet[Consent]:
    return Consent.objects.filter(customer_id__in=customers, channel=channel, purpose=rules.MARKETING, state="granted")


def _tell(customers: Sequence[int], channel: str, at: datetime) -> None:
    consent = {"channel": channel, "purpose": rules.MARKETING, "state": "withdrawn", "basis": "refusal"}
    mark = at.isoformat()
    told = [
        fact
        for customer in customers
        for fact in (
            ("Consent Changed", customer, consent, f"withdrawn:refused:{channel}:{customer}:{mark}", at),
            ("Unsubscribed", customer, {"channel": channel}, f"unsubscribed:refused:{channel}:{customer}:{mark}", at),
        )
    ]
    if told:
        emit_all(told)
