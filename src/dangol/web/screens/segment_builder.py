"""What the form of a segment asks while somebody edits: counts, faults, words, YAML, suggestions; and saving."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import DangolError, Fault, Invalid
from dangol.segment import asking
from dangol.segment import steps as segment
from dangol.web.builder import counting, suggesting
from dangol.web.builder.counting import Counted
from dangol.web.builder.fault_words import found_in_words, in_words
from dangol.web.page import Asked
from dangol.web.writing import as_yaml, has_comments, placed, read_one

MOST_TEXT = 200_000
REFUSED, BUSY = 422, 409
UNNAMED = "unnamed-so-far"


def judge(request: Asked) -> HttpResponse:
    """What the rule in the form means now: in words and in numbers, or what is wrong and at which control."""
    told = told_by(request)
    try:
        where = segment.check(_named(told.get("shape"))).where
        counted = counting.exactly(where, request.now) if told.get("exact") else counting.about(where, request.now)
    except Invalid as error:
        return JsonResponse({"faults": _faults(error)})
    if counted is None:
        return JsonResponse({}, status=BUSY)
    return JsonResponse({"faults": [], "words": asking.words(where, _language()), **_shown(counted)})


def as_text(request: Asked) -> HttpResponse:
    """The rule in the form as YAML."""
    shape = told_by(request).get("shape")
    return JsonResponse({"text": as_yaml(shape if isinstance(shape, Mapping) else {})})


def as_shape(request: Asked) -> HttpResponse:
    """The YAML as the form's shape, and whether comments stand in it, which the form cannot keep."""
    text = str(told_by(request).get("text", ""))[:MOST_TEXT].replace("\r\n", "\n")
    try:
        shape = _plain(read_one(text))
        if not isinstance(shape, Mapping):
            raise Invalid([Fault("", _("no segment"), "a mapping with key, name and where")])
    except Invalid as error:
        faults = [{"line": one.line, **_said(one)} for one in placed(text, error.faults)]
        return JsonResponse({"faults": faults}, status=REFUSED)
    return JsonResponse({"shape": shape, "comments": has_comments(text)})


def save(request: Asked) -> HttpResponse:
    """Save the form's rule; a refused one changes nothing and is told which controls are wrong."""
    told = told_by(request)
    shape = told.get("shape")
    try:
        key = str(shape.get("key", "")) if isinstance(shape, Mapping) else ""
        saved = segment.save(key, shape if isinstance(shape, Mapping) else {}, request.now)
    except Invalid as error:
        return JsonResponse({"faults": _faults(error)}, status=REFUSED)
    except DangolError as error:
        return JsonResponse({"faults": [{"path": "", "found": str(error), "allowed": ""}]}, status=REFUSED)
    messages.success(request, _("Saved. Its members are counted over the whole history."))
    return JsonResponse({"go": reverse("segment", args=[saved.key])})


def suggest(request: Asked) -> HttpResponse:
    """What could stand in a control, with how often it is there."""
    given = {name: request.GET.get(name, "")[:300] for name in ("source", "typed", "event", "path", "item")}
    found = suggesting.suggest(suggesting.Question(**given))
    return JsonResponse({"items": [one.as_json() for one in found]})


def told_by(request: Asked) -> Mapping[str, Any]:
    """The body's object; anything else is as good as nothing."""
    try:
        told = json.loads(request.body[: 2 * MOST_TEXT] or b"{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _named(shape: Any) -> Any:
    """With a key and a name for the time being: a rule is counted before anybody has called it something."""
    if not isinstance(shape, Mapping):
        return shape
    return {**shape, "key": shape.get("key") or UNNAMED, "name": shape.get("name") or UNNAMED}


def _plain(shape: Any) -> Any:
    """A shape as JSON can carry it. Raises Invalid."""
    try:
        return json.loads(json.dumps(shape, allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid([Fault("", str(error), "what JSON can say: no endless numbers, no circles")]) from error


def _faults(error: Invalid) -> list[dict[str, str]]:
    return [_said(fault) for fault in error.faults]


def _said(fault: Any) -> dict[str, str]:
    return {"path": fault.path, "found": found_in_words(fault.found), "allowed": in_words(fault.allowed)}


def _shown(counted: Counted) -> dict[str, Any]:
    return {
        "count": counted.count,
        "low": counted.low,
        "high": counted.high,
        "exact": counted.exact,
        "customers": counted.customers,
        "parts": counted.parts,
        "sample": [
            {"id": customer, "name": name, "at": reverse("customer", args=[customer])}
            for customer, name in counted.sample
        ],
    }


def _language() -> str:
    return (get_language() or "en")[:2]
