"""The autopilot: what it proposes, what it did, and the limits it keeps to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.autopilot import fatigue, reading
from dangol.autopilot import steps as autopilot
from dangol.autopilot.fatigue import Fatigue
from dangol.autopilot.models import Act
from dangol.autopilot.rules import MODES
from dangol.base.errors import Conflict, Invalid
from dangol.privacy import audit
from dangol.strategy import steps as strategy
from dangol.strategy.rules import Play
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show

SHOWN = 50  # acts
NUMBERS = {"contacts": int, "hours": int, "staff_hours": float, "discount": float}


@dataclass(frozen=True, slots=True)
class Done:
    """One act with the play it is about."""

    act: Act
    play: Play | None  # None: of an older Dangol


@dataclass(frozen=True, slots=True)
class AutopilotPage:
    """Proposals, log and limits."""

    waiting: list[Done]
    log: list[Done]
    limits: Mapping[str, Any]  # as they stand, or as somebody typed them
    plays: list[tuple[Play, bool]]  # each with whether it may be touched
    faults: frozenset[str]  # names of the fields that were refused
    fatigue: Fatigue
    now: datetime
    modes: tuple[str, ...] = MODES


def autopilot_page(request: Asked) -> HttpResponse:
    return show(request, "autopilot.html", _page(request, reading.shown(autopilot.limits())))


def save(request: Asked) -> HttpResponse:
    """Set the limits."""
    told = _typed(request)
    try:
        autopilot.set_limits(told, request.now)
    except Invalid as error:
        faults = frozenset(fault.path.removeprefix("/") for fault in error.faults)
        return show(request, "autopilot.html", _page(request, told, faults), 422)
    audit.note(actor_of(request), "settings", request.now, detail={"autopilot": {k: str(v) for k, v in told.items()}})
    messages.success(request, _("Saved. The autopilot keeps to these limits from now on."))
    return go("autopilot")


def accept(request: Asked, pk: int) -> HttpResponse:
    act = _tried(request, autopilot.accept, pk)
    if act and act.state == "done":
        messages.success(request, _("Done. It can be taken back here at any time."))
    elif act:
        messages.error(request, _("That did not work: {trouble}").format(trouble=act.trouble))
    return go("autopilot")


def decline(request: Asked, pk: int) -> HttpResponse:
    if _tried(request, autopilot.decline, pk):
        messages.success(request, _("Understood. It is not proposed again for 30 days."))
    return go("autopilot")


def undo(request: Asked, pk: int) -> HttpResponse:
    if _tried(request, autopilot.undo, pk):
        messages.success(request, _("Taken back."))
    return go("autopilot")


def _tried(request: Asked, deed: Any, pk: int) -> Act | None:
    """What was done; None, with a word about it, where somebody was faster."""
    try:
        act: Act = deed(pk, actor_of(request).name, request.now)
    except Conflict:
        messages.error(request, _("Nothing was changed: that is not as it was when you looked."))
        return None
    return act


def _page(request: Asked, limits: Mapping[str, Any], faults: frozenset[str] = frozenset()) -> AutopilotPage:
    known, allowed = strategy.plays(), set(limits["plays"])
    told = [Done(act, known.get(act.play)) for act in autopilot.acts(SHOWN)]
    return AutopilotPage(
        waiting=[Done(act, known.get(act.play)) for act in autopilot.waiting()],
        log=[one for one in told if one.act.state != "proposed"],
        limits={name: f"{value:g}" if isinstance(value, float) else value for name, value in limits.items()},
        plays=[(play, not allowed or key in allowed) for key, play in known.items()],
        faults=faults,
        fatigue=fatigue.measure(request.now),
        now=request.now,
    )


def _typed(request: Asked) -> dict[str, Any]:
    """The limits as somebody typed them; an empty number is none, all plays ticked is every play."""
    post, known = request.POST, list(strategy.plays())
    chosen = [key for key in post.getlist("plays") if key in known]
    told: dict[str, Any] = {name: _number(post.get(name, ""), kind) for name, kind in NUMBERS.items()}
    told |= {name: post.get(name, "").strip() for name in ("mode", "opens", "closes")}
    return {
        **told,
        "budget": post.get("budget", "").strip() or None,
        "plays": [] if len(chosen) == len(known) else chosen,
    }


def _number(text: str, kind: type) -> Any:
    text = text.strip()
    try:
        return kind(text) if text else None
    except ValueError:
        return text[:20]
