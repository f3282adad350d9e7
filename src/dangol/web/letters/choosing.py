"""/p/TOKEN: what the customer wants to hear from the shop."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from dangol.deliver import preferences
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """The switch, as it stands."""

    marketing: bool
    saved: bool


def choose(request: Asked, token: str) -> HttpResponse:
    delivery = preferences.delivery_of(preferences.ROUTE, token)
    wanted = preferences.standing(delivery).marketing
    if request.method == "POST":
        wanted = request.POST.get("marketing") == "on"
        preferences.choose(delivery, wanted, request.now)
    with speaking_to(delivery):
        return show(request, "letters/preferences.html", PreferencesPage(wanted, request.method == "POST"))
