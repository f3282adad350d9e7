"""Why a customer is in a segment or not: saved or still being written, leaf by leaf, with pictures of its time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string

from dangol.base.errors import Invalid, NotFound
from dangol.identity import steps as identity
from dangol.profile import reads as profile
from dangol.profile import steps as profile_steps
from dangol.segment import asking
from dangol.segment.explanation import Explanation, LeafSaid
from dangol.web.page import Asked, show
from dangol.web.screens.segment_builder import told_by
from dangol.web.timelines import Picture, picture

REFUSED = 422


@dataclass(frozen=True, slots=True)
class Line:
    """One leaf of the answer, and the picture of its time."""

    leaf: LeafSaid
    picture: Picture | None
    value: str


@dataclass(frozen=True, slots=True)
class ExplanationPart:
    """Why a customer is in a segment."""

    explanation: Explanation
    lines: list[Line]
    name: str
    saved: bool


def explain(request: Asked) -> HttpResponse:
    """The answer for a rule as it stands in the form, which nobody has saved."""
    told = told_by(request)
    customer = told.get("customer")
    try:
        if not isinstance(customer, int):
            raise NotFound("no customer was named")
        part = _part(asking.explain_rule(told.get("where"), current(customer), request.now), saved=False)
    except (Invalid, NotFound) as error:
        return JsonResponse({"problem": str(error)}, status=REFUSED)
    return JsonResponse({"html": render_to_string("parts/why.html", {"page": part}, request)})


def why(request: Asked, customer_id: int, key: str) -> HttpResponse:
    """Why a customer is in a segment, and when that will change."""
    return show(request, "parts/why.html", _part(asking.explain(key, current(customer_id), request.now), saved=True))


def why_not(request: Asked, customer_id: int) -> HttpResponse:
    """The same for a segment that is chosen from a list."""
    key = request.GET.get("segment", "")[:64]
    return why(request, customer_id, key) if key else HttpResponse("")


def current(customer: int) -> int:
    """Who a customer is now. Raises NotFound."""
    found = identity.current(customer) if 0 < customer < 2**63 else None
    if found is None or profile_steps.get(found) is None:
        raise NotFound(f"there is no customer {customer}")
    return found


def _part(told: Explanation, *, saved: bool) -> ExplanationPart:
    name = profile.names([told.customer_id]).get(told.customer_id, "")
    lines = [Line(leaf, _picture(leaf, told), _value(leaf)) for leaf in told.leaves]
    return ExplanationPart(told, lines, name, saved)


def _picture(leaf: LeafSaid, told: Explanation) -> Picture | None:
    if leaf.looks is None:
        return None
    facts = [(fact.name, fact.at) for fact in leaf.facts]
    return picture(facts, (leaf.looks.first, leaf.looks.last), told.at, leaf.changes_at)


def _value(leaf: LeafSaid) -> str:
    value = leaf.value
    if leaf.forecast is not None:  # its words say the figure as it is read
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
