"""The monthly letter as pages: the newest, those of before, what the next would say now, and whether it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.deliver.channels import sends_email
from dangol.harvest import letters
from dangol.harvest import steps as harvest
from dangol.harvest.models import Letter
from dangol.web import monthly
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class LettersPage:
    """All letters, and what becomes of the next."""

    rows: list[Letter]
    wanted: bool
    sends: bool  # whether the shop has a way to send e-mail
    to: list[str]
    now: datetime
    here: str = "letters"


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One letter, or what the next would say."""

    said: dict[str, Any]  # subject and sections, in the page's language
    letter: Letter | None
    now: datetime
    here: str = "letters"


def everything(request: Asked) -> HttpResponse:
    page = LettersPage(
        letters.everything(), letters.wanted(), sends_email(settings.DANGOL), letters.owners(), request.now
    )
    return show(request, "harvest_letters.html", page)


def one(request: Asked, month: str) -> HttpResponse:
    found = letters.get(month)
    return show(request, "harvest_letter.html", LetterPage(_said(found.body), found, request.now))


def preview(request: Asked) -> HttpResponse:
    """What the letter about the month before would say now; nothing is kept or sent."""
    _month, body = letters.preview(request.now, monthly.BESIDE)
    return show(request, "harvest_letter.html", LetterPage(_said(body), None, request.now))


def switch(request: Asked) -> HttpResponse:
    """Whether the letter is sent."""
    told = harvest.terms()
    harvest.say(told.margin_percent if told else None, "letter" in request.POST, request.now)
    messages.success(request, _("Saved."))
    return go("harvest-letters")


def _said(body: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return body.get((get_language() or "en")[:2]) or body["en"]
