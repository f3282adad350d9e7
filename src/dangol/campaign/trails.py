"""Campaigns that lead to each other: every step that leads on tells through which campaigns a customer came.

A campaign is begun once on a trail, and a trail has an end. Where that stops somebody, the run that led there says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dangol.base.clock import from_us
from dangol.campaign.book import ACTIVE, PAUSED, plan_of
from dangol.campaign.definition import Definition, Emit, GoTo
from dangol.campaign.models import Campaign, Run
from dangol.collect.facts import OWN, Fact
from dangol.segment.matching import NOTHING_ASKED, Pattern, named

log = logging.getLogger("dangol.campaign")

LONGEST = 10  # campaigns that lead to each other
MARK = "led_back"  # in a run's context: the campaign that it would have begun once more


def trail_of(run: Run) -> list[str]:
    """The campaigns through which a customer came, this one the last."""
    return [*_listed(run.context.get("trail")), run.campaign.key]


def told_by(fact: Fact) -> list[str]:
    """The campaigns that led to a fact; none where somebody else tells it."""
    if not fact.own:
        return []
    return _listed(fact.properties.get("trail") or (fact.context.get("campaign") or {}).get("trail"))


def _listed(found: object) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []


def leads_on(trail: Sequence[str], key: str) -> bool:
    """Whether a trail may go on to a campaign: it was not there yet, and is not too long."""
    return key not in trail and len(trail) <= LONGEST


def mark(run: Run, key: str) -> None:
    """Note in a run that it leads no further to a campaign; the caller saves it."""
    run.context = {**run.context, MARK: key}
    log.warning("campaign %s does not begin %s once more: it led here, or too many did", run.campaign.key, key)


def unmarked(context: Mapping[str, Any]) -> dict[str, Any]:
    """What a run hands on to the one it leads to."""
    return {name: value for name, value in context.items() if name != MARK}


def mark_newest(trail: Sequence[str], customers: Iterable[int], key: str) -> None:
    """Note it in each customer's newest run through the last campaign of a trail."""
    runs = Run.objects.filter(campaign__key=trail[-1], customer_id__in=sorted(set(customers)))
    newest = {run.customer_id: run for run in runs.select_related("campaign").order_by("entered_at", "pk")}
    for run in newest.values():
        mark(run, key)
    Run.objects.bulk_update(newest.values(), ["context"], batch_size=300)


# --- what can be seen before anything runs --------------------------------------------------------------------------


def circles(key: str, definition: Definition) -> Iterator[tuple[str, str, list[str]]]:
    """Each step that leads back to its own campaign by facts that anybody's run writes: its key, what it leads on by,
    and the campaigns from the one it begins to this one.

    Where conditions, a `key` or `again` may end it nothing is said: then the trail does, at the latest.
    """
    running = Campaign.objects.filter(state__in=(ACTIVE, PAUSED)).exclude(key=key)
    definitions = {row.key: plan_of(row.definition).definition for row in running} | {key: definition}
    for step in definition.every_step():
        for begun, by_fact in _begins(step.act, definitions):
            if found := _way_back(begun, key, definitions, by_fact):
                yield step.key, step.act.fact if isinstance(step.act, Emit) else begun, found


def _begins(act: object, definitions: Mapping[str, Definition]) -> Iterator[tuple[str, bool]]:
    """The campaigns that a step begins, and whether by a fact."""
    if isinstance(act, GoTo) and act.campaign in definitions:
        yield act.campaign, False
    if isinstance(act, Emit):
        yield from ((key, True) for key, one in definitions.items() if _always_begun(one, act.fact))


def _always_begun(definition: Definition, fact: str) -> bool:
    entry = definition.entry
    bound = entry.key or entry.where != NOTHING_ASKED or entry.again.how in ("never", "after")
    return bool(entry.fact) and not bound and named(Pattern(entry.fact), _pretended(fact))


def _pretended(name: str) -> Fact:
    return Fact(0, OWN, "", "track", name, from_us(0), from_us(0))


def _way_back(begun: str, key: str, definitions: Mapping[str, Definition], by_fact: bool) -> list[str]:
    """The shortest way from a campaign to another that some fact is part of; empty where there is none."""
    ways = [([begun], by_fact)]
    seen = {(begun, by_fact)}
    while ways:
        way, told = ways.pop(0)
        if way[-1] == key:
            if told:
                return way
            continue
        for step in definitions[way[-1]].every_step():
            for further, fact in _begins(step.act, definitions):
                place = (further, told or fact)
                if place not in seen:
                    seen.add(place)
                    ways.append(([*way, further], told or fact))
    return []
