"""What comes back after a hand-over: failures, complaints, receipts, replies. Each is booked once, on the delivery it
marks.

In: a mail as bytes. Out: what became of the delivery, the suppression that asks for, and the facts others learn from.
Promise: only a mail that carries our signed mark counts; no failure that may pass silences an address for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from dangol.collect.steps import emit_all
from dangol.deliver import (
    autopilot,
    fallbacks,
    marks,
    outcomes,
    received,
    records,
    refusals,
    replies,
    resting,
    returned,
    rules,
    suppressions,
)
from dangol.deliver.models import Delivery, Early, Returned
from dangol.deliver.returned import Report

BOOKED = ("bounced", "complained", "delivered")
DOUBTFUL = ("unknown", "planned", "leased", "deferred")  # handed over before, and not known to be taken


def take(mail: bytes, now: datetime) -> list[str]:
    """Book what a mail reports; what was booked, by kind. Empty for a mail that is about no letter of ours."""
    delivery_id = marks.delivery_of(settings.DANGOL.secret, returned.tokens(mail))
    if delivery_id is None:
        return []
    reports, reply = returned.read(mail), replies.read(mail)
    delivery = Delivery.objects.filter(pk=delivery_id).exclude(address="").first() if reply else None
    if reply and delivery and (reply.sender == delivery.address.lower() or {one.kind for one in reports} == {"other"}):
        return ["replied"] if received.by_mail(delivery, reply, now) else []  # a person's words are no server's report
    return book(delivery_id, [report for report in reports if report.kind in BOOKED], now)


def book(delivery_id: int, reports: Sequence[Report], now: datetime) -> list[str]:
    """Book the first of these reports on a delivery; what was booked, by kind. The same report twice is one."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
        if delivery is None or not delivery.address:  # never handed over, or of a person who was forgotten
            return []
        if delivery.state == "attempting":
            _keep(delivery, reports[:1], now)
            return []
        return [report.kind for report in reports[:1] if _book(delivery, report, now)]


def _keep(delivery: Delivery, reports: Sequence[Report], now: datetime) -> None:
    """The other side may tell how a message fared before we have written down that it took it."""
    for report in reports:
        Early.objects.get_or_create(delivery=delivery, kind=report.kind, defaults={"report": asdict(report), "at": now})


def catch_up(ended: Sequence[Delivery], now: datetime) -> None:
    """Book what was reported of these deliveries while they were being handed over: now it stands how that ended. The
    caller holds the rows.
    """
    by_id = {delivery.pk: delivery for delivery in ended}
    early = list(Early.objects.filter(delivery__in=by_id).order_by("pk")) if by_id else []
    for row in early:
        _book(by_id[row.delivery_id], Report(**row.report), now)
    Early.objects.filter(pk__in=[row.pk for row in early]).delete()


def _book(delivery: Delivery, report: Report, now: datetime) -> bool:
    place = {"channel": delivery.channel, "address_hash": suppressions.address_hash(delivery.channel, delivery.address)}
    _, new = Returned.objects.get_or_create(
        delivery=delivery,
        kind=report.kind,
        defaults={**place, "hard": report.hard, "reason": report.reason, "status": report.status, "at": now},
    )
    if not new or (report.kind == "delivered" and delivery.state == "bounced"):
        return False
    _arrived(delivery, now)
    told = records.properties(delivery, records.campaign_names([delivery]))
    if report.kind == "bounced":
        _bounced(delivery, report, told, now)
    elif report.kind == "complained":
        _complained(delivery, told, now)
    else:
        emit_all(
            [
                (
                    records.named(delivery.channel, "delivered"),
                    delivery.customer_id,
                    told,
                    f"delivered:{delivery.pk}",
                    now,
                )
            ]
        )
    return True


def _arrived(delivery: Delivery, now: datetime) -> None:
    """Whoever reports on a message has taken it: what its hand-over ended in is known now, and it is not sent again."""
    if delivery.state in DOUBTFUL:
        records.record([(delivery, outcomes.accepted("as reported", reference=delivery.reference))], now)


def _bounced(delivery: Delivery, report: Report, told: dict[str, Any], now: datetime) -> None:
    ended = outcomes.bounced("", hard=report.hard, reason=report.reason)
    telling = delivery.state == "accepted" and autopilot.came_back(delivery, ended, delivery.finished_at or now)
    delivery.state, delivery.outcome = "bounced", f"{report.status or report.reply} {report.said}".strip()[:500]
    delivery.finished_at = now
    delivery.save(update_fields=["state", "outcome", "finished_at"])
    fallbacks.plan([delivery], now)
    if report.hard:
        suppressions.suppress(delivery.channel, delivery.address, rules.EVERY_PURPOSE, "hard_bounce", now)
    elif report.reason not in resting.OURS:
        resting.rest(delivery, now)
    more = {"kind": "hard" if report.hard else "soft", "reason": report.reason, "status": report.status}
    emit_all(
        [(records.named(delivery.channel, "bounced"), delivery.customer_id, told | more, f"bounced:{delivery.pk}", now)]
    )
    if telling:
        autopilot.look(now)


def _complained(delivery: Delivery, told: dict[str, Any], now: datetime) -> None:
    """Who calls a letter spam has said no, for good."""
    suppressions.suppress(delivery.channel, delivery.address, rules.MARKETING, "complaint", now)
    refusals.stop(delivery.channel, [delivery.address], [delivery.customer_id], now)
    consent = {
        "channel": delivery.channel, "purpose": rules.MARKETING, "state": "withdrawn", "basis": "complaint",
        "campaign": delivery.campaign, "delivery": delivery.pk,
    }  # fmt: skip
    emit_all(
        [
            ("Consent Changed", delivery.customer_id, consent, f"withdrawn:complaint:{delivery.pk}", now),
            ("Email Marked as Spam", delivery.customer_id, told, f"complained:{delivery.pk}", now),
        ]
    )
