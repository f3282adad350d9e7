"""Time-travel tests as they are written: which facts, at which times, and which messages are expected then.

```yaml
- name: A cart that is left is reminded of once
  campaign: abandoned-cart          # a play, or a file of a campaign beside this one
  start: "2026-11-24T10:00"         # on the shop's clock
  until: 3d
  facts:
    - {at: 0m, customer: ann, identify: {email: ann@example.com}}
    - {at: 5m, customer: ann, event: Product Added, properties: {name: Cup}}
  expect:
    - {at: 1h5m, customer: ann, step: reminder}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dangol.base.documents import read_text
from dangol.base.errors import Invalid
from dangol.base.spans import UNITS
from dangol.campaign.shape import Reader
from dangol.profile.topics import KINDS

WORDS = (
    "name",
    "campaign",
    "definition",
    "shop",
    "segments",
    "lists",
    "topics",
    "offers",
    "start",
    "until",
    "facts",
    "expect",
    "holdout",
)
SHOP = ("timezone", "country", "currency", "locale")
FACT = ("at", "customer", "identify", "event", "properties", "consent", "imported")
EXPECT = ("at", "customer", "step", "state", "left", "fact")
SPANS = re.compile(r"(\d{1,6}[smhdw])+")
PART = re.compile(r"(\d{1,6})([smhdw])")
USUAL_START = "2026-11-24T12:00"


@dataclass(frozen=True, slots=True)
class Given:
    """A fact that happens in a test."""

    at: timedelta  # after the start
    customer: str  # their userId
    event: Mapping[str, Any]  # in the shape of a tracking call
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What shall happen, to the minute."""

    at: timedelta
    customer: str
    what: str  # "message reminder", "left goal", "fact Trial Reminded"


@dataclass(frozen=True, slots=True)
class Case:
    """One test."""

    name: str
    campaign: str  # a play's key or a file's name; empty where the definition stands here
    definition: Mapping[str, Any]
    zone: ZoneInfo
    start: datetime
    until: timedelta
    facts: tuple[Given, ...]
    expected: tuple[Expected, ...]
    shop: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Mapping[str, Any], ...] = ()
    lists: tuple[str, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)  # key → opt_in or opt_out
    offers: Mapping[str, Any] = field(default_factory=dict)  # key → terms
    holdout: bool = False  # whether some are held out, as the campaign says; otherwise nobody is


def read_file(path: Path) -> list[Case]:
    """The tests of a file. Raises Invalid with every fault."""
    shapes = read_text(path.read_text("utf-8"))
    listed = shapes[0] if len(shapes) == 1 and isinstance(shapes[0], list) else shapes
    read = Reader()
    found = [_case(read, one, f"/{number}") for number, one in enumerate(listed)]
    if read.faults:
        raise Invalid(read.faults)
    return found


def _case(read: Reader, given: object, at: str) -> Case:
    shape = read.mapping(given, at, WORDS)
    shop = {name: str(value) for name, value in read.mapping(shape.get("shop", {}), f"{at}/shop", SHOP).items()}
    zone = _zone(read, shop.get("timezone", "Asia/Seoul"), f"{at}/shop/timezone")
    if ("campaign" in shape) == ("definition" in shape):
        read.fault(at, "campaign and definition" if "campaign" in shape else None, "one of campaign or definition")
    return Case(
        name=read.text(shape.get("name"), f"{at}/name", most=300),
        campaign=str(shape.get("campaign", "")),
        definition=shape.get("definition") or {},
        zone=zone,
        start=_start(read, shape.get("start", USUAL_START), zone, f"{at}/start"),
        until=span(read, shape.get("until"), f"{at}/until"),
        facts=tuple(sorted(_facts(read, shape.get("facts"), f"{at}/facts"), key=lambda one: one.at)),
        expected=tuple(_expectations(read, shape.get("expect"), f"{at}/expect")),
        shop=shop,
        segments=tuple(shape.get("segments") or ()),
        lists=tuple(shape.get("lists") or ()),
        offers=read.mapping(shape.get("offers") or {}, f"{at}/offers", tuple(shape.get("offers") or ())),
        topics=_topics(read, shape.get("topics") or {}, f"{at}/topics"),
        holdout=read.flag(shape, "holdout", at, default=False),
    )


def _topics(read: Reader, given: object, at: str) -> dict[str, str]:
    if not isinstance(given, Mapping):
        read.fault(at, given, "topics by key, such as {news: opt_in}")
        return {}
    return {read.key(key, f"{at}/{key}"): read.choice(kind, f"{at}/{key}", tuple(KINDS)) for key, kind in given.items()}


def _zone(read: Reader, name: str, at: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        read.fault(at, name, "an IANA zone such as Asia/Seoul")
        return ZoneInfo("UTC")


def _start(read: Reader, given: object, zone: ZoneInfo, at: str) -> datetime:
    try:
        return datetime.fromisoformat(str(given)).replace(tzinfo=zone)
    except ValueError:
        read.fault(at, given, "a date and time on the shop's clock, such as 2026-11-24T10:00")
        return datetime(2026, 11, 24, 12, tzinfo=zone)


def span(read: Reader, given: object, at: str) -> timedelta:
    """A time after the start: `0m`, `1h5m`, `2d`."""
    if not isinstance(given, str) or not SPANS.fullmatch(given):
        read.fault(at, given, "a time after the start such as 0m, 1h5m or 2d")
        return timedelta(0)
    return timedelta(seconds=sum(int(number) * UNITS[unit] for number, unit in PART.findall(given)))


def _facts(read: Reader, given: object, at: str) -> Iterator[Given]:
    for number, one in enumerate(read.items(given, at, least=0, most=1000)):
        here = f"{at}/{number}"
        shape = read.mapping(one, here, FACT)
        told = [word for word in ("identify", "event", "consent") if word in shape]
        if len(told) != 1:
            read.fault(here, ", ".join(told) or None, "one of identify, event or consent")
            continue
        customer = read.text(shape.get("customer"), f"{here}/customer", most=100)
        after = span(read, shape.get("at"), f"{here}/at")
        yield Given(after, customer, _event(shape, customer), read.flag(shape, "imported", here, default=False))


def _event(shape: Mapping[str, Any], customer: str) -> dict[str, Any]:
    if "identify" in shape:
        return {"type": "identify", "userId": customer, "traits": shape["identify"] or {}}
    if "consent" in shape:
        told = {"channel": shape["consent"], "purpose": "marketing", "state": "granted", "basis": "explicit"}
        return {"type": "track", "userId": customer, "event": "Consent Changed", "properties": told}
    return {
        "type": "track", "userId": customer, "event": shape["event"], "properties": shape.get("properties") or {},
    }  # fmt: skip


def _expectations(read: Reader, given: object, at: str) -> Iterator[Expected]:
    for number, one in enumerate(read.items(given, at, least=0, most=1000)):
        here = f"{at}/{number}"
        shape = read.mapping(one, here, EXPECT)
        told = [word for word in ("step", "left", "fact") if word in shape]
        if len(told) != 1:
            read.fault(here, ", ".join(told) or None, "one of step, left or fact")
            continue
        customer = read.text(shape.get("customer"), f"{here}/customer", most=100)
        state = f" {shape['state']}" if shape.get("state") not in (None, "accepted") else ""
        what = {"step": "message", "left": "left", "fact": "fact"}[told[0]] + f" {shape[told[0]]}{state}"
        yield Expected(span(read, shape.get("at"), f"{here}/at"), customer, what)
