"""Journeys and broadcasts: saved, let run, paused, drained, put away.

In: who entered which segment, and which facts arrived, inside the loop's transaction.
Out: runs that move on when they are due, and the messages they ask for.
Promise: one run per campaign, customer and trigger, ever; a customer held out stays held out; nothing starts twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dangol.base.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.campaign import entering, happening, referring, versions, waves
from dangol.campaign.advancing import advance, next_due
from dangol.campaign.book import ACTIVE, ARCHIVED, DRAINING, PAUSED, Book, digest_of, held_out_of_all, plan_of
from dangol.campaign.definition import Definition, Holds
from dangol.campaign.experiments import prepare
from dangol.campaign.models import Campaign, Policy, Run
from dangol.campaign.parsing import parse
from dangol.campaign.shape import Reader
from dangol.campaign.standing import standing
from dangol.campaign.templates import pinning
from dangol.campaign.walking import LEFT, RUNNING
from dangol.collect.facts import Fact
from dangol.profile import restrictions
from dangol.segment import computing, hidden
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.segment.rules import Change
from dangol.strategy import steps as strategy

__all__ = [
    "activate",
    "activate_play",
    "advance",
    "archive",
    "drain",
    "enter",
    "everyone",
    "get",
    "next_due",
    "pause",
    "prepare",
    "put",
    "standing",
]

APPLY = ("all", "new")  # to whom a change applies: also those who are under way, or only who enters from now on

# --- campaigns ------------------------------------------------------------------------------------------------------


def put(
    key: str, shape: Mapping[str, Any], now: datetime, *, apply_to: str = "all", version: int | None = None
) -> Campaign:
    """Save a campaign: {"name", "definition"}, or the definition's own keys beside the name. A new one is a draft.

    Those under way go on by the new definition from the step at which they are, or end by the one they entered under
    (`apply_to`: all, new). `version` is the one the change was made to.
    Raises Invalid with every fault, Conflict where another change came between; what was refused changes nothing.
    """
    name, definition = _checked(key, shape)
    if apply_to not in APPLY:
        raise Invalid([Fault("/apply_to", apply_to, " or ".join(APPLY))])
    with turn():
        campaign = Campaign.objects.filter(key=key).first()
        if campaign is None:
            campaign = Campaign.objects.create(
                key=key, name=name or key, definition=definition, digest=digest_of(definition), created_at=now
            )
            versions.keep(campaign, now)
            return campaign
        if version is not None and version != campaign.version:
            raise Conflict(f"campaign {key} was changed meanwhile: it has version {campaign.version}, not {version}")
        _change(campaign, name or campaign.name, definition, apply_to, now)
    _settle(campaign, now)
    return campaign


def _change(campaign: Campaign, name: str, definition: dict[str, Any], apply_to: str, now: datetime) -> None:
    definition = pinning.without_leftovers(definition, campaign.definition)
    if campaign.state in (ACTIVE, DRAINING):
        definition = pinning.pinned(definition)
        _check_references(campaign.key, definition)
    if campaign.activated_at:
        _check_holdout(campaign.definition, definition)
    if campaign.definition != definition:
        campaign.version += 1
        campaign.definition, campaign.digest = definition, digest_of(definition)
        versions.keep(campaign, now)
        if apply_to == "all":
            versions.move(campaign, now)
        versions.close_old(campaign)
    elif campaign.name != name:
        campaign.version += 1
        versions.keep(campaign, now)
        by_the_same = Run.every.filter(campaign=campaign, version=campaign.version - 1, state=RUNNING)
        by_the_same.update(version=campaign.version)
        versions.close_old(campaign)
    campaign.name = name
    if campaign.state == ACTIVE:
        campaign.next_at = _next_wave(campaign, _not_begun(campaign, now))
        _check_time(campaign)
    campaign.save()
    if campaign.activated_at:
        _keep_rules(now)


def _check_holdout(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """The share held out is what the harvest rests on: customers drawn by two shares cannot be compared."""
    was, now = (parse(definition).holdout_percent for definition in (before, after))
    if was != now:
        allowed = f"{was:g}, as it began; put another campaign in its place to draw anew"
        raise Invalid([Fault("/definition/holdout_percent", f"{now:g}", allowed)])


def check(key: str, shape: object) -> None:
    """Whether a campaign could be saved as a draft. Raises Invalid with every fault."""
    _checked(key, shape)


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
        parse(definition, place)
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


def activate(key: str, now: datetime, *, existing: bool = False) -> Campaign:
    """Let a campaign run: a draft for the first time, a paused or drained one again. Active already: nothing happens.

    The rules that it waits for are computed first. Runs that fell due while it was paused go on now. With `existing`
    whoever is in the segment that it starts by enters too, once, as its definition can say by itself.
    Raises NotFound; Invalid where what it refers to does not exist; Conflict for one that was put away.
    """
    with turn():
        campaign = get(key)
        if campaign.state == ACTIVE:
            return _with_existing(campaign, now) if existing else campaign
        if campaign.state == ARCHIVED:
            raise Conflict(f"campaign {key} was put away")
        _check_references(key, campaign.definition)
        waits = hidden.keep(rules_of(parse(campaign.definition)), now)
    if waits:
        computing.finish(now)
    with turn():
        campaign = _begin(get(key), now)
        return _with_existing(campaign, now) if existing else campaign


def _with_existing(campaign: Campaign, now: datetime) -> Campaign:
    """Let those enter who are in the segment now. Does nothing where they did before, or no segment starts it."""
    entry = plan_of(campaign.definition).definition.entry
    if entry.kind == "segment":
        waves.open_wave(campaign, waves.EXISTING, entry.segment, now, now)
    return campaign


def _begin(campaign: Campaign, now: datetime) -> Campaign:
    pinned = pinning.pinned(campaign.definition)
    if pinned != campaign.definition:
        _change(campaign, campaign.name, pinned, "all", now)
    definition = parse(campaign.definition)
    if not hidden.whole(keys_of(definition)):
        raise Unavailable(f"the rules of campaign {campaign.key} are still being computed; let it run in a while")
    first = campaign.activated_at is None
    campaign.state, campaign.activated_at = ACTIVE, campaign.activated_at or now
    campaign.next_at = _next_wave(campaign, now)
    _check_time(campaign)
    campaign.save()
    campaign.runs.filter(state=RUNNING, due_at__lt=now).update(due_at=now)
    if first and definition.include_existing:
        _with_existing(campaign, now)
    if first and definition.backfill:
        waves.open_wave(campaign, waves.BACKFILL, "", now, now)
    return campaign


def _check_time(campaign: Campaign) -> None:
    """A broadcast that would never begin is refused: its time is over, and it was not sent then."""
    entry = plan_of(campaign.definition).definition.entry
    if entry.broadcast is None or campaign.next_at is not None:
        return
    if not campaign.waves.filter(slot__startswith=f"{entry.kind}:").exists():
        raise Invalid([Fault("/definition/entry/broadcast", entry.broadcast.isoformat(), "a time to come")])


def is_over(definition: Mapping[str, Any], now: datetime) -> bool:
    """Whether a definition is of a broadcast whose time is not to come."""
    entry = parse(definition).entry
    return entry.broadcast is not None and waves.next_at(entry, now, Shop.objects.get().zone) is None


def _next_wave(campaign: Campaign, now: datetime) -> datetime | None:
    shop = Shop.objects.first()
    return waves.next_at(plan_of(campaign.definition).definition.entry, now, shop.zone) if shop else None


def _not_begun(campaign: Campaign, now: datetime) -> datetime:
    """Behind which instant a campaign that runs has its next wave: what fell due and has not begun stays due."""
    due = campaign.next_at
    return now if due is None else min(now, due - timedelta(microseconds=1))


def rules_of(definition: Definition) -> list[Any]:
    """The rules of a definition that are kept like segments."""
    found = [json.loads(when.rule) for when in definition.conditions() if isinstance(when, Holds)]
    window = entering.day_segment(definition)
    return [*found, window] if window else found


def keys_of(definition: Definition) -> set[str]:
    """The segments under which these rules are kept."""
    return {hidden.key_of(rule) for rule in rules_of(definition)}


def _keep_rules(now: datetime) -> None:
    """Keep the rules of all versions of campaigns that were begun, and put the others away."""
    book = Book()
    wanted = [rule for plan in book.plans for rule in rules_of(plan.definition)]
    hidden.keep(wanted, now)
    hidden.drop_others({hidden.key_of(rule) for rule in wanted})


def _settle(campaign: Campaign, now: datetime) -> None:
    if campaign.activated_at:
        segment.settle(None, now)


def _check_references(key: str, definition: Mapping[str, Any]) -> None:
    """Whether the segments, lists and campaigns are there that a definition speaks of, and none leads back to it.
    Raises Invalid."""
    found = parse(definition, "/definition")
    faults = list(referring.faults(key, definition, found, "/definition"))
    if faults:
        raise Invalid(faults)


def pause(key: str, now: datetime) -> Campaign:
    """Let no step of a campaign fire and nobody enter until it is activated again. Raises NotFound."""
    return _turn_to(key, PAUSED, (ACTIVE, DRAINING))


def drain(key: str, now: datetime) -> Campaign:
    """Let nobody enter any more; whoever is under way goes on to the end. Raises NotFound."""
    return _turn_to(key, DRAINING, (ACTIVE, PAUSED))


def _turn_to(key: str, state: str, of: Sequence[str]) -> Campaign:
    with turn():
        campaign = get(key)
        if campaign.state in of:
            campaign.state, campaign.next_at = state, None
            campaign.save(update_fields=["state", "next_at"])
        return campaign


def archive(key: str, now: datetime) -> Campaign:
    """Put a campaign away: whoever is under way leaves it, and what waits to be sent is not sent. Raises NotFound."""
    with turn():
        campaign = get(key)
        if campaign.state != ARCHIVED:
            campaign.state, campaign.next_at = ARCHIVED, None
            campaign.save(update_fields=["state", "next_at"])
            Run.every.filter(campaign=campaign, state=RUNNING).update(state=LEFT, due_at=None, ended_at=now)
            campaign.waves.filter(ended_at=None).update(ended_at=now)
            _keep_rules(now)
        return campaign


def begin_for(key: str, customer_id: int, properties: Mapping[str, Any], trigger: str, now: datetime) -> Run | None:
    """Let one customer enter a campaign that is entered over the API; `trigger` once, ever. None where they may not.

    Raises NotFound; Conflict where the campaign does not run; Invalid where it is entered in another way.
    """
    with turn():
        campaign = get(key)
        if campaign.state != ACTIVE:
            raise Conflict(f"campaign {key} does not run")
        return entering.by_call(Book(), campaign, customer_id, properties, trigger, now)


def activate_play(key: str, now: datetime, *, existing: bool = False) -> Campaign:
    """Carry out a play: save its audience, make its campaign and let it run. Doing it twice is doing it once.

    With `existing` for those too who are in its audience already.
    """
    play = strategy.play(key)
    save_audience(play, now)
    with turn():
        if not Campaign.objects.filter(key=key).exists():
            language = Shop.objects.values_list("locale", flat=True).first() or "en"
            name = play.name.get(language) or next(iter(play.name.values()))
            put(key, {"name": name, "definition": play.definition}, now)
            Campaign.objects.filter(key=key).update(play=key)
    return activate(key, now, existing=existing)


def save_audience(play: strategy.Play, now: datetime) -> None:
    """The play's segment, unless one stands under that key already: a shop may have changed it."""
    if not play.audience:
        return
    key = str(play.audience.get("key") or play.definition["entry"].get("segment") or play.key)
    if not Segment.shown.filter(key=key, state="active").exists():
        segment.save(key, dict(play.audience), now)


def holdout_of_all() -> float:
    """The per cent of customers who are held out of every campaign."""
    return held_out_of_all()


def hold_out_of_all(percent: float) -> float:
    """Hold so many per cent of the customers out of every campaign, from now on."""
    Policy.objects.update_or_create(pk=1, defaults={"holdout_percent": percent})
    return percent


# --- the loop's part ------------------------------------------------------------------------------------------------


def enter(changes: Sequence[Change], facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Start runs for who entered a segment and for facts that arrived; end runs whose goal is reached or whose exit
    rule holds; let go those that waited for what has happened."""
    if not (changes or facts):
        return
    book = Book()
    if not book.campaigns:
        return
    kept = restrictions.restricted()
    told = [(fact, who) for fact, who in zip(facts, customer_ids, strict=True) if who and who not in kept]
    for campaign in book.campaigns.values():
        if campaign.state == ACTIVE:
            starting = entering.from_news(campaign, book.plan(campaign.pk), changes, told, now)
            entering.start(book, campaign, starting, now)
    happening.apply(book, happening.news(book, changes, told, now), now)
