"""A campaign that did not run then is played over what really happened: who would have heard what, when, and why not.

In: a scene and the facts of a real shop. Out: a report. Everything before the first day is history: it changes
segments and starts nothing. From then on the loop, the gate and the sandbox do what they would have done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dangol.base.clock import SetClock, from_us
from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.campaign.templates import copying
from dangol.collect.log import Entry, FileLog
from dangol.deliver.models import Delivery
from dangol.identity import steps as identity
from dangol.offer import offers
from dangol.profile.models import Fact
from dangol.rehearsal import stage
from dangol.rehearsal.past import Scene, Spooled
from dangol.segment import lists, topics
from dangol.segment import steps as segment
from dangol.segment.models import List
from dangol.survey import steps as survey

WINDOW = timedelta(minutes=1)  # facts of one minute happen together
AT_ONCE = 2_000
MOST_SHOWN = 200
Say = Callable[[float], None]


@dataclass(slots=True)
class Report:
    """What would have been."""

    campaign: str
    begins: str
    ends: str
    entered: int = 0
    held_out: int = 0
    under_way: int = 0
    left: dict[str, int] = field(default_factory=dict)  # why runs ended
    messages: dict[str, dict[str, int]] = field(default_factory=dict)  # step → state → how many
    channels: dict[str, int] = field(default_factory=dict)  # handed over, by channel
    reasons: dict[str, int] = field(default_factory=dict)  # why the gate held or refused some
    days: dict[str, int] = field(default_factory=dict)  # handed over, by the shop's date
    conflicts: dict[str, int] = field(default_factory=dict)  # campaigns that wrote to the same customer on the same day
    cost: dict[str, str] = field(default_factory=dict)  # by currency, where channels tell it
    who: list[dict[str, str]] = field(default_factory=list)  # the first messages, one by one


def rehearse(folder: Path, data: Path, say: Say) -> dict[str, Any]:
    """Play the scene in `folder` in the scratch shop of `data`."""
    scene = msgspec.json.decode((folder / "scene.json").read_bytes(), type=Scene)
    clock = SetClock(from_us(scene.begins_us))
    with stage.own_log(data) as log:
        _open(scene, clock)
        before, window = _parted(folder / "facts.jsonl", scene.begins_us)
        _remember(log, clock, before)
        say(0.3)
        _let_run(scene, clock)
        _live(log, clock, window, from_us(scene.ends_us), say)
    return asdict(_report(scene))


def _open(scene: Scene, clock: SetClock) -> None:
    told = {word: value for word, value in scene.shop.items() if word != "sender_email"}
    Shop.objects.create(**told, sender_email=scene.shop["sender_email"] or "hello@shop.example")
    survey.ensure_ready(clock.now())
    for one in scene.lists:
        lists.save(one["key"], one["key"], clock.now())
        List.objects.filter(key=one["key"]).update(making=one["making"])
    for key, shape in scene.topics.items():
        topics.save(key, shape, clock.now())
    copying.bring(scene.templates, clock.now())
    for one in scene.offers:
        offers.put(one["key"], {"name": one["name"], "terms": one["terms"]}, clock.now())


def _parted(path: Path, begins_us: int) -> tuple[list[Spooled], list[Spooled]]:
    """What was before, and what happens in the rehearsal, in the order in which it was received."""
    decoder = msgspec.json.Decoder(Spooled)
    with path.open("rb") as file:
        facts = [decoder.decode(line) for line in file]
    window = [one for one in facts if one.received_us >= begins_us]
    return [one for one in facts if one.received_us < begins_us], sorted(window, key=lambda one: one.received_us)


def _entry(one: Spooled, *, history: bool = False) -> Entry:
    return Entry(one.source, one.message_id, one.received_us, bytes(one.body), one.imported or history)


def _remember(log: FileLog, clock: SetClock, facts: Sequence[Spooled]) -> None:
    for start in range(0, len(facts), AT_ONCE):
        log.append([_entry(one, history=True) for one in facts[start : start + AT_ONCE]])
        stage.settle(log, clock)


def _let_run(scene: Scene, clock: SetClock) -> None:
    """Segments are computed over the history; then all campaigns begin at one time."""
    for shape in _by_reference(scene.segments):
        segment.save(shape["key"], shape, clock.now())
    one = {"key": scene.key, "name": scene.name, "definition": {**scene.definition, "include_existing": False}}
    for other in [*scene.others, one]:
        campaign.put(other["key"], {"name": other["name"], "definition": other["definition"]}, clock.now())
        if not campaign.is_over(other["definition"], clock.now()):
            campaign.activate(other["key"], clock.now())


def _by_reference(shapes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Segments that others refer to come first."""
    left, done = list(shapes), set[str]()
    keys = {shape["key"] for shape in shapes}
    while left:
        ready = [one for one in left if not (_named(one["where"]) & keys) - done - {one["key"]}]
        for one in ready or left:
            yield one
            done.add(one["key"])
        left = [one for one in left if one["key"] not in done]


def _named(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["segment"]} if isinstance(node.get("segment"), str) else set()
        return own.union(*(_named(value) for value in node.values()))
    return set().union(*(_named(one) for one in node)) if isinstance(node, list) else set()


def _live(log: FileLog, clock: SetClock, facts: Sequence[Spooled], ends: datetime, say: Say) -> None:
    start, whole = clock.now(), ends - clock.now()
    for at, some in _minutes(facts):
        stage.pass_time(log, clock, max(at, clock.now()))
        log.append([_entry(one) for one in some])
        say(0.3 + 0.7 * ((clock.now() - start) / whole))
    stage.pass_time(log, clock, ends)


def _minutes(facts: Iterable[Spooled]) -> Iterator[tuple[datetime, list[Spooled]]]:
    """Facts that were received within a minute, at its end."""
    some: list[Spooled] = []
    for one in facts:
        if some and from_us(one.received_us) - from_us(some[0].received_us) >= WINDOW:
            yield from_us(some[-1].received_us), some
            some = []
        some.append(one)
    if some:
        yield from_us(some[-1].received_us), some


# --- the report -----------------------------------------------------------------------------------------------------


def _report(scene: Scene) -> Report:
    told = Report(scene.key, iso(from_us(scene.begins_us)), iso(from_us(scene.ends_us)))
    runs = Run.objects.filter(campaign__key=scene.key)
    told.entered, told.held_out = runs.count(), runs.filter(arm="holdout").count()
    told.under_way = runs.filter(state="active").count()
    told.left = _left(scene.key)
    rows = list(Delivery.objects.filter(campaign=scene.key).order_by("planned_at", "pk"))
    zone = Shop.objects.get().zone
    for row in rows:
        states = told.messages.setdefault(row.step, {})
        states[row.state] = states.get(row.state, 0) + 1
    sent = [row for row in rows if row.state == "accepted" and row.attempted_at]
    told.channels = dict(Counter(row.channel for row in sent))
    told.days = dict(Counter(str(_day(row, zone)) for row in sent))
    held = [one for row in rows for one in row.decision if one["verdict"] != "allow"]
    told.reasons = dict(Counter(rule for one in held for rule in one["rules"]))
    told.conflicts = _conflicts(scene.key, rows, zone)
    told.cost = _cost(sent)
    told.who = _who(rows[:MOST_SHOWN])
    return told


def _left(key: str) -> dict[str, int]:
    rows = Fact.objects.filter(name="Journey Left", own=True).values_list("properties", flat=True)
    told = (msgspec.json.decode(properties) for properties in rows)
    return dict(Counter(one["reason"] for one in told if one["campaign"] == key))


def _day(row: Delivery, zone: Any) -> Any:
    return (row.attempted_at or row.planned_at).astimezone(zone).date()


def _conflicts(key: str, rows: Sequence[Delivery], zone: Any) -> dict[str, int]:
    """How often another campaign wrote to a customer on a day on which this one did, or was to."""
    mine = {(row.customer_id, _day(row, zone)) for row in rows}
    others = Delivery.objects.exclude(campaign=key).filter(state="accepted")
    others = others.only("campaign", "customer_id", "attempted_at", "planned_at")
    return dict(Counter(row.campaign for row in others.iterator() if (row.customer_id, _day(row, zone)) in mine))


def _cost(sent: Sequence[Delivery]) -> dict[str, str]:
    found: Counter[str] = Counter()
    for row in sent:
        cost, currency = getattr(row, "cost", None), getattr(row, "currency", "")
        if cost:
            found[currency] += cost
    return {currency: str(amount) for currency, amount in found.items()}


def _who(rows: Sequence[Delivery]) -> list[dict[str, str]]:
    names = identity.identifiers({row.customer_id for row in rows})
    return [
        {
            "customer": next((f"{kind}:{value}" for kind, value in names.get(row.customer_id, [])), "unknown"),
            "at": iso(row.attempted_at or row.planned_at),
            "step": row.step,
            "state": row.state,
            "subject": row.subject,
            "why": ", ".join(row.decision[-1]["rules"]) if row.decision else "",
        }
        for row in rows
    ]
