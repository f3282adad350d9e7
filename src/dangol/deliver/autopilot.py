"""Watches how letters are received and stops in time; everything it does is written down and can be taken back.

In: how hand-overs ended, and complaints. Out: a paused campaign, or all marketing held until somebody lets it go on.
What it did once it judges anew: only by what happened since.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Sum

from dangol.base.clock import to_us
from dangol.base.errors import NotFound
from dangol.campaign import steps as campaign
from dangol.deliver import health
from dangol.deliver.health import Counts, Finding
from dangol.deliver.models import Act, Delivery, Returned, Tally
from dangol.deliver.outcomes import Outcome
from dangol.deliver.rules import MARKETING

log = logging.getLogger("dangol.deliver.autopilot")

EVERYTHING = ""  # the subject of what is about all marketing
SLOT = timedelta(minutes=5)  # letters are counted by such parts of time
COUNT = """INSERT INTO deliver_tally (campaign, message_class, at, ending, letters) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (campaign, message_class, at, ending)
    DO UPDATE SET letters = deliver_tally.letters + excluded.letters"""


def count(ended: Sequence[tuple[Delivery, Outcome]], now: datetime) -> None:
    """Count how letters ended, in the transaction that writes it down."""
    _add(
        Counter(
            (delivery.campaign, delivery.message_class, _slot(now), ending)
            for delivery, outcome in ended
            if delivery.channel == "email" and (ending := _ending(outcome))
        )
    )


def came_back(delivery: Delivery, outcome: Outcome, taken_at: datetime) -> bool:
    """Count a letter that a server took at `taken_at`, and whose failure came later, as what it ended as; whether that
    says anything. It stays with the letters it left with: they are what its failure is a share of, and what was done
    since is not judged by it.
    """
    ending = _ending(outcome) if delivery.channel == "email" else ""
    if ending:
        place = (delivery.campaign, delivery.message_class, _slot(taken_at))
        _add({(*place, "accepted"): -1, (*place, ending): 1})
    return bool(ending)


Place = tuple[str, str, int, str]  # campaign, class, the part of time, ending


def _slot(at: datetime) -> int:
    length = SLOT // timedelta(microseconds=1)
    return to_us(at) // length * length


def _add(letters: Mapping[Place, int]) -> None:
    if letters:
        with connection.cursor() as cursor:
            cursor.executemany(COUNT, [(*place, number) for place, number in sorted(letters.items())])


def _ending(outcome: Outcome) -> str:
    if outcome.state == "accepted":
        return "accepted"
    if outcome.state != "bounced":
        return ""
    return "refused" if outcome.reason in {"policy", "content"} else "gone" if outcome.hard else ""


def look(now: datetime) -> list[Act]:
    """Judge the last day; what was done about it."""
    since = now - health.WINDOW
    refused = Tally.objects.filter(at__gte=since, ending__in=("refused", "gone"))
    judged = sorted(set(refused.values_list("campaign", flat=True)))
    found = [(key, health.of_campaign(_counts(key, since))) for key in judged]
    if Returned.objects.filter(kind="complained", at__gte=since).exists():
        found.append((EVERYTHING, health.of_shop(_counts(EVERYTHING, since))))
    return [act for subject, finding in found if finding and (act := _act(subject, finding, now))]


def _counts(subject: str, since: datetime) -> Counts:
    """The letters of a campaign, or all marketing, since then or since the last thing that was done about it."""
    last = Act.objects.filter(subject=subject).exclude(measure="warned").order_by("-pk").first()
    if last:
        since = max(since, last.ended_at or last.at)
    rows = Tally.objects.filter(at__gt=since)
    rows = rows.filter(campaign=subject) if subject else rows.filter(message_class=MARKETING)
    letters = dict(rows.values_list("ending").annotate(Sum("letters")))
    complaints = Returned.objects.filter(kind="complained", at__gt=since, delivery__message_class=MARKETING)
    return Counts(
        letters.get("accepted", 0), letters.get("refused", 0), letters.get("gone", 0),
        0 if subject else complaints.count(),
    )  # fmt: skip


def _act(subject: str, finding: Finding, now: datetime) -> Act | None:
    """Do it and write it down, once: what stands already is not done again."""
    if Act.objects.filter(subject=subject, measure=finding.measure, ended_at=None).exists():
        return None
    if finding.measure == "campaign_paused":
        try:
            campaign.pause(subject, now)
        except NotFound:  # its letters are of a campaign that is none, such as confirmations
            return None
    log.warning("%s: %s (%s: %.2f %%)", finding.measure, subject or "everything", finding.reason, 100 * finding.share)
    ended = now if finding.measure == "campaign_paused" else None  # it goes on when somebody activates it again
    return Act.objects.create(
        subject=subject, measure=finding.measure, reason=finding.reason, share=finding.share, at=now, ended_at=ended
    )


def marketing_paused() -> bool:
    """Whether all marketing by e-mail waits for somebody to let it go on."""
    return Act.objects.filter(measure="marketing_paused", ended_at=None).exists()


def acts(limit: int = 50) -> list[Act]:
    """What was done, the newest first."""
    return list(Act.objects.order_by("-pk")[:limit])


def resume(who: str, now: datetime) -> int:
    """Let marketing go on and take warnings as read; how many acts ended by it."""
    with transaction.atomic():
        return Act.objects.filter(ended_at=None).update(ended_at=now, ended_by=who[:254])
