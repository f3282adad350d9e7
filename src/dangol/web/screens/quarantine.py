"""Quarantine: events that were not taken, with the reason, and what a person does about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http import HttpResponseRedirect as Redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from dangol.base.clock import from_us
from dangol.base.errors import NotFound
from dangol.collect import quarantine
from dangol.collect.bounds import Limits
from dangol.collect.log import Rejected
from dangol.collect.quarantine import Reason, Replayed
from dangol.collect.steps import own_log
from dangol.web.page import Asked, go, show

SHOWN = 50
WORDS: dict[str, Any] = {
    "not_an_object": lazy("It is no JSON object"),
    "unknown_type": lazy("Its type is none that Dangol knows"),
    "missing_event": lazy("A track call without the name of its event"),
    "missing_id": lazy("It does not say whose it is: no userId and no anonymousId"),
    "event_too_large": lazy("It is too large"),
    "too_deep": lazy("It is nested too deeply"),
    "too_many_keys": lazy("It has too many keys"),
    "string_too_long": lazy("One of its texts is too long"),
    "too_many_events": lazy("The batch had more events than are allowed"),
    "bad_amount": lazy("A sum of money is negative or no number"),
    "wrong_write_key": lazy("It names another write key than its request"),
    "failed": lazy("It was taken, then the loop failed over it"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event that was not taken."""

    id: int
    source: str
    code: str
    why: Any
    detail: str
    text: str  # the event as JSON that people read, else as it came
    received_at: datetime
    gone_at: datetime  # when it is deleted, if nobody mends it


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason, as something to filter by."""

    reason: Reason
    why: Any
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """The reasons, and the events of those that are chosen."""

    choices: list[Choice]
    rows: list[Waiting]
    source: str
    code: str
    total: int
    more: str  # the query of the next part
    now: datetime


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """One event, to be read, mended and judged again."""

    row: Waiting
    text: str
    fault: str
    editable: bool
    now: datetime


def listed(request: Asked) -> HttpResponse:
    source, code = _asked(request.GET.get("source")), _asked(request.GET.get("code"))
    before = request.GET.get("before", "")
    after = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    rows = quarantine.listed(own_log(), source=source or None, code=code or None, before=after, limit=SHOWN + 1)
    choices = [_choice(reason, source, code) for reason in quarantine.reasons(own_log())]
    more = urlencode({"source": source, "code": code, "before": rows[SHOWN - 1].id}) if len(rows) > SHOWN else ""
    total = sum(choice.reason.count for choice in choices if choice.chosen or not (source or code))
    page = QuarantinePage(choices, [_waiting(row) for row in rows[:SHOWN]], source, code, total, more, request.now)
    return show(request, "quarantine.html", page)


def one(request: Asked, pk: int) -> HttpResponse:
    row = _row(pk)
    return show(request, "quarantine_one.html", WaitingPage(row, row.text, "", _editable(row), request.now))


def replay(request: Asked, pk: int) -> HttpResponse:
    """Judge one again: as it is, or as it was corrected on the page."""
    row = _row(pk)
    text = request.POST.get("text", row.text).replace("\r\n", "\n")
    try:
        done = _judge(row, text)
    except ValueError as error:
        fault = _("This is no JSON: %(why)s") % {"why": error}
        return show(request, "quarantine_one.html", WaitingPage(row, text, fault, _editable(row), request.now), 422)
    if done.refused:
        still = _waiting(done.refused[0])
        fault = f"{still.why}: {still.detail}"
        return show(request, "quarantine_one.html", WaitingPage(still, text, fault, _editable(row), request.now), 422)
    messages.success(request, _("Taken: it is among the facts now."))
    return go("quarantine")


def replay_all(request: Asked) -> HttpResponse:
    """Judge all of a source or reason again, after what was wrong has been put right."""
    source, code = _asked(request.POST.get("source")), _asked(request.POST.get("code"))
    done = quarantine.replay_all(own_log(), _limits(), source=source or None, code=code or None)
    taken = ngettext("%(n)d event was taken.", "%(n)d events were taken.", done.taken) % {"n": done.taken}
    still = len(done.refused)
    kept = ngettext("%(n)d is refused as before.", "%(n)d are refused as before.", still) % {"n": still}
    messages.success(request, f"{taken} {kept}" if still else taken)
    return Redirect(f"{reverse('quarantine')}?{urlencode({'source': source, 'code': code})}", status=303)


def _judge(row: Waiting, text: str) -> Replayed:
    """Raises ValueError where the text is no JSON."""
    if text.strip() == row.text.strip() or not _editable(row):
        return quarantine.replay(own_log(), _limits(), [row.id])
    return quarantine.replay_corrected(own_log(), _limits(), row.id, json.loads(text, parse_constant=_no_number))


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _limits() -> Limits:
    return Limits(settings.DANGOL.max_event_bytes, settings.DANGOL.max_batch_events)


def _asked(value: str | None) -> str:
    return (value or "").replace("\x00", "")[:64]


def _row(pk: int) -> Waiting:
    found = quarantine.listed(own_log(), before=pk + 1, limit=1)
    if not found or found[0].id != pk:
        raise NotFound(_("it is not in the quarantine (any more)"))
    return _waiting(found[0])


def _editable(row: Waiting) -> bool:
    return row.source != "dangol"


def _waiting(row: Rejected) -> Waiting:
    event, at = quarantine.shown(row), from_us(row.received_us)
    text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False, indent=2)
    return Waiting(
        row.id, row.source, row.code, WORDS.get(row.code, row.code), row.detail, text, at, at + quarantine.KEPT
    )


def _choice(reason: Reason, source: str, code: str) -> Choice:
    query = urlencode({"source": reason.source, "code": reason.code})
    chosen = bool(source or code) and source in {"", reason.source} and code in {"", reason.code}
    return Choice(reason, WORDS.get(reason.code, reason.code), query, chosen)
