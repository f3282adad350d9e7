"""/s/TOKEN: the question, with the mark that the customer chose in the letter; only the button answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Invalid
from dangol.deliver import preferences
from dangol.survey import steps as survey
from dangol.survey.rules import DISSATISFIED_UP_TO, HIGHEST, LOWEST
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """The question, or thanks."""

    question: str
    score: int
    marks: list[tuple[int, str]]
    text: str
    done: bool
    closed: bool  # answered long ago
    sorry: bool  # they are dissatisfied: a person will read it
    preferences: str


def answer(request: Asked, token: str) -> HttpResponse:
    asked = survey.page(token)
    with speaking_to(asked.delivery):
        before = asked.answered
        if request.method != "POST":
            return _shown(request, asked, asked.score, before.answer if before else "")
        score, text = _score(request), request.POST.get("text", "").strip()
        try:
            survey.answer(token, score, text, request.now)
        except Conflict:
            return _shown(request, asked, score, text, closed=True, status=409)
        return _shown(request, asked, score, text, done=True)


def _score(request: Asked) -> int:
    given = request.POST.get("score", "")
    if not (given.isascii() and given.isdecimal() and LOWEST <= int(given) <= HIGHEST):
        raise Invalid("choose a mark from 1 to 5")
    return int(given)


def _shown(
    request: Asked,
    asked: survey.Page,
    score: int,
    text: str,
    *,
    done: bool = False,
    closed: bool = False,
    status: int = 200,
) -> HttpResponse:
    texts = asked.survey.question
    page = SurveyPage(
        question=texts.get((get_language() or "en")[:2]) or next(iter(texts.values()), ""),
        score=score,
        marks=_marks(),
        text=text,
        done=done,
        closed=closed,
        sorry=score <= DISSATISFIED_UP_TO,
        preferences=preferences.link(asked.delivery.pk),
    )
    return show(request, "letters/survey.html", page, status)


def _marks() -> list[tuple[int, str]]:
    words = (_("Very dissatisfied"), _("Dissatisfied"), _("Neutral"), _("Satisfied"), _("Very satisfied"))
    return list(enumerate(words, start=LOWEST))
