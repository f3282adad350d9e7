"""Journeys.

In: who entered which segment, and which facts arrived, inside the loop's transaction.
Out: runs that move on when they are due, and the messages they ask for.
Promise: one run per campaign, customer and trigger, ever; a customer held out stays held out; nothing starts twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from django.db.models import Q

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.base.turns import turn
from dangol.campaign import rules
from dangol.campaign.models import Campaign, Run
from dangol.campaign.rules import Definition, Send
from dangol.campaign.shape import Reader
from dangol.collect.facts import Fact
from dangol.collect.steps import emit_all
from dangol.identity.rules import Merged
from dangol.profile.models import Fact as Row
from dangol.segment import steps as segment
from dangol.segment.models import Member, Segment
from dangol.strategy import steps as strategy

if TYPE_CHECKING:
    from dangol.segment.steps import Change

AT_ONCE = 300
ACTIVE, PAUSED, DRAFT = "active", "paused", "draft"
RUNNING, FINISHED, LEFT = "active", "finished", "left"

# --- campaigns ------------------------------------------------------------------------------------------------------


def put(key: str, shape: Mapping[str, Any], now: datetime) -> Campaign:
    """Save a campaign: {"name", "definition"}, or the definition's own keys beside the name. A new one is a draft.

    Raises Invalid with every fault; what was refused changes nothing.
    """
    name, definition = _checked(key, shape)
    with turn():
        campaign = Campaign.objects.filter(key=key).first()
        if campaign is None:
            return Campaign.objects.create(key=key, name=name or key, definition=definition, created_at=now)
        if campaign.state == ACTIVE:
            _check_segment(definition)
        if campaign.activated_at:
            _check_holdout(campaign.definition, definition)
        if (campaign.definition, campaign.name) != (definition, name or campaign.name):
            campaign.version += 1
        campaign.definition, campaign.name = definition, name or campaign.name
        campaign.save()
        return campaign


def _check_holdout(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """The share held out is what the harvest rests on: customers drawn by two shares cannot be compared."""
    was, now = (rules.parse(definition).holdout_percent for definition in (before, after))
    if was != now:
        allowed = f"{was:g}, as it began; put another campaign in its place to draw anew"
        raise Invalid([Fault("/definition/holdout_percent", f"{now:g}", allowed)])


def _checked(key: str, shape: object) -> tuple[str, dict[str, Any]]:
    if not isinstance(shape, Mapping):
        raise Invalid([Fault("", type(shape).__name__, "an object with name and definition")])
    reader = Reader()
    reader.key(key, "/key")
    name = reader.text(shape["name"], "/name", most=200) if "name" in shape else ""
    if "definition" in shape:
        place, definition = "/definition", shape["definition"]
        reader.mapping(shape, "", ("key", "name", "play", "definition"))
    else:
        place, definition = "", {k: v for k, v in shape.items() if k not in {"key", "name", "play"}}
    try:
        rules.parse(definition, place)
    except Invalid as error:
        reader.faults += error.faults
    if reader.faults:
        raise Invalid(reader.faults)
    return name, dict(definition)


def get(key: str) -> Campaign:
    """One campaign. Raises NotFound."""
    campaign = Campaign.objects.filter(key=key).first()
    if campaign is None:
        raise NotFound(f"no campaign is called {key}")
    return campaign


def everyone() -> list[Campaign]:
    """All campaigns, the newest first."""
    return list(Campaign.objects.order_by("-created_at", "-id"))


def activate(key: str, now: datetime) -> Campaign:
    """Let a campaign run: a draft for the first time, a paused one again. Active already: nothing happens.

    Runs that fell due while it was paused go on now. Raises NotFound; Invalid where its segment does not exist.
    """
    with turn():
        campaign = get(key)
        if campaign.state == ACTIVE:
            return campaign
        definition = _read(campaign)
        _check_segment(campaign.definition)
        first = campaign.activated_at is None
        campaign.state, campaign.activated_at = ACTIVE, campaign.activated_at or now
        campaign.save()
        campaign.runs.filter(state=RUNNING, due_at__lt=now).update(due_at=now)
        if first and definition.include_existing and definition.entry.segment:
            _enter_existing(campaign, definition, now)
        return campaign


def _check_segment(definition: Mapping[str, Any]) -> None:
    key = definition["entry"].get("segment")
    if key and not Segment.objects.filter(key=key, state="active").exists():
        raise Invalid([Fault("/definition/entry/segment", key, "the key of an active segment")])


def _enter_existing(campaign: Campaign, definition: Definition, now: datetime) -> None:
    members = Member.objects.filter(segment__key=definition.entry.segment).values_list("customer_id", "since")
    for part in parts(list(members)):
        _start(
            campaign,
            definition,
            [(who, rules.segment_trigger(since), now, _of(definition)) for who, since in part],
            now,
        )


def _of(definition: Definition) -> dict[str, Any]:
    return {"segment": definition.entry.segment}


def pause(key: str, now: datetime) -> Campaign:
    """Let no step of a campaign fire and nobody enter until it is activated again. Raises NotFound."""
    with turn():
        campaign = get(key)
        if campaign.state == ACTIVE:
            campaign.state = PAUSED
            campaign.save()
        return campaign


def activate_play(key: str, now: datetime) -> Campaign:
    """Carry out a play: save its audience, make its campaign and let it run. Doing it twice is doing it once."""
    play = strategy.play(key)
    with turn():
        _save_audience(play, now)
        if not Campaign.objects.filter(key=key).exists():
            language = Shop.objects.values_list("locale", flat=True).first() or "en"
            name = play.name.get(language) or next(iter(play.name.values()))
            put(key, {"name": name, "definition": play.definition}, now)
            Campaign.objects.filter(key=key).update(play=key)
        return activate(key, now)


def _save_audience(play: strategy.Play, now: datetime) -> None:
    """The play's segment, unless one stands under that key already: a shop may have changed it."""
    if not play.audience:
        return
    key = str(play.audience.get("key") or play.definition["entry"].get("segment") or play.key)
    if not Segment.objects.filter(key=key, state="active").exists():
        segment.save(key, dict(play.audience), now)


# --- the loop's part ------------------------------------------------------------------------------------------------


def enter(changes: Sequence[Change], facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Start runs for who entered a segment and for facts that arrived; end runs whose goal is reached."""
    told = [(fact, who) for fact, who in zip(facts, customer_ids, strict=True) if who]
    begun = [(campaign, _read(campaign)) for campaign in Campaign.objects.exclude(state=DRAFT)]
    for campaign, definition in begun:
        if campaign.state == ACTIVE:
            starting = [*_by_segment(definition, changes, told), *_by_fact(definition, told, now)]
            _start(campaign, definition, starting, now)
    goals = {definition.goal.fact for _, definition in begun if definition.goal and definition.exit_on_goal}
    _reach_goals([(fact, who) for fact, who in told if rules.name_of(fact) in goals], now)


def _read(campaign: Campaign) -> Definition:
    return _parsed(json.dumps(campaign.definition, sort_keys=True))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Definition:
    return rules.parse(json.loads(text))


Starting = tuple[int, str, datetime, dict[str, Any]]  # customer, trigger, since when, context


def _by_segment(
    definition: Definition, changes: Sequence[Change], told: Sequence[tuple[Fact, int]]
) -> Iterator[Starting]:
    entered = [
        c for c in changes if c.entered and not c.imported and c.segment == definition.entry.segment and c.segment
    ]
    if not entered:
        return
    newest = {who: fact for fact, who in told if fact.type == "track" and not fact.own}
    for change in entered:
        fact = newest.get(change.customer_id)
        context = _of(definition) | (rules.context_of(fact) if fact else {})
        yield change.customer_id, rules.segment_trigger(change.at), change.at, context


def _by_fact(definition: Definition, told: Sequence[tuple[Fact, int]], now: datetime) -> Iterator[Starting]:
    for fact, who in told:
        if rules.starts(definition.entry, fact, now):
            yield who, rules.fact_trigger(fact), fact.at, rules.context_of(fact)


def _start(campaign: Campaign, definition: Definition, starting: Iterable[Starting], now: datetime) -> None:
    first = {(who, trigger): (since, context) for who, trigger, since, context in reversed(list(starting))}
    known = _known(campaign, {who for who, _ in first})
    new = [
        Run(
            campaign=campaign, customer_id=who, trigger=trigger, context=context, entered_at=since,
            arm=rules.arm(campaign.key, who, definition.holdout_percent),
            due_at=rules.first_due(definition, since, now),
        )
        for (who, trigger), (since, context) in first.items()
        if (who, trigger) not in known
    ]  # fmt: skip
    Run.objects.bulk_create(new, ignore_conflicts=True, batch_size=AT_ONCE)
    _emit("Journey Entered", [(run, {"campaign": campaign.key, "arm": run.arm}, run.entered_at) for run in new])


def _known(campaign: Campaign, customers: Iterable[int]) -> set[tuple[int, str]]:
    return {
        row
        for part in parts(sorted(customers))
        for row in campaign.runs.filter(customer_id__in=part).values_list("customer_id", "trigger")
    }


def _reach_goals(told: Sequence[tuple[Fact, int]], now: datetime) -> None:
    by_customer: dict[int, list[Fact]] = defaultdict(list)
    for fact, who in told:
        by_customer[who].append(fact)
    left = []
    for part in parts(sorted(by_customer)):
        for run in Run.objects.filter(customer_id__in=part, state=RUNNING).select_related("campaign"):
            definition = _read(run.campaign)
            if definition.exit_on_goal and any(
                rules.reaches_goal(definition, run.trigger, run.entered_at, fact)
                for fact in by_customer[run.customer_id]
            ):
                left.append(_end(run, LEFT, now))
    _save(left)
    _emit("Journey Left", [(run, {"campaign": run.campaign.key, "reason": "goal"}, now) for run in left])


def _end(run: Run, state: str, now: datetime) -> Run:
    run.state, run.due_at, run.ended_at = state, None, now
    return run


def _save(runs: Sequence[Run]) -> None:
    Run.objects.bulk_update(runs, ["step", "state", "due_at", "ended_at"], batch_size=AT_ONCE)


def advance(now: datetime, limit: int) -> list[Send]:
    """Take the steps that are due, at most `limit` runs at a time; the messages they ask for.

    Held-out customers move on without one, so that both arms live through the same time.
    """
    while True:
        due = Run.objects.filter(due_at__lte=now, state=RUNNING, campaign__state=ACTIVE).order_by("due_at", "id")
        runs = list(due.select_related("campaign")[:limit])
        sends = [send for run in runs if (send := _take_step(run, now))]
        _save(runs)
        ended = [run for run in runs if run.state == FINISHED]
        _emit("Journey Left", [(run, {"campaign": run.campaign.key, "reason": "finished"}, now) for run in ended])
        if sends or not runs:
            return sends


def _take_step(run: Run, now: datetime) -> Send | None:
    definition, due_at = _read(run.campaign), run.due_at or now
    if run.step >= len(definition.steps):  # the campaign was shortened while this run waited
        _end(run, FINISHED, now)
        return None
    step = definition.steps[run.step]
    run.step += 1
    run.due_at = rules.next_due(definition, run.step, now)
    if run.due_at is None:
        _end(run, FINISHED, now)
    if run.arm == rules.HOLDOUT:
        return None
    return Send(
        campaign=run.campaign.key, step=step.key, customer_id=run.customer_id, trigger=run.trigger,
        channel=step.channel, message_class=step.message_class, message=dict(step.message), context=run.context,
        due_at=due_at, expires_at=due_at + step.keeps,
    )  # fmt: skip


def next_due() -> datetime | None:
    """When the next step of any run is due."""
    runs = Run.objects.filter(state=RUNNING, campaign__state=ACTIVE, due_at__isnull=False)
    return runs.order_by("due_at").values_list("due_at", flat=True).first()


def _emit(name: str, about: Sequence[tuple[Run, dict[str, Any], datetime]]) -> None:
    if about:
        emit_all([(name, run.customer_id, told, _message_id(name, run), at) for run, told, at in about])


def _message_id(name: str, run: Run) -> str:
    """The same for the same run, whoever writes it and however often."""
    what = f"{run.campaign.key}:{run.customer_id}:{run.trigger}"
    return f"{name.lower().replace(' ', '-')}:{hashlib.sha256(what.encode()).hexdigest()[:40]}"


# --- for the gate ---------------------------------------------------------------------------------------------------


def standing(keys: Iterable[tuple[str, int, str]]) -> dict[tuple[str, int, str], str]:
    """What became of runs since they asked for a message, by (campaign, customer, trigger): "paused" where the campaign
    rests, "reached" where the goal was reached meanwhile. Runs that still want their message are missing.
    """
    wanted = set(keys)
    campaigns = {c.key: (c, _read(c)) for c in Campaign.objects.filter(key__in={k[0] for k in wanted})}
    found = {key: "paused" for key in wanted if key[0] in campaigns and campaigns[key[0]][0].state == PAUSED}
    for part in parts(sorted({customer for _, customer, _ in wanted})):
        for run in Run.objects.filter(customer_id__in=part, campaign__key__in=campaigns).select_related("campaign"):
            key = (run.campaign.key, run.customer_id, run.trigger)
            if key in wanted and _reached(run, campaigns[key[0]][1]):
                found[key] = "reached"
    return found


def _reached(run: Run, definition: Definition) -> bool:
    if definition.goal is None or not definition.exit_on_goal:
        return False
    rows = Row.objects.filter(customer_id=run.customer_id, at__gt=run.entered_at - rules.LATE)
    return any(
        rules.reaches_goal(definition, run.trigger, run.entered_at, _fact(row))
        for row in rows.filter(_called(definition.goal.fact))
    )


def _called(name: str) -> Q:
    kinds = [kind for kind, told in rules.NAMES_OF_KINDS.items() if told == name]
    return Q(type__in=kinds) | Q(type="track", name=name)


def _fact(row: Row) -> Fact:
    properties = msgspec.json.decode(row.properties) if row.properties else {}
    return Fact(
        position=row.position, source=row.source, message_id=row.message_id, type=row.type, name=row.name, at=row.at,
        received_at=row.received_at, properties=properties, imported=row.imported,
    )  # fmt: skip


def merge(pairs: Sequence[Merged]) -> None:
    """Runs of absorbed customers go on as the survivors'; of two for one trigger the one that went further stays."""
    for pair in pairs:
        kept = {(run.campaign_id, run.trigger): run for run in Run.objects.filter(customer_id=pair.survivor)}
        for run in Run.objects.filter(customer_id=pair.absorbed):
            other = kept.get((run.campaign_id, run.trigger))
            if other and rules.further([(r.step, r.state != RUNNING) for r in (other, run)]) == 0:
                run.delete()
                continue
            if other:
                other.delete()
            Run.objects.filter(pk=run.pk).update(customer_id=pair.survivor)
