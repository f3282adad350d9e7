"""Topics: what the shop writes about, as customers choose among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.profile import topics as profile
from dangol.profile.models import Topic
from dangol.segment import topics as steps
from dangol.web.builder.fault_words import said
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class TopicForm:
    """One topic as its form shows it; without a key a new one."""

    key: str
    kind: str = "opt_in"
    texts: Sequence[tuple[str, str, str, str]] = ()  # language, what it is called, name, description
    name: str = ""  # in the reader's language
    size: int = 0  # customers subscribed
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicsPage:
    """Every topic in the shop's order, and the form of a new one."""

    rows: list[TopicForm]
    new: TopicForm
    faults: tuple[str, ...] = field(default=())  # why something else than a form was refused


def topics(request: Asked) -> HttpResponse:
    return _show(request)


def save(request: Asked) -> HttpResponse:
    """Declare a topic, or declare it otherwise."""
    key = request.POST.get("key", "").strip()
    told = {word: _typed(request, word) for word in ("name", "description")}
    kind = request.POST.get("kind", "")
    before = Topic.objects.filter(key=key).first()
    if request.POST.get("new") and before is not None and before.archived_at is None:
        return _refused(request, key, kind, told, [Fault("/key", key, "a key that no other topic has")])
    shape = {word: {**_others(before, word), **texts} for word, texts in told.items()}
    try:
        steps.save(key, {**shape, "kind": kind}, request.now)
    except Invalid as error:
        return _refused(request, key, kind, told, error.faults)
    messages.success(request, _("Saved."))
    return go("topics")


def _typed(request: Asked, word: str) -> dict[str, str]:
    return {language: request.POST.get(f"{word}.{language}", "") for language, _name in settings.LANGUAGES}


def _others(row: Topic | None, word: str) -> dict[str, str]:
    """What a topic is called in languages that the form does not have."""
    known = dict(settings.LANGUAGES)
    texts = getattr(row, word) if row else {}
    return {language: text for language, text in texts.items() if language not in known}


def archive(request: Asked, key: str) -> HttpResponse:
    try:
        steps.archive(key, request.now)
    except Conflict:
        users = ", ".join(steps.used_by(key))
        fault = _("The topic is in use: %(users)s. Change that first.") % {"users": users}
        return _show(request, faults=(fault,), status=409)
    messages.success(request, _("The topic is offered to nobody any more."))
    return go("topics")


def move(request: Asked, key: str) -> HttpResponse:
    profile.move(key, -1 if request.POST.get("to") == "up" else 1)
    return go("topics")


def _refused(
    request: Asked, key: str, kind: str, told: Mapping[str, Mapping[str, str]], faults: Sequence[Fault]
) -> HttpResponse:
    form = TopicForm(key, kind, _texts(told["name"], told["description"]), faults=tuple(map(said, faults)))
    return _show(request, refused=form, new=bool(request.POST.get("new")), status=422)


def _show(
    request: Asked, *, refused: TopicForm | None = None, new: bool = False, faults: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    found = profile.everything()
    sizes = steps.sizes([row.key for row in found], request.now)
    rows = [_form(row, sizes[row.key]) for row in found]
    if refused and not new:
        rows = [refused if one.key == refused.key else one for one in rows]
    fresh = refused if refused and new else TopicForm("", texts=_texts({}, {}))
    return show(request, "topics.html", TopicsPage(rows, fresh, faults), status)


def _form(row: Topic, size: int) -> TopicForm:
    told: dict[str, Any] = profile.written(row)
    texts = _texts(row.name, row.description)
    return TopicForm(row.key, told["kind"], texts, profile.called(row, get_language() or "en"), size)


def _texts(name: Mapping[str, str], description: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    return [
        (language, str(called), name.get(language, ""), description.get(language, ""))
        for language, called in settings.LANGUAGES
    ]
