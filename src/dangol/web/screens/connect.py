"""Connect: how the shop's site, server and files tell Dangol what happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse

from dangol.collect import reads as collect
from dangol.collect import steps as collect_steps
from dangol.collect.log import Rejected
from dangol.collect.models import Import, Source
from dangol.web.page import Asked, show

REFUSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Refused:
    """One event that was not taken."""

    source: str
    code: str
    detail: str
    body: str


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """Snippets with the shop's real key and address, and what came through."""

    base_url: str
    write_key: str
    data: str
    sources: list[Source]
    imports: list[Import]
    refused: list[Refused]
    now: datetime


def connect(request: Asked) -> HttpResponse:
    page = ConnectPage(
        base_url=settings.DANGOL.base_url.rstrip("/"),
        write_key=collect.write_key(),
        data=settings.DANGOL.data,
        sources=collect.sources(),
        imports=collect.imports(),
        refused=[_refused(row) for row in collect_steps.own_log().rejected(REFUSED_SHOWN)],
        now=request.now,
    )
    return show(request, "connect.html", page)


def _refused(row: Rejected) -> Refused:
    return Refused(row.source, row.code, row.detail[:300], row.body[:2_000].decode("utf-8", "replace"))
