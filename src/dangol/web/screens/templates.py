"""Templates: the gallery, and the page on which one is written beside what a customer would read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.campaign.templates import TemplateFault, stored
from dangol.campaign.templates.models import Template
from dangol.deliver import previews
from dangol.deliver.previews import Preview
from dangol.strategy import gallery
from dangol.strategy.gallery import Letter
from dangol.web.page import Asked, go, show
from dangol.web.security import MESSAGE_POLICY
from dangol.web.wording import hint_words

MOST_TEXT = 250_000
FORMS = ("html", "mjml")


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
class Written:
    """What stands in the editor: one language of a template."""

    key: str
    name: str
    begun: str  # the letter of the gallery it was begun with
    language: str
    subject: str
    preheader: str
    form: str
    body: str
    customer: int
    fresh: bool  # not saved yet


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """The editor."""

    written: Written
    languages: list[str]
    customers: list[tuple[int, str]]
    faults: list[Fault] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Notes:
    """What there is to say about what stands in the editor."""

    faults: list[Fault]
    preview: Preview | None = None
    hints: list[tuple[str, str]] = field(default_factory=list)  # code, what it means


def templates(request: Asked) -> HttpResponse:
    language = _console()
    letters = [Shown(one, one.name.get(language, one.key)) for one in gallery.letters().values()]
    return show(request, "templates.html", TemplatesPage(stored.everyone(), letters))


def new(request: Asked) -> HttpResponse:
    """A new one, begun with a letter of the gallery (`from`) or with nothing."""
    letter = gallery.letters().get(request.GET.get("from", ""))
    language = request.GET.get("language") or _console()
    told = dict(letter.texts.get(language, {})) if letter else {}
    name = letter.name.get(_console(), letter.key) if letter else ""
    return _editor(request, _written(letter.key if letter else "", name, language, told, begun=letter))


def edit(request: Asked, key: str) -> HttpResponse:
    found = stored.get(key)
    newest = stored.newest_of(found).shape
    if found.partial:
        told, language = {"html": newest["source"]}, ""
    else:
        language = request.GET.get("language") or next(iter(newest["templates"]))
        told = newest["templates"].get(language, {})
    written = _written(found.key, found.name, language, told, fresh=False)
    return _editor(request, written, version=found.version)


def save(request: Asked) -> HttpResponse:
    """Save one language; the others stay as they are, or as the gallery has them."""
    written = _posted(request)
    try:
        found = stored.put(written.key, _shape(written), request.now)
    except Invalid as error:
        return _editor(request, written, error.faults, status=422)
    messages.success(request, _("Saved. Campaigns that run go on with the version they were activated with."))
    return go("template", found.key)


def remove(request: Asked, key: str) -> HttpResponse:
    try:
        stored.remove(key, request.now)
    except Conflict as error:
        messages.error(request, str(error))
        return go("template", key)
    messages.success(request, _("Removed. Campaigns that run go on with it."))
    return go("templates")


def look(request: Asked) -> HttpResponse:
    """What stands in the editor as the chosen customer would read it; for a frame of the page."""
    try:
        page = _preview(request, _posted(request)).rendered.html
    except (Invalid, TemplateFault):
        page = ""
    response = HttpResponse(page)
    response["Content-Security-Policy"] = MESSAGE_POLICY
    return response


def notes(request: Asked) -> HttpResponse:
    """What is wrong, missing or worth a look in what stands in the editor."""
    try:
        made = _preview(request, _posted(request))
    except Invalid as error:
        return show(request, "parts/template_notes.html", Notes(error.faults))
    except TemplateFault as error:
        return show(request, "parts/template_notes.html", Notes([Fault("", str(error), "")]))
    hints = [(hint.code, hint_words(hint.code, hint.found)) for hint in made.hints]
    return show(request, "parts/template_notes.html", Notes([], made, hints))


def test(request: Asked) -> HttpResponse:
    """Send what stands in the editor to whoever is signed in, and to nobody else."""
    written = _posted(request)
    try:
        told = previews.send_test(*_asked(written), request.user.email, request.now)
    except Invalid as error:
        return _editor(request, written, error.faults, status=422)
    except (TemplateFault, Conflict) as error:
        return _editor(request, written, [Fault("", str(error), _("a mail server in the settings, and your address"))])
    messages.info(
        request, _("The test went to %(address)s: %(state)s") % {"address": request.user.email, "state": told.state}
    )
    return _editor(request, written)


def _asked(written: Written) -> tuple[Mapping[str, Mapping[str, str]], str, int, dict[str, Any]]:
    event = previews.example(written.customer) if written.customer else {}
    return stored.checked(_shape(written)), written.language, written.customer, event


def _preview(request: Asked, written: Written) -> Preview:
    return previews.preview(*_asked(written), request.now)


def _shape(written: Written) -> dict[str, Any]:
    told = {"subject": written.subject, "preheader": written.preheader, written.form: written.body}
    if not written.language:
        return {"name": written.name, "source": written.body}
    return {"name": written.name, "templates": {**_others(written), written.language: told}}


def _others(written: Written) -> Mapping[str, Any]:
    kept = Template.objects.filter(key=written.key, removed_at=None, partial=False).first()
    if kept is not None:
        return dict(stored.newest_of(kept).shape["templates"])
    letter = gallery.letters().get(written.begun)
    return dict(letter.texts) if letter else {}


def _posted(request: Asked) -> Written:
    def told(name: str, most: int = 500) -> str:
        return request.POST.get(name, "")[:most].replace("\r\n", "\n")

    form, customer = told("form"), told("customer")
    return Written(
        key=told("key", 64), name=told("name", 200), begun=told("begun", 64), language=told("language", 35).strip(),
        subject=told("subject", 1000), preheader=told("preheader", 1000), form=form if form in FORMS else "html",
        body=told("body", MOST_TEXT), customer=int(customer) if customer.isdecimal() and len(customer) < 19 else 0,
        fresh=told("fresh") == "1",
    )  # fmt: skip


def _written(
    key: str, name: str, language: str, told: Mapping[str, str], *, begun: Letter | None = None, fresh: bool = True
) -> Written:
    form = "mjml" if "mjml" in told else "html"
    return Written(
        key=key, name=name, begun=begun.key if begun else "", language=language, subject=told.get("subject", ""),
        preheader=told.get("preheader", ""), form=form, body=told.get(form, ""),
        customer=next(iter(previews.customers()), (0, ""))[0], fresh=fresh,
    )  # fmt: skip


def _editor(
    request: Asked, written: Written, faults: list[Fault] | None = None, *, version: int = 0, status: int = 200
) -> HttpResponse:
    languages = list(_others(written)) or [written.language]
    page = TemplatePage(written, languages, previews.customers(), faults or [], version)
    return show(request, "template.html", page, status)


def _console() -> str:
    return (get_language() or "en")[:2]
