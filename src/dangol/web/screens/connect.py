"""Connect: who sends facts, how well that goes, and what to paste so that another page or server does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.base.models import Shop
from dangol.collect import heard, quarantine
from dangol.collect import reads as collect
from dangol.collect import sources as verbs
from dangol.collect.heard import Pulse
from dangol.collect.models import Source, WriteKey
from dangol.collect.steps import own_log
from dangol.privacy import audit
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show
from dangol.web.snippets import Snippet, snippets

BAR, GAP, HEIGHT = 7, 2, 28  # of the small chart, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the small chart."""

    x: int
    y: int
    height: int
    count: int
    on: str


@dataclass(frozen=True, slots=True)
class Line:
    """One source in the list."""

    source: Source
    pulse: Pulse
    quiet: timedelta | None
    refused: int

    @property
    def bars(self) -> list[Bar]:
        most = max(count for _, count in self.pulse.days) or 1
        tall = [max(round(HEIGHT * count / most), 2 if count else 1) for _, count in self.pulse.days]
        return [
            Bar(n * (BAR + GAP), HEIGHT - height, height, count, on.isoformat())
            for n, ((on, count), height) in enumerate(zip(self.pulse.days, tall, strict=True))
        ]


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """Every source, and what nobody could take."""

    lines: list[Line]
    refused: int
    faults: list[str]
    now: datetime


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One source: its health, its keys, and what to paste."""

    line: Line
    keys: list[WriteKey]
    may_add: bool
    base_url: str
    snippets: list[Snippet]
    now: datetime


def connect(request: Asked, faults: tuple[str, ...] = (), status: int = 200) -> HttpResponse:
    refused = _refused()
    lines = [_line(source, refused, request.now) for source in collect.sources()]
    page = ConnectPage(lines, sum(refused.values()), list(faults), request.now)
    return show(request, "connect.html", page, status)


def new(request: Asked) -> HttpResponse:
    """Another source; its key follows from its name where nobody gives one."""
    name = request.POST.get("name", "")
    key = request.POST.get("key", "").strip() or slugify(name)
    try:
        source = verbs.add(key, name, request.now)
    except Invalid as error:
        return connect(request, tuple(f"{f.path[1:]}: {f.found}. {f.allowed}" for f in error.faults), 422)
    except Conflict as error:
        return connect(request, (str(error),), 409)
    return go("source", source.key)


def one(request: Asked, key: str) -> HttpResponse:
    source = _source(key)
    base_url = settings.DANGOL.base_url.rstrip("/")
    page = SourcePage(
        line=_line(source, _refused(), request.now),
        keys=sorted(source.keys.all(), key=lambda row: (row.revoked_at is not None, -row.pk)),
        may_add=len(source.live_keys()) < verbs.MOST_KEYS,
        base_url=base_url,
        snippets=snippets(base_url, source.write_key) if source.write_key else [],
        now=request.now,
    )
    return show(request, "source.html", page)


def live(request: Asked, key: str) -> HttpResponse:
    """Whether anything has come yet; asked again and again by a page that waits."""
    return show(request, "parts/source_live.html", _line(_source(key), {}, request.now))


def switch(request: Asked, key: str) -> HttpResponse:
    if request.POST.get("on") == "yes":
        verbs.enable(key)
        messages.success(request, _("Its facts are taken again."))
    else:
        verbs.disable(key)
        messages.success(request, _("Switched off: its facts are refused, with every key."))
    return go("source", key)


def shorten(request: Asked, key: str) -> HttpResponse:
    verbs.shorten_ip(key, request.POST.get("on") == "yes")
    messages.success(request, _("Saved. It holds for what comes from now on."))
    return go("source", key)


def add_key(request: Asked, key: str) -> HttpResponse:
    verbs.add_key(key, request.now)
    audit.note(actor_of(request), "key made", request.now, detail={"source": key})
    messages.success(request, _("A second key. Both are taken: move your pages, then revoke the old one."))
    return go("source", key)


def revoke_key(request: Asked, key: str, pk: int) -> HttpResponse:
    if not any(row.pk == pk for row in _source(key).keys.all()):
        raise NotFound(f"{key} has no write key {pk}")
    verbs.revoke_key(pk, request.now)
    audit.note(actor_of(request), "key revoked", request.now, detail={"source": key, "key": pk})
    messages.success(request, _("The key opens nothing any more."))
    return go("source", key)


def _source(key: str) -> Source:
    found = next((source for source in collect.sources() if source.key == key), None)
    if found is None:
        raise NotFound(f"there is no source {key!r}")
    return found


def _line(source: Source, refused: dict[str, int], now: datetime) -> Line:
    pulse = heard.pulse(source.key, now, Shop.objects.get().zone)
    return Line(source, pulse, pulse.quiet(now) if source.enabled else None, refused.get(source.key, 0))


def _refused() -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in quarantine.reasons(own_log()):
        counts[reason.source] = counts.get(reason.source, 0) + reason.count
    return counts
