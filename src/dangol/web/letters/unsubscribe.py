"""/u/TOKEN: one button on a page, or one POST from the mail program (RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from dangol.deliver import preferences
from dangol.deliver import steps as deliver
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show

ROUTE = "u"
ONE_CLICK = "One-Click"


@dataclass(frozen=True, slots=True)
class UnsubscribePage:
    """The button, or that it was pressed."""

    done: bool
    preferences: str  # token of the page where everything can be chosen


def unsubscribe(request: Asked, token: str) -> HttpResponse:
    """Looking changes nothing: mail scanners follow links. A POST unsubscribes, however often it comes."""
    delivery = preferences.delivery_of(ROUTE, token)
    if request.method == "POST":
        deliver.unsubscribe(delivery.pk, request.now)
        if request.POST.get("List-Unsubscribe") == ONE_CLICK:
            return HttpResponse(b"", content_type="text/plain")
    with speaking_to(delivery):
        page = UnsubscribePage(request.method == "POST", preferences.link(delivery.pk))
        return show(request, "letters/unsubscribe.html", page)
