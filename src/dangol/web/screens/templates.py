"""Templates: the gallery, and the page on which one is written beside what a customer would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.campaign.templates import stored
from dangol.campaign.templates.models import Template
from dangol.deliver import gaps, previews
from dangol.deliver.gaps import Gaps
from dangol.strategy import gallery
from dangol.strategy.gallery import Letter
from dangol.web.page import Asked, go, show
from dangol.web.writer import changes, fault_words, written
from dangol.web.writer.changes import Changed
from dangol.web.writer.fault_words import Told
from dangol.web.writer.written import Written


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter of the gallery, named in the page's language."""

    letter: Letter
    name: str


@dataclass(frozen=True, slots=True)
class TemplatesPage:
    """What is kept, and what may be begun with."""

    rows: list[Template]
    letters: list[Shown]


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else saved while this was being written."""

    version: int  # 0: they removed it
    at: datetime | None
    changed: list[Changed]


@dataclass(frozen=True, slots=True)
class Language:
    """One language of a template, and where it is written."""

    tag: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """The editor."""

    written: Written
    languages: list[Language]
    customers: list[tuple[int, str]]
    faults: list[Told] = field(default_factory=list)
    meanwhile: Meanwhile | None = None
    taken: Template | None = None  # the one that has this key already
    unsaved: bool = False  # what stands in it is not what is kept
    holders: list[Template] = field(default_factory=list)  # of a partial
    gaps: Gaps | None = None  # what was missing in what was sent of it


def templates(request: Asked) -> HttpResponse:
    console = console_language()
    letters = [Shown(one, one.name.get(console, one.key)) for one in gallery.letters().values()]
    return show(request, "templates.html", TemplatesPage(stored.everyone(), letters))


def new(request: Asked) -> HttpResponse:
    """A new one, begun with a letter of the gallery (`from`) or with nothing; `kind=partial` for a partial."""
    letter = gallery.letters().get(request.GET.get("from", ""))
    console = console_language()
    language = request.GET.get("language", "")[:35] or console
    return editor(request, written.begun(letter, language, console, partial=request.GET.get("kind") == "partial"))


def edit(request: Asked, key: str) -> HttpResponse:
    """`language` names the language that is written; one that is not there yet begins as the language `like` has it."""
    language, like = request.GET.get("language", "")[:35].strip(), request.GET.get("like", "")[:35]
    return editor(request, written.kept(stored.get(key), language, like))


def save(request: Asked) -> HttpResponse:
    """Save one language; the others stay as they are, or as the gallery has them."""
    told = written.posted(request)
    try:
        found = stored.put(told.key, written.shape(told), request.now, version=told.version)
    except Invalid as error:
        return editor(request, told, error.faults, status=422)
    except Conflict:
        return _overtaken(request, told)
    messages.success(request, _("Saved. Campaigns that run go on with the version they were activated with."))
    return _back(found.key, told.language)


def remove(request: Asked, key: str) -> HttpResponse:
    try:
        stored.remove(key, request.now)
    except Conflict:
        names = ", ".join(one.name for one in stored.holding(key))
        messages.error(request, _("It stays: these templates hold it: %(names)s") % {"names": names})
        return go("template", key)
    messages.success(request, _("Removed. Campaigns that run go on with it."))
    return go("templates")


def remove_language(request: Asked, key: str) -> HttpResponse:
    """Take one language out of a template that has others."""
    found, language = stored.get(key), request.POST.get("language", "")[:35]
    told = {tag: texts for tag, texts in written.texts_of(found).items() if tag != language}
    try:
        stored.put(key, {"name": found.name, "templates": told}, request.now, version=found.version)
    except Invalid:
        messages.error(request, _("It stays: a template has at least one language."))
        return _back(key, language)
    messages.success(request, _("The language is removed."))
    return go("template", key)


def editor(
    request: Asked, told: Written, faults: Sequence[Fault] = (), *, status: int = 200, page: TemplatePage | None = None
) -> HttpResponse:
    """The page with what was written in it, kept or not."""
    found = page or TemplatePage(told, languages(told), previews.customers())
    holders = stored.holding(told.key) if told.partial and told.version else []
    missing = gaps.of_template(told.key) if told.version else None
    whole = replace(
        found, faults=fault_words.told(faults), unsaved=request.method == "POST", holders=holders, gaps=missing
    )
    return show(request, "template.html", whole, status)


def _overtaken(request: Asked, told: Written) -> HttpResponse:
    """Somebody saved another state of it, or has the key already: what was written stays, and they choose."""
    there = stored.find(told.key)
    if told.fresh:
        page = TemplatePage(told, languages(told), previews.customers(), taken=there)
        return editor(request, told, status=409, page=page)
    before = stored.version_of(told.key, told.version)
    newest = stored.newest_of(there) if there else None
    changed = changes.between(before.shape if before else {}, newest.shape if newest else {})
    meanwhile = Meanwhile(there.version if there else 0, newest.at if newest else None, changed if newest else [])
    over = replace(told, version=meanwhile.version)
    page = TemplatePage(over, languages(over), previews.customers(), meanwhile=meanwhile)
    return editor(request, over, status=409, page=page)


def languages(told: Written) -> list[Language]:
    """The languages of what is written, each with its own address."""
    if told.partial:
        return []
    tags = [*written.languages(told)] or [told.language]
    return [Language(tag, fault_words.language_name(tag), _address(told, tag)) for tag in tags]


def _address(told: Written, tag: str) -> str:
    if told.version:
        return f"{reverse('template', args=[told.key])}?{urlencode({'language': tag})}"
    return f"{reverse('template-new')}?{urlencode({'from': told.begun, 'language': tag})}"


def _back(key: str, language: str) -> HttpResponse:
    address = reverse("template", args=[key])
    return HttpResponseRedirect(f"{address}?{urlencode({'language': language})}" if language else address, status=303)


def console_language() -> str:
    return (get_language() or "en")[:2]
