"""Harvest.

In: who was treated and who was held out (runs), what they bought and gave back, what was spent on them.
Out: what a campaign brought that would not have come without it, and how sure that is.
Promise: an interval that may be read on any day; "not enough evidence yet" is an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from dangol.base.errors import Fault, Invalid
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.campaign import rules as campaigns
from dangol.campaign import steps as campaign_steps
from dangol.campaign.book import held_out_of_all
from dangol.campaign.models import Campaign
from dangol.campaign.rules import Goal
from dangol.harvest import gathering, guessing, rules
from dangol.harvest.gathering import ORDER, USUAL
from dangol.harvest.guessing import Guess
from dangol.harvest.margins import Costing
from dangol.harvest.models import Kept, Terms
from dangol.harvest.rules import Costs, Harvest, Outcome, Question
from dangol.strategy import steps as strategy
from dangol.strategy.rules import Measured

TOO_OLD = timedelta(hours=6)  # of a comparison that is kept: then it is made anew, whoever waits


def results(key: str, now: datetime, known: Costing | None = None) -> Harvest:
    """The harvest of one campaign up to now; `known` spares reading the catalogue again. Raises NotFound."""
    campaign = campaign_steps.get(key)
    definition = campaigns.parse(campaign.definition)
    goal, known = definition.goal or USUAL, known or gathering.costing()
    spent = gathering.spent(key, now)
    asked = Question(
        campaign=key,
        goal=goal.fact or "rule",
        within=goal.within,
        share=campaigns.treated_share(definition, held_out_of_all()),
        currency=Shop.objects.values_list("currency", flat=True).first() or "",
        costing=known,
        costs=spent.costs,
    )
    outcomes = gathering.outcomes(campaign.pk, goal, now, known, spent)
    if not _is_order(goal):
        return rules.harvest(asked, outcomes)
    seen = rules.measured(outcomes)
    return rules.harvest(asked, outcomes, _guess(campaign, seen, outcomes, spent.costs), seen)


def _is_order(goal: Goal) -> bool:
    return goal.fact == ORDER and goal.plain and not goal.holds


def _guess(campaign: Campaign, seen: Measured | None, outcomes: Sequence[Outcome], costs: Costs) -> Guess | None:
    """What the prior of the play that a campaign carries out makes of it; None where it carries out none."""
    play = strategy.plays().get(campaign.play) if campaign.play else None
    if play is None:
        return None
    treated = sum(outcome.treated for outcome in outcomes)
    return guessing.guess(play.prior, seen, treated, rules.per_order(outcomes), float(costs.total))


def measured(now: datetime) -> dict[str, Measured]:
    """What this shop has seen of its plays so far, for the plan to learn from; plays without a holdout are missing. Of
    large campaigns as it was when they were compared last.
    """
    found = {}
    nothing = gathering.Spent(Costs(), {})
    kept = dict(Kept.objects.filter(at__gte=now - TOO_OLD, at__lte=now).values_list("campaign", "body"))
    for campaign in Campaign.objects.exclude(play=""):
        goal = campaigns.parse(campaign.definition).goal or USUAL
        if not _is_order(goal):
            continue
        if campaign.key in kept and "seen" in kept[campaign.key]:
            seen = msgspec.convert(kept[campaign.key]["seen"], Measured | None)
        else:
            seen = rules.measured(gathering.outcomes(campaign.pk, goal, now, Costing({}), nothing))
        if seen:
            found[campaign.play] = seen
    return found


def terms() -> Terms | None:
    """What the owner says; None where nobody changed anything."""
    return Terms.objects.first()


def say(margin_percent: Decimal | None, letter: bool, now: datetime) -> None:
    """The owner says what usually stays of revenue, and whether the monthly letter is sent. Raises Invalid."""
    if margin_percent is not None and not 0 <= margin_percent <= 100:
        raise Invalid([Fault("/margin_percent", str(margin_percent), "a number from 0 to 100, or nothing")])
    with turn():
        told = {"margin_percent": margin_percent, "letter": letter, "changed_at": now}
        Terms.objects.update_or_create(pk=1, defaults=told)
        Kept.objects.all().delete()
