"""Home: the loop in four live figures, and the facts as they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language

from dangol.autopilot import steps as autopilot
from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.campaign import reads as campaign
from dangol.collect import reads as collect
from dangol.converse import steps as converse
from dangol.deliver import reads as deliver
from dangol.harvest import reads as harvest
from dangol.profile import reads as profile
from dangol.profile import steps as profile_steps
from dangol.segment import reads as segment
from dangol.survey import steps as survey
from dangol.survey.rules import Csat, csat
from dangol.web.page import Asked, show
from dangol.web.telling import Manner, Told, tell
from dangol.web.wording import labels

ROWS = 24
HARVEST_KEPT = 15  # seconds: it is counted over all orders, the page asks every second


@dataclass(frozen=True, slots=True)
class Loop:
    """The four stages in figures."""

    customers: int
    segments: int
    campaigns: int
    messages_today: int
    harvest: harvest.Total
    csat: Csat
    facts_today: int
    tasks: int
    proposals: int  # of the autopilot, that wait for a word


@dataclass(frozen=True, slots=True)
class HomePage:
    """The whole page."""

    loop: Loop
    feed: list[Told]
    after: int  # position of the newest fact on the page
    now: datetime
    base_url: str
    write_key: str

    @property
    def empty(self) -> bool:
        """Whether nothing has ever been heard: the page then says what to do first."""
        return not self.feed


def home(request: Asked) -> HttpResponse:
    return show(request, "home.html", _page(request, after=0))


def live(request: Asked) -> HttpResponse:
    """What is new since the fact that the page shows on top; 204 where nothing is."""
    after = int(request.GET.get("after") or 0)
    if profile.last_position() <= after:
        return HttpResponse(status=204)
    return show(request, "parts/live.html", _page(request, after))


def loop(request: Asked) -> HttpResponse:
    """The ring's figures, which time alone changes too."""
    return show(request, "parts/loop.html", HomePage(figures(request.now), [], 0, request.now, "", ""))


def _page(request: Asked, after: int) -> HomePage:
    feed = _feed(after)
    return HomePage(
        loop=figures(request.now),
        feed=feed,
        after=max([after, *(line.position for line in feed)]),
        now=request.now,
        base_url=settings.DANGOL.base_url.rstrip("/"),
        write_key=collect.write_key(),
    )


def _feed(after: int) -> list[Told]:
    rows = profile_steps.latest(ROWS, after)
    manner = Manner(Shop.objects.get(), get_language() or "en", labels())
    names = profile.names({row.customer_id for row in rows})
    return [tell(row, manner, names.get(row.customer_id, "")) for row in rows]


def figures(now: datetime) -> Loop:
    shop = Shop.objects.get()
    midnight = now.astimezone(shop.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return Loop(
        customers=profile.count(),
        segments=segment.count_active(),
        campaigns=campaign.count_active(),
        messages_today=deliver.handed_over_since(midnight),
        harvest=_harvest(int(now.timestamp()) // HARVEST_KEPT),
        csat=_csat(),
        facts_today=profile.facts_since(midnight),
        tasks=converse.count_open(),
        proposals=len(autopilot.waiting()),
    )


@lru_cache(maxsize=1)
def _harvest(slot: int) -> harvest.Total:
    now = datetime.fromtimestamp(0, Shop.objects.get().zone) + timedelta(seconds=(slot + 1) * HARVEST_KEPT)
    return harvest.total(harvest.everything(now))


def _csat() -> Csat:
    try:
        return survey.results(survey.CSAT).csat
    except NotFound:
        return csat([])
