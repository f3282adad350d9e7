"""A time-travel test is played through the real loop in a scratch shop, and held against what it expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from django.db import transaction

from dangol.base.clock import SetClock, to_us
from dangol.base.errors import Invalid, NotFound
from dangol.base.instants import iso
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.campaign.folder import read_shape
from dangol.collect.log import Entry
from dangol.deliver.models import Delivery
from dangol.identity import steps as identity
from dangol.offer import offers
from dangol.profile.models import Fact
from dangol.rehearsal import stage
from dangol.rehearsal.case import Case, Expected, read_file
from dangol.segment import lists, topics
from dangol.segment import steps as segment
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey

KEY = "tested"
OURS = ("Journey Entered", "Journey Left")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a test: when after the start, to whom, what."""

    at: timedelta
    customer: str
    what: str
    told: str = ""  # a subject, a reason, why it was held back


@dataclass(frozen=True, slots=True)
class Played:
    """A test that was played."""

    case: Case
    moments: tuple[Moment, ...]
    missing: tuple[Expected, ...]
    unexpected: tuple[Moment, ...]

    @property
    def passed(self) -> bool:
        return not (self.missing or self.unexpected)


def play_file(path: Path) -> Iterator[Played]:
    """Play every test of a file, each in a shop of its own; nothing of it stays. Raises Invalid."""
    for case in read_file(path):
        yield play(case, path.parent)


def play(case: Case, beside: Path) -> Played:
    """Play one test; files that it names lie `beside`."""
    with TemporaryDirectory(prefix="dangol-test-") as folder, transaction.atomic():
        moments = tuple(_moments(case, beside, Path(folder)))
        transaction.set_rollback(True)
    return compare(case, moments)


def compare(case: Case, moments: tuple[Moment, ...]) -> Played:
    """What was expected and did not happen, and the messages that nobody expected. To the minute."""
    wanted, left = Counter(map(_place, case.expected)), Counter(map(_place, moments))
    missing = tuple(one for one in case.expected if not _take(left, _place(one)))
    messages = [one for one in moments if one.what.startswith("message ")]
    unexpected = tuple(one for one in messages if not _take(wanted, _place(one)))
    return Played(case, moments, missing, unexpected)


def _place(one: Expected | Moment) -> tuple[str, str, int]:
    return one.customer, one.what, one.at // MINUTE


def _take(some: Counter[tuple[str, str, int]], one: tuple[str, str, int]) -> bool:
    """Take one away; whether there was one."""
    some[one] -= 1
    return some[one] >= 0


def _moments(case: Case, beside: Path, folder: Path) -> list[Moment]:
    clock = SetClock(case.start)
    with stage.own_log(folder) as log:
        _open(case, beside, clock)
        stage.play(log, clock, _entries(case), case.start + case.until)
        return sorted(_told(case), key=lambda one: (one.at, one.customer, one.what))


def _open(case: Case, beside: Path, clock: SetClock) -> None:
    """The scratch shop, with the campaign running."""
    Shop.objects.all().delete()
    Shop.objects.create(
        name="Test Shop", timezone=str(case.zone), currency=case.shop.get("currency", "KRW"),
        locale=case.shop.get("locale", "en"), country=case.shop.get("country", "KR"), url="https://shop.example",
        sender_name="Test Shop", sender_email="hello@shop.example", postal_address="1 Test Street", phone="02-000-0000",
    )  # fmt: skip
    strategy.ensure_ready(clock.now())
    survey.ensure_ready(clock.now())
    for key in case.lists:
        lists.save(key, key, clock.now())
    for key, kind in case.topics.items():
        topics.save(key, {"name": {"en": key}, "kind": kind}, clock.now())
    for key, terms in case.offers.items():
        offers.put(key, {"name": key, "terms": terms}, clock.now())
    for shape in case.segments:
        segment.save(str(shape.get("key", "")), shape, clock.now())
    definition = _definition(case, beside, clock)
    if not case.holdout:
        definition = {**definition, "holdout_percent": 0}
    campaign.put(KEY, {"name": case.name, "definition": definition}, clock.now())
    campaign.activate(KEY, clock.now())


def _definition(case: Case, beside: Path, clock: SetClock) -> Mapping[str, Any]:
    if case.definition:
        return case.definition
    path = beside / case.campaign
    if path.suffix in {".yaml", ".yml", ".json"} and path.is_file():
        return dict(read_shape(path)["definition"])
    try:
        play = strategy.play(case.campaign)
    except NotFound as error:
        raise Invalid(f"{case.name}: no play and no file is called {case.campaign}") from error
    campaign.save_audience(play, clock.now())
    return play.definition


def _entries(case: Case) -> Iterator[tuple[datetime, Entry]]:
    for number, one in enumerate(case.facts):
        at = case.start + one.at
        event = {**one.event, "messageId": f"t{number}", "timestamp": iso(at)}
        yield at, Entry("site", f"t{number}", to_us(at), msgspec.json.encode(event), one.imported)


def _told(case: Case) -> Iterator[Moment]:
    names = {found: user for user in {one.customer for one in case.facts} if (found := identity.find("userId", user))}
    for row in Delivery.objects.filter(campaign=KEY):
        state = "" if row.state == "accepted" else f" {row.state}"
        at = (row.finished_at or row.due_at) - case.start
        reasons = ", ".join(row.decision[-1]["rules"]) if row.decision and state else row.subject
        yield Moment(at, names.get(row.customer_id, "?"), f"message {row.step}{state}", reasons)
    for fact in Fact.objects.filter(own=True).exclude(name__in=("Message Sent", "Email Delivered", "Survey Asked")):
        told = msgspec.json.decode(fact.properties) if fact.properties else {}
        if told.get("campaign") == KEY:
            yield from _of_fact(fact, told, fact.at - case.start, names.get(fact.customer_id, "?"))


def _of_fact(fact: Fact, told: Mapping[str, Any], at: timedelta, customer: str) -> Iterator[Moment]:
    if fact.name == "Journey Entered":
        yield Moment(at, customer, "entered", str(told.get("arm", "")))
    elif fact.name == "Journey Left":
        yield Moment(at, customer, f"left {told.get('reason', '')}")
    else:
        yield Moment(at, customer, f"fact {fact.name}")


def lines(played: Played, say: Callable[[timedelta], str]) -> Iterator[str]:
    """The time line of a test, and what is wrong with it."""
    yield f"{'ok  ' if played.passed else 'FAIL'}  {played.case.name}"
    wrong = set(played.unexpected)
    for one in played.moments:
        mark = "  ← not expected" if one in wrong else ""
        yield f"      {say(one.at):>9}  {one.customer:10} {one.what}{f' ({one.told})' if one.told else ''}{mark}"
    for missed in played.missing:
        yield f"      {say(missed.at):>9}  {missed.customer:10} {missed.what}  ← expected, did not happen"


def clock_words(at: timedelta) -> str:
    """A time after the start as tests write it: 1d2h5m."""
    seconds = round(at.total_seconds())
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"
