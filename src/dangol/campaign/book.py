"""The campaigns that were begun, all versions of their definitions, and what these ask: read once for each turn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from dangol.base.models import Shop
from dangol.campaign.definition import Definition, Happens, Holds, Webhook, When
from dangol.campaign.models import Campaign, Policy, Version
from dangol.campaign.parsing import parse
from dangol.campaign.way import Way, way_of
from dangol.segment.matching import Pattern

ACTIVE, DRAINING, PAUSED, DRAFT, ARCHIVED = "active", "draining", "paused", "draft", "archived"
EVERY_STATE = (DRAFT, ACTIVE, DRAINING, PAUSED, ARCHIVED)
ANSWERED = Pattern("Webhook Answered")
GOING = (ACTIVE, DRAINING)  # in these states steps are taken


def digest_of(definition: Any) -> str:
    """Tells definitions apart."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One version of a campaign, ready to be followed."""

    definition: Definition
    way: Way
    patterns: frozenset[Pattern]  # of facts that somebody on the way, or the goal, may wait for
    segments: frozenset[str]  # that are asked or waited for


@lru_cache(maxsize=256)
def _plan(digest: str, text: str) -> Plan:
    definition = parse(json.loads(text))
    conditions = list(definition.conditions())
    calls = any(isinstance(step.act, Webhook) for step in definition.every_step())
    return Plan(
        definition,
        way_of(definition),
        frozenset(pattern for when in conditions for pattern in patterns_of(when)) | ({ANSWERED} if calls else set()),
        frozenset(when.segment for when in conditions if isinstance(when, Holds)),
    )


def patterns_of(when: When) -> Iterator[Pattern]:
    """A fact's name alone is a pattern beside the one with conditions: late facts are looked up by name."""
    if isinstance(when, Happens):
        yield Pattern(when.fact, when.where)


def plan_of(definition: Any) -> Plan:
    """The plan of a definition that was checked."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    return _plan(hashlib.sha256(text.encode()).hexdigest(), text)


_kept: dict[str, Plan] = {}  # by digest; definitions are long, and the same ones are read in every turn
MOST_KEPT = 512


class Book:
    """Campaigns by id, without their definitions, which are read once for each process."""

    def __init__(self, states: Collection[str] = (ACTIVE, DRAINING, PAUSED)) -> None:
        rows = Campaign.objects.filter(state__in=states).defer("definition")
        self.campaigns = {row.pk: row for row in rows}
        self._plans: dict[tuple[int, int], Plan] = {}
        self._versions: dict[int, dict[int, str]] = {}

    @cached_property
    def shop(self) -> Shop:
        return Shop.objects.get()

    def plan(self, campaign_id: int, version: int = 0) -> Plan:
        """The plan of a version; without one the version that was saved last."""
        row = self.campaigns[campaign_id]
        number = version or row.version
        if (campaign_id, number) not in self._plans:
            self._plans[campaign_id, number] = self._read(row, number)
        return self._plans[campaign_id, number]

    def _read(self, row: Campaign, number: int) -> Plan:
        if number == row.version:
            return _known(row.digest) or _keep(row.digest, row.definition)
        digest = self.versions(row.pk).get(number)
        if digest is None:  # cannot be: versions stay as long as their campaign
            return self.plan(row.pk)
        return _known(digest) or _keep(digest, Version.objects.get(campaign_id=row.pk, number=number).definition)

    def versions(self, campaign_id: int) -> dict[int, str]:
        """Every version that a campaign ever had, also one by which nobody is under way, with its digest."""
        if campaign_id not in self._versions:
            rows = Version.objects.filter(campaign_id=campaign_id).values_list("number", "digest")
            self._versions[campaign_id] = dict(rows)
        return self._versions[campaign_id]

    @cached_property
    def holdout_percent(self) -> float:
        """Of the customers whom no campaign writes to."""
        return held_out_of_all()

    @cached_property
    def open_plans(self) -> list[tuple[int, Plan]]:
        """Of every version by which somebody may be under way, with its campaign."""
        rows = Version.objects.filter(campaign_id__in=self.campaigns, open=True).values_list("campaign_id", "number")
        return [(campaign, self.plan(campaign, number)) for campaign, number in rows]

    @property
    def plans(self) -> list[Plan]:
        return [plan for _, plan in self.open_plans]

    @cached_property
    def patterns(self) -> set[Pattern]:
        return {pattern for plan in self.plans for pattern in plan.patterns}

    @cached_property
    def segments(self) -> set[str]:
        return {key for plan in self.plans for key in plan.segments}


def held_out_of_all() -> float:
    """The per cent of customers who are held out of every campaign."""
    return Policy.objects.values_list("holdout_percent", flat=True).first() or 0


def _known(digest: str) -> Plan | None:
    return _kept.get(digest)


def _keep(digest: str, definition: Any) -> Plan:
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[digest] = plan_of(definition)
    return _kept[digest]
