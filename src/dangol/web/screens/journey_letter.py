"""A message of a campaign that is being edited, as one customer would read it. Nothing is sent or kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid, NotFound
from dangol.base.instants import iso
from dangol.campaign import contents
from dangol.campaign.messages import OWN
from dangol.campaign.shape import Reader
from dangol.campaign.templates import TemplateFault, pinning, stored
from dangol.deliver import previews
from dangol.profile import reads as people
from dangol.profile import steps as profile
from dangol.profile.models import Profile
from dangol.web.journey import editing, places
from dangol.web.journey.fields import get
from dangol.web.page import Asked
from dangol.web.screens import journey_edit
from dangol.web.screens.outbox import links_beside
from dangol.web.security import MESSAGE_POLICY
from dangol.web.writer import fault_words

LOOKED_AT = 500  # a customer's newest facts, for the one that would have started the run


class Unreadable(Exception):
    """There is nothing to look at yet; says why."""


def letter(request: Asked) -> HttpResponse:
    """The open step's letter, for the frame below it."""
    edited = journey_edit.typed(request)
    step = places.find(edited.definition, edited.open) if edited.open.startswith("/") else None
    try:
        whom = _customer(request.POST.get("preview.customer", ""))
        page = _rendered(request, edited, get(step, "send") or get(step, "ask"), whom)
    except Unreadable as why:
        return render(request, "parts/letter_none.html", {"why": str(why)})
    response = HttpResponse(links_beside(page))
    response["Content-Security-Policy"] = MESSAGE_POLICY
    return response


def _rendered(request: Asked, edited: editing.Edited, send: Any, whom: Profile | None) -> str:
    texts = _texts(send)
    language = request.POST.get("preview.language") or (whom.language if whom else "") or get_language() or "en"
    event = _event(get(edited.definition, "entry.fact"), whom)
    told_class = str(get(send, "class") or "marketing")
    try:
        made = previews.preview(texts, language, whom.pk if whom else 0, event, request.now, told_class)
    except TemplateFault as error:
        raise Unreadable(str(error)) from error
    return made.rendered.html


def _texts(send: Any) -> Mapping[str, Any]:
    """The letters of a step by language, its own or those of the template that it names."""
    variants = get(send, "variants")
    told = variants[0] if isinstance(variants, list) and variants else send
    if not isinstance(told, Mapping) or str(get(send, "channel")) != "email":
        raise Unreadable(_("Only letters are shown here."))
    reader = Reader()
    said = {name: value for name, value in told.items() if name not in (*OWN, "key", "share")}
    found = contents.read(reader, "email", said, "")
    if reader.faults:
        raise Unreadable(f"{reader.faults[0].path}: {reader.faults[0].found}")
    if "templates" not in found:
        return _kept(str(found["template"]), int(found["version"]))
    try:
        return pinning.whole(found["templates"], found.get("partials") or {})
    except Invalid as error:
        first = fault_words.told(error.faults)[0]
        raise Unreadable(f"{first.where}: {first.found}") from error


def _kept(key: str, version: int) -> Mapping[str, Any]:
    """The texts of a kept letter: of the version that the step names, or the newest."""
    if version:
        told = stored.version_of(key, version)
        if told is None:
            raise Unreadable(_("Template {key} has no version {version}.").format(key=key, version=version))
        return dict(told.ready)
    try:
        return dict(stored.newest_of(stored.get(key)).ready)
    except NotFound as error:
        raise Unreadable(str(error)) from error


def _customer(text: str) -> Profile | None:
    """Who is meant by a name, an e-mail address or a number; nobody where nothing is written."""
    if not text.strip():
        return None
    found = people.search(text.strip()[:200], limit=1)
    if not found:
        raise Unreadable(_("Nobody found"))
    return found[0]


def _event(fact: Any, whom: Profile | None) -> dict[str, Any]:
    """The customer's newest fact of the name that starts the campaign."""
    if not isinstance(fact, str) or whom is None:
        return {}
    rows = profile.timeline(whom.pk, limit=LOOKED_AT)
    row = next((one for one in rows if one.name == fact), None)
    told = msgspec.json.decode(row.properties) if row and row.properties else {}
    return {} if row is None else {"name": row.name, "at": iso(row.at), "properties": told}
