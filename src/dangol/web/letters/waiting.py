"""/m: what waits for a visitor on the shop's pages, asked for by the tracker; /m/MARK/…: what became of it there."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from dangol.collect import sources
from dangol.deliver import cards
from dangol.web.page import Asked

ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
LONGEST = 300


def waiting(request: Asked) -> HttpResponse:
    """A visitor is known by the id that only their browser has; 204 where nothing waits, also for a foreign key."""
    visitor, views = request.GET.get("a", "")[:LONGEST], request.GET.get("n", "")
    found = {}
    if visitor and request.GET.get("k", "") in sources.opened():
        found = cards.waiting(visitor, int(views) if views.isdecimal() and len(views) < 6 else 0, request.now)
    return JsonResponse(found, headers=ANYWHERE) if found else HttpResponse(status=204, headers=ANYWHERE)


def heard(request: Asked, token: str, what: str) -> HttpResponse:
    known = cards.heard(token, what, request.now, request.headers.get("User-Agent", ""))
    return HttpResponse(status=204 if known else 404, headers=ANYWHERE)
