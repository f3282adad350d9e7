"""/p/TOKEN: what the customer wants to hear from the shop."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from dangol.base.errors import Invalid
from dangol.deliver import preferences
from dangol.survey import asking
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """The switch, as it stands."""

    marketing: bool
    saved: bool
    question: asking.Asked | None  # the one thing that would help most to know
    unclear: str  # an answer that could not be taken


def choose(request: Asked, token: str) -> HttpResponse:
    delivery = preferences.delivery_of(preferences.ROUTE, token)
    wanted = preferences.standing(delivery).marketing
    if request.method == "POST":
        wanted = request.POST.get("marketing") == "on"
        preferences.choose(delivery, wanted, request.now)
    unclear = _take_answer(request, delivery.customer_id)
    asked = asking.next_question(delivery.customer_id)
    if asked and asked.trait == request.POST.get("trait") and not unclear:
        asked = None  # told just now; the loop has it in a moment
    with speaking_to(delivery):
        saved = request.method == "POST"
        return show(request, "letters/preferences.html", PreferencesPage(wanted, saved, asked, unclear))


def _take_answer(request: Asked, customer_id: int) -> str:
    """Keep an answer to the question; the text that could not be taken, or nothing."""
    trait, text = request.POST.get("trait", ""), request.POST.get("told", "")
    wanted = asking.next_question(customer_id)
    if not (wanted and wanted.trait == trait):
        return ""  # only what was asked is taken
    try:
        asking.answer(customer_id, trait, text, "web", request.now)
    except Invalid:
        return text[:100]
    return ""
