"""What each play did so far, written once a day as a `Play Scored` fact: so the circle closes in the log.

Uplift as the harvest measures it; and how many of the treated and of the held out unsubscribed, called a message spam,
or said that they are not satisfied within the goal's time. A play that asks for satisfaction itself is not blamed for
the answers, which the held out were not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.campaign import rules as campaigns
from dangol.campaign.models import Campaign, Run
from dangol.campaign.rules import Goal
from dangol.collect import steps as collect
from dangol.harvest import steps as harvest
from dangol.harvest.gathering import USUAL
from dangol.profile.models import Fact
from dangol.strategy.models import Score
from dangol.strategy.rules import Measured
from dangol.strategy.scores import SCORED
from dangol.survey.rules import dissatisfied

EVERY = timedelta(hours=20)
LEFT = ("Unsubscribed", "Email Marked as Spam")
ANSWERED = "Survey Answered"
Arms = dict[int, tuple[bool, datetime]]  # customer → treated, and when the first run began


def due(now: datetime) -> bool:
    """Whether a day has passed since plays were scored, and there is one that ran."""
    ran = Campaign.objects.exclude(play="").exclude(activated_at=None)
    if not ran.exists():
        return False
    newest = Score.objects.order_by("-at").values_list("at", flat=True).first()
    return newest is None or now - newest >= EVERY


def score(now: datetime) -> int:
    """Write the score of every play that ran, once a day of the shop's calendar; how many there were."""
    ran = list(Campaign.objects.exclude(play="").exclude(activated_at=None))
    seen, day = harvest.measured(now), now.astimezone(Shop.objects.get().zone).date()
    facts = [
        (SCORED, 0, _told(campaign, seen.get(campaign.play), now), f"score:{campaign.play}:{day}", now)
        for campaign in ran
    ]
    with turn():
        collect.emit_all(facts)
    return len(facts)


def _told(campaign: Campaign, seen: Measured | None, now: datetime) -> Mapping[str, Any]:
    arms, goal = _arms(campaign.pk, now), campaigns.parse(campaign.definition).goal or USUAL
    gone = set(_annoyed(campaign, arms, goal, now))
    treated = sum(one for one, _ in arms.values())
    return {
        "play": campaign.play,
        "campaign": campaign.key,
        "lift": seen.lift if seen else None,
        "error": seen.error if seen else None,
        "customers": seen.customers if seen else 0,
        "treated": treated,
        "held_out": len(arms) - treated,
        "annoyed": sum(arms[who][0] for who in gone),
        "annoyed_held_out": sum(not arms[who][0] for who in gone),
    }


def _arms(campaign_id: int, now: datetime) -> Arms:
    runs = Run.objects.filter(campaign_id=campaign_id, entered_at__lte=now).order_by("entered_at", "id")
    found: Arms = {}
    for who, arm, at in runs.values_list("customer_id", "arm", "entered_at").iterator():
        found.setdefault(who, (arm == campaigns.TREATED, at))
    return found


def _annoyed(campaign: Campaign, arms: Arms, goal: Goal, now: datetime) -> Iterator[int]:
    """The customers who left or said they are dissatisfied within the goal's time."""
    asks = "'survey':" in str(campaign.definition)
    names = LEFT if asks else (*LEFT, ANSWERED)
    entered = Run.objects.filter(campaign_id=campaign.pk).values("customer_id")
    rows = Fact.objects.filter(customer_id__in=entered, name__in=names, at__lte=now)
    for who, at, name, told in rows.values_list("customer_id", "at", "name", "properties").iterator():
        begun = arms[who][1] if who in arms else now
        within = begun < at <= begun + goal.within
        if within and (name in LEFT or dissatisfied(msgspec.json.decode(told) if told else {})):
            yield who


__all__ = ["due", "score"]
