"""One shop lived through by the real loop: facts in, segments, campaigns, letters out, and what people do with them.

The owner does nothing but accept what is proposed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dangol import loop
from dangol.autopilot import steps as autopilot
from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign.models import Campaign
from dangol.collect.log import FileLog
from dangol.deliver import steps as deliver
from dangol.deliver.models import Link, OutboxMessage
from dangol.rehearsal import stage
from dangol.simulation.crowd import Crowd, Deed
from dangol.simulation.kinds import World
from dangol.simulation.lives import lives
from dangol.simulation.stories import Letter
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey

BEGINS = datetime(2025, 9, 1)  # noqa: DTZ001 - a local midnight, a Monday
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOURS = (9, 19)  # of the local day, at which the loop turns: what its stages told is taken in the next
DAILY, LATER = range(5), 14  # days on which the owner looks: at first each, then every other week


@dataclass(slots=True)
class Ran:
    """A shop after its time, as the world knows it."""

    world: World
    crowd: Crowd
    ended: datetime
    accepted: list[str] = field(default_factory=list)  # what was proposed, in its order


Owner = Callable[[Ran, datetime], None]  # looks at the shop, and does what owners do


def began(world: World) -> datetime:
    """The local midnight at which a simulation begins."""
    return BEGINS.replace(tzinfo=ZoneInfo(world.kind.zone))


def open_shop(world: World, now: datetime) -> None:
    """An empty shop, ready to send."""
    kind = world.kind
    Shop.objects.all().delete()
    Shop.objects.create(
        name="Simulated", timezone=kind.zone, currency=kind.currency, locale="en", country=kind.country,
        url="https://shop.example.com", sender_name="Simulated", sender_email="hello@shop.example.com",
        postal_address="1 Example Street", phone="02-000-0000",
    )  # fmt: skip
    strategy.ensure_ready(now)
    survey.ensure_ready(now)
    autopilot.set_limits({"mode": "proposes"}, now)


def crowd(world: World) -> Crowd:
    """The people of a shop, to whom nothing has happened yet."""
    return Crowd(world, list(lives(world, BEGINS)), began(world))


def live(world: World, folder: Path, owner: Owner | None = None) -> Ran:
    """Live through one shop in the scratch database that Django stands on. The owner accepts, unless told otherwise."""
    sees = owner or accept
    start = began(world)
    people, clock = crowd(world), SetClock(start)
    ran = Ran(world, people, start + timedelta(days=world.days))
    with stage.own_log(folder) as log:
        open_shop(world, clock.now())
        mail = Mail(people)
        for day in range(world.days):
            if day in DAILY or day % LATER == 0:
                sees(ran, clock.now())
            for hour in HOURS:
                clock.set(start + timedelta(days=day, hours=hour))
                _step(log, clock, people, mail)
        clock.set(max(ran.ended, clock.now()))
        _step(log, clock, people, mail)
    return ran


def accept(ran: Ran, now: datetime) -> None:
    """The owner says yes to everything that is proposed."""
    autopilot.step(now)
    for act in autopilot.waiting():
        done = autopilot.accept(act.pk, "owner", now)
        ran.accepted.append(f"{done.verb} {done.play}")


def _step(log: FileLog, clock: SetClock, people: Crowd, mail: Mail) -> None:
    now = clock.now()
    if entries := people.until(now):
        log.append(entries)
    for deed in people.deeds(now):
        act(deed)
    loop.turn_once(log, clock)
    if (due := deliver.next_due()) is not None and due <= now:
        deliver.work(clock, stage.AT_ONCE)
        mail.bring(now)


class Mail:
    """Takes letters out of the sandbox and gives them to those to whom they are addressed."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._newest = crowd, 0

    def bring(self, now: datetime) -> None:
        fresh = list(OutboxMessage.objects.filter(pk__gt=self._newest).select_related("delivery").order_by("to", "pk"))
        self._newest = max((message.pk for message in fresh), default=self._newest)
        plays = dict(Campaign.objects.values_list("key", "play")) if fresh else {}
        for message in fresh:
            number, delivery = self._crowd.by_email.get(message.to), message.delivery
            if number is None:
                continue
            letter = Letter(
                at=self._crowd.day(now), play=plays.get(delivery.campaign) or delivery.campaign,
                campaign=delivery.campaign, marketing=delivery.message_class == "marketing",
                asks=bool(delivery.message.get("survey")),
            )  # fmt: skip
            self._crowd.receive(number, letter, delivery.pk)


def act(deed: Deed) -> None:
    """Somebody opens, clicks, answers, or wants no more."""
    if deed.what == "opens":
        deliver.opened(deed.delivery, deed.at, BROWSER)
    elif deed.what == "clicks":
        if link := Link.objects.filter(delivery_id=deed.delivery).order_by("index").first():
            deliver.clicked(deed.delivery, link.index, deed.at, BROWSER)
    elif deed.what == "leaves":
        deliver.unsubscribe(deed.delivery, deed.at)
    elif deed.take.answers is not None:
        token = survey.link(deed.delivery, deed.take.answers)
        survey.answer(token, deed.take.answers, "", deed.at)
