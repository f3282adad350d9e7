"""The page on which a segment is written: as a form, or as YAML, which works without scripts too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid
from dangol.segment import active, reads
from dangol.segment import steps as segment
from dangol.segment.models import Segment
from dangol.web.builder import counting, vocabulary
from dangol.web.builder.controls import said
from dangol.web.builder.counting import Counted
from dangol.web.builder.texts import TEXTS
from dangol.web.page import Asked, go, show
from dangol.web.screens.segments import words
from dangol.web.writing import Placed, as_yaml, placed, read_one

MOST_TEXT = 100_000
START: dict[str, Any] = {"event": "Order Completed", "count": {"at_least": 2}, "within": "365d"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the text in the editor means now."""

    faults: list[Placed]
    words: str = ""
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class EditPage:
    """A segment being written; `segment` is empty for a new one."""

    segment: Segment | None
    text: str
    preview: Preview
    builder: dict[str, Any]  # what the form's scripts start from


def new(request: Asked) -> HttpResponse:
    """A new one; `all` and `none` name segments to begin with: everybody of the first, nobody of the others."""
    where = _begun(request.GET.getlist("all"), request.GET.getlist("none"))
    return _editor(request, None, {"key": "", "name": "", "where": where})


def edit(request: Asked, key: str) -> HttpResponse:
    found = active.newest(key)
    found.key = found.stands_for or found.key
    return _editor(request, found, {"key": found.key, "name": found.name, "where": found.rule})


def preview(request: Asked) -> HttpResponse:
    """How many the text in the editor means, or what is wrong with it and where. Saves nothing."""
    return show(request, "parts/segment_preview.html", _preview(_text(request), request.now))


def save(request: Asked) -> HttpResponse:
    """Save what is in the editor under the key it names; a refused rule comes back with its faults."""
    text = _text(request)
    try:
        shape = read_one(text)
        saved = segment.save(str(shape.get("key", "")) if isinstance(shape, Mapping) else "", shape, request.now)
    except Invalid as error:
        found = reads.find(request.POST.get("saved", ""))
        told = Preview(placed(text, error.faults))
        return show(request, "segment_edit.html", _page(found, {}, text, told, request.now), 422)
    messages.success(request, _("Saved. Its members are counted over the whole history."))
    return go("segment", saved.key)


def _begun(inside: list[str], outside: list[str]) -> Any:
    rules: list[Any] = [{"segment": key[:64]} for key in inside]
    if outside:
        rules.append({"none": [{"segment": key[:64]} for key in outside]})
    return {"all": rules} if rules else START


def _editor(request: Asked, found: Segment | None, shape: dict[str, Any]) -> HttpResponse:
    text = as_yaml(shape)
    return show(request, "segment_edit.html", _page(found, shape, text, _preview(text, request.now), request.now))


def _page(found: Segment | None, shape: dict[str, Any], text: str, told: Preview, now: datetime) -> EditPage:
    return EditPage(found, text, told, _builder(found, shape, now))


def _builder(found: Segment | None, shape: dict[str, Any], now: datetime) -> dict[str, Any]:
    names = ("judge", "text", "shape", "keep", "suggest", "explain")
    return {
        "shape": shape,
        "saved": found.key if found else "",
        "key": f"segment-{now:%Y%m%d-%H%M%S}",  # where a name has no letter that a key may hold
        "language": vocabulary.as_json(),
        "texts": said(TEXTS),
        "addresses": {name: reverse(f"segment-{name}") for name in names},
    }


def _text(request: Asked) -> str:
    return request.POST.get("text", "")[:MOST_TEXT].replace("\r\n", "\n")


def _preview(text: str, now: datetime) -> Preview:
    try:
        told = segment.check(read_one(text))
        return Preview([], words(told.where), counting.about(told.where, now))
    except Invalid as error:
        return Preview(placed(text, error.faults))
