"""The library of segments: what each is for and how many it would mean now; one button makes it the shop's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import Invalid
from dangol.segment import active, adopting, asking, library
from dangol.web.page import Asked, go, show
from dangol.web.screens.segments import words

GROUPS = {
    "lifecycle": lazy("Stages of a customer's life"),
    "rfm": lazy("How lately and how often they buy"),
    "abandonment": lazy("Begun and not finished"),
    "buying": lazy("What and how they buy"),
    "people": lazy("Reading, birthdays, satisfaction"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """Something to fill in."""

    name: str
    label: str
    suggestions: list[str]


@dataclass(frozen=True, slots=True)
class Offered:
    """One segment of the library, in the page's language."""

    key: str
    name: str
    purpose: str
    words: str
    count: int | None  # for how many customers it holds now; None where something is to be filled in first
    there: bool  # the shop has it already
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """The library by group."""

    groups: list[tuple[Any, list[Offered]]]
    faults: tuple[str, ...] = ()


def segment_library(request: Asked, faults: tuple[str, ...] = (), status: int = 200) -> HttpResponse:
    ready = library.everything()
    counts = asking.evaluate_all({key: one.where for key, one in ready.items() if not one.asks}, request.now)
    there = {row.key for row in active.visible()}
    language = (get_language() or "en")[:2]
    groups = [
        (
            title,
            [
                _offered(one, language, counts.get(one.key), one.key in there)
                for one in ready.values()
                if one.group == group
            ],
        )
        for group, title in GROUPS.items()
    ]
    return show(request, "segment_library.html", LibraryPage(groups, faults), status)


def adopt(request: Asked, key: str) -> HttpResponse:
    """Make one the shop's own, as a draft or at work."""
    ready = library.get(key)
    values = {name: request.POST.get(name, "") for name in ready.asks}
    state = "draft" if request.POST.get("state") == "draft" else "active"
    try:
        saved = adopting.adopt(key, values, (get_language() or "en")[:2], request.now, state=state)
    except Invalid as error:
        return segment_library(request, tuple(str(fault) for fault in error.faults), 422)
    messages.success(request, _("The segment is yours now; change it as you like."))
    return go("segment", saved.stands_for or saved.key)


def _offered(one: library.Ready, language: str, found: list[int] | None, there: bool) -> Offered:
    suggested = adopting.suggestions(one)
    questions = [Question(name, str(asked[language]), suggested.get(name, [])) for name, asked in one.asks.items()]
    told = "" if one.asks else words(one.where)
    count = None if found is None else len(found)
    return Offered(one.key, one.name[language], one.purpose[language], told, count, there, questions)
