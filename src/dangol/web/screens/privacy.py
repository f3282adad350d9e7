"""Privacy: what persons asked and until when, how long what is kept, what people read before they agree, who looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import DangolError
from dangol.base.instants import parse_instant
from dangol.base.models import Shop
from dangol.identity import steps as identity
from dangol.privacy import audit, notices, requests, retention
from dangol.privacy.audit import Verified
from dangol.privacy.models import Access, Policy, Request, RetentionRun
from dangol.privacy.requests import Asked as Told
from dangol.privacy.retention import Period
from dangol.profile import consenting, consents
from dangol.profile import reads as profile
from dangol.profile.models import ConsentNotice, ConsentWording
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show

LINES = 30
WALKED = 1_000  # lines of the log of accesses that the page looks through; `dangol doctor` takes all
KEPT: dict[str, tuple[Any, Any]] = {  # what each kind of data is, and why that long
    "visitors": (lazy("Visitors without a name"), lazy("Nobody can ask for what nobody knows is theirs: 13 months.")),
    "messages": (lazy("Text of sent messages"), lazy("Korea wants records of advertising for six months.")),
    "tasks": (lazy("Tasks that are done"), lazy("Korea wants records of complaints for three years.")),
    "answers": (lazy("Words of answers"), lazy("The score stays; the words have done their work.")),
    "rejected": (lazy("Rows that an import rejected"), lazy("Long enough to mend and import them.")),
    "requests": (lazy("Requests that were answered"), lazy("To show that they were.")),
    "accesses": (lazy("Log of accesses"), lazy("Korea wants one year, two from 50,000 people on.")),
    "proofs": (lazy("Proof of consent of erased people"), lazy("Five years each, under a keyed hash.")),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data."""

    period: Period
    title: Any
    why: Any


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """The whole page."""

    waiting: list[Request]
    answered: list[Request]
    names: dict[int, str]
    kinds: tuple[str, ...]
    kept: list[Kept]
    runs: list[RetentionRun]
    titles: dict[str, Any]
    wordings: list[ConsentWording]
    policy: Policy
    notices: list[ConsentNotice]
    channels: list[str]
    lines: list[Access]
    verified: Verified
    now: datetime


def privacy(request: Asked) -> HttpResponse:
    waiting, answered = requests.waiting(), requests.answered(20)
    kept = [Kept(period, *KEPT[period.kind.key]) for period in retention.periods()]
    lines = audit.lines(LINES)
    due = notices.waiting()
    told = {row.customer_id for row in (*waiting, *answered)} | {row.customer_id for row in due}
    told |= {line.customer_id for line in lines}
    page = PrivacyPage(
        waiting=waiting,
        answered=answered,
        names=profile.names({one for one in told if one}),
        kinds=requests.KINDS,
        kept=kept,
        runs=retention.runs(12),
        titles={key: title for key, (title, _why) in KEPT.items()},
        wordings=consents.wordings(),
        policy=notices.policy(),
        notices=due,
        channels=sorted(consenting.CHANNELS),
        lines=lines,
        verified=audit.verify(WALKED),
        now=request.now,
    )
    return show(request, "privacy.html", page)


def receive(request: Asked) -> HttpResponse:
    """Enter a request: what, whose, when it came, how they proved who they are."""
    told, zone = request.POST, Shop.objects.get().zone
    try:
        asked = Told(
            told.get("kind", ""), _customer(told.get("customer", "")), told.get("asked_for", ""), told.get("proof", ""),
            parse_instant(told.get("received_on", ""), zone),
        )  # fmt: skip
        requests.receive(asked, request.now, actor_of(request))
    except DangolError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Entered, with the day by which an answer is due."))
    return go("privacy")


def _customer(text: str) -> int | None:
    """A customer's number, or anything they are known by; empty for somebody we do not know."""
    text = text.strip().removeprefix("#")
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 18:
        return int(text)
    kinds = ("email", "phone", "userId")
    return next((found for kind in kinds if (found := identity.find(kind, text))), None)


def answer(request: Asked, pk: int) -> HttpResponse:
    """Close a request, or take two further months."""
    state, told = request.POST.get("state", ""), request.POST.get("answer", "")
    try:
        if state == "extend":
            requests.extend(pk, request.now, actor_of(request), told)
        else:
            requests.answer(pk, state, request.now, actor_of(request), told=told)
    except DangolError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Written down."))
    return go("privacy")


def keep(request: Asked, key: str) -> HttpResponse:
    """How long one kind of data is kept; nothing for ever."""
    text = request.POST.get("days", "").strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) < 7):
        messages.error(request, _("A number of days, or nothing for ever."))
        return go("privacy")
    try:
        retention.keep(key, int(text) if text else None, request.now, actor_of(request))
    except DangolError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return go("privacy")


def add_wording(request: Asked) -> HttpResponse:
    """A new version of what people read before they agree."""
    told = {name: request.POST.get(name, "").strip() for name in ("channel", "language", "text")}
    if told["channel"] not in consenting.CHANNELS or not told["text"] or not told["language"].isalpha():
        messages.error(request, _("A wording needs a channel, a language and a text."))
        return go("privacy")
    row = consents.add_wording(told["channel"], "marketing", told["language"][:2], told["text"][:2_000], request.now)
    audit.note(actor_of(request), "wording", request.now, detail={"wording": row.pk, "hash": row.hash})
    messages.success(request, _("Saved."))
    return go("privacy")


def decide(request: Asked) -> HttpResponse:
    """Whether customers are told by e-mail what became of their word, and what silence means."""
    on, silence = request.POST.get("notices") == "on", "stop" if request.POST.get("silence") == "stop" else "keep"
    notices.decide(notices=on, silence=silence)
    audit.note(actor_of(request), "settings", request.now, detail={"notices": on, "silence": silence})
    messages.success(request, _("Saved."))
    return go("privacy")


def told(request: Asked, pk: int) -> HttpResponse:
    """The staff told a customer by other means."""
    if notices.told_otherwise(pk, request.now):
        audit.note(actor_of(request), "notice", request.now, detail={"notice": pk})
        messages.success(request, _("Written down."))
    return go("privacy")
