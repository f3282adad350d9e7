"""Caps: how often one customer hears from the shop and at which hours, and what other caps would have meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.deliver import contact, trial
from dangol.deliver.caps import EVERY_CHANNEL
from dangol.deliver.trial import Trial
from dangol.privacy import audit
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show

TRY = "try"


@dataclass(frozen=True, slots=True)
class Row:
    """One cap as its fields show it; an empty number: none."""

    most: str = ""
    per: str = "day"
    channel: str = EVERY_CHANNEL
    faults: tuple[str, ...] = ()
    held: int | None = None  # what would have waited for it


@dataclass(frozen=True, slots=True)
class CapsPage:
    """The form, and what its caps would have meant where somebody asked."""

    rows: list[Row]
    begins: str
    ends: str
    quiet_faults: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # of the whole
    trial: Trial | None = None
    channels: Sequence[str] = field(default=contact.CHANNELS)
    most: int = contact.MOST

    @property
    def faulty(self) -> bool:
        return bool(self.quiet_faults or self.faults or any(row.faults for row in self.rows))


def caps_page(request: Asked) -> HttpResponse:
    return show(request, "caps.html", _filled(contact.shown(contact.policy()), None))


def save(request: Asked) -> HttpResponse:
    """Set the caps; or, where somebody only wants to know, say what they would have meant."""
    told, places = _typed(request)
    try:
        wanted = contact.read(told)
        if TRY in request.POST:
            return show(request, "caps.html", _filled(told, trial.tried(wanted.caps, request.now)))
        contact.put(told, request.now)
    except Invalid as error:
        return show(request, "caps.html", _refused(request, error.faults, places), 422)
    audit.note(actor_of(request), "settings", request.now, detail=dict(told))
    messages.success(request, _("Saved. It counts for every message that has not left yet."))
    return go("caps")


def _typed(request: Asked) -> tuple[dict[str, Any], list[int]]:
    """The policy as the API takes it, and the row that each of its caps came from; rows without a number are none."""
    rows = _rows(request)
    filled = [n for n, row in enumerate(rows) if row.most]
    listed = [{"most": _number(rows[n].most), "per": rows[n].per, "channel": rows[n].channel} for n in filled]
    begins, ends = request.POST.get("begins", "").strip(), request.POST.get("ends", "").strip()
    return {"caps": listed, "quiet": {"from": begins, "to": ends} if begins or ends else None}, filled


def _rows(request: Asked) -> list[Row]:
    told = zip(*(request.POST.getlist(name) for name in ("most", "per", "channel")), strict=False)
    return [Row(most.strip()[:20], per[:20], channel[:20]) for most, per, channel in list(told)[: contact.CAPS + 1]]


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 10 else text


def _filled(told: Mapping[str, Any], found: Trial | None) -> CapsPage:
    quiet, held = told["quiet"] or {}, found.by_cap if found else [None] * len(told["caps"])
    rows = [
        Row(str(cap["most"]), cap["per"], cap["channel"], held=count)
        for cap, count in zip(told["caps"], held, strict=True)
    ]
    return CapsPage([*rows, Row()], quiet.get("from", ""), quiet.get("to", ""), trial=found)


def _refused(request: Asked, faults: Sequence[Fault], places: Sequence[int]) -> CapsPage:
    """The form as it was typed, each fault where it is."""
    by_row: dict[int, list[str]] = {}
    quiet, others = [], []
    for fault in faults:
        _empty, part, *rest = fault.path.split("/")
        if part == "caps" and rest:
            by_row.setdefault(places[int(rest[0])], []).append(_said(rest[1] if len(rest) > 1 else "twice"))
        elif part == "quiet":
            quiet.append(_said("same" if "another" in fault.allowed else "hour"))
        else:
            others.append(_said("many"))
    rows = [Row(row.most, row.per, row.channel, tuple(by_row.get(n, ()))) for n, row in enumerate(_rows(request))]
    return CapsPage(
        rows, request.POST.get("begins", "")[:20], request.POST.get("ends", "")[:20], tuple(quiet), tuple(others)
    )


def _said(fault: str) -> str:
    words = {
        "most": _("A whole number from 0 to {most}; 0 lets no marketing leave.").format(most=contact.MOST),
        "per": _("Per day or per week."),
        "channel": _("One of the channels, or all of them."),
        "twice": _("There is a cap for this channel and period already; one is enough."),
        "hour": _("Hours such as 21:00 and 08:00; leave both empty for no quiet hours."),
        "same": _("The quiet hours end when they begin. Leave both empty for none."),
        "many": _("At most {count} caps.").format(count=contact.CAPS),
    }
    return words[fault]
