"""Sending: whether mailbox providers believe the shop's letters, how they take them, and what was done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import Misconfigured
from dangol.base.models import Shop
from dangol.deliver import autopilot, domain_check, pacing, vetting
from dangol.deliver.channels import sends_email
from dangol.deliver.domain import Finding
from dangol.deliver.models import Act, Receiver, Vetting, Warming
from dangol.privacy import audit
from dangol.web.client import actor_of
from dangol.web.page import Asked, go, show

ABOUT: dict[str, tuple[Any, Any]] = {
    "spf": ("SPF", lazy("which servers may send for the domain")),
    "dkim": ("DKIM", lazy("the signature under each letter")),
    "dmarc": ("DMARC", lazy("what receivers do with letters that are not signed")),
    "alignment": (lazy("Alignment"), lazy("whether that is about the sender's own domain")),
    "mx": ("MX", lazy("whether answers and failures can arrive")),
    "ptr": ("PTR", lazy("the name of the mail server's address")),
}
FOUND: dict[str, Any] = {  # what was found, see deliver/domain.py
    "record": "{0}",
    "no_record": lazy("no record"),
    "silent": lazy("the DNS did not answer: {0}"),
    "too_many": lazy("{0} asks {1} times; allowed are {2}"),
    "all_send": lazy("{0} lets everybody send"),
    "forbids_nobody": lazy("{0} forbids nobody"),
    "unsigned": lazy("the shop does not sign: the mail server must, or the command dangol dkim makes a key"),
    "our_key": lazy("{0} holds the shop's key"),
    "another_key": lazy("{0} holds another key"),
    "no_key": lazy("{0} holds no key"),
    "signed": lazy("letters are signed for {0}"),
    "failures": lazy("failures go to {0}"),
    "nobody_signs": lazy("failures go to {0}, and nobody signs for {1}"),
    "takes_mail": "{0}: {1}",
    "takes_none": lazy("{0} takes no mail: no answer or failure arrives"),
    "no_address": lazy("{0} has no address"),
    "named": lazy("{0} is {1}"),
    "nameless": lazy("{0} has no name; letters that leave from it may be refused"),
    "elsewhere": lazy("{0} has a name that leads elsewhere, {1}; letters that leave from it may be refused"),
}
STANDINGS: dict[str, Any] = {"good": lazy("good"), "advice": lazy("advice"), "bad": lazy("bad")}
MEASURES: dict[str, Any] = {
    "warned": lazy("warned"),
    "marketing_paused": lazy("marketing by e-mail paused"),
    "campaign_paused": lazy("campaign paused"),
}
REASONS: dict[str, Any] = {
    "complaints": lazy("called spam"),
    "refused": lazy("refused by policy or for their content"),
    "gone": lazy("to mailboxes that are not there"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at, in words."""

    finding: Finding
    title: Any
    about: Any
    standing: Any
    found: str


@dataclass(frozen=True, slots=True)
class Did:
    """One act of the autopilot, in words."""

    act: Act
    measure: Any
    reason: Any
    percent: float


@dataclass(frozen=True, slots=True)
class SendingPage:
    """How the shop's e-mail leaves, and how it is taken."""

    way: str  # sandbox, provider, server
    server: str
    sender: str
    vetting: Vetting | None
    looks: Sequence[Look]
    waits: bool  # whether marketing waits for the domain
    watched: bool  # whether marketing would wait for an unsound domain
    warming: tuple[Warming, int] | None
    receivers: Sequence[Receiver]
    paused: bool
    acts: Sequence[Did]
    now: datetime


def sending(request: Asked) -> HttpResponse:
    config = settings.DANGOL
    kept = _standing()
    acts = [
        Did(act, MEASURES.get(act.measure, act.measure), REASONS.get(act.reason, act.reason), 100 * act.share)
        for act in autopilot.acts(20)
    ]
    way = "provider" if config.email_provider else "server" if sends_email(config) else "sandbox"
    page = SendingPage(
        way=way, server=config.email_provider or urlsplit(config.smtp_url).hostname or "",
        sender=Shop.objects.get().sender_email, vetting=kept, looks=_looks(kept),
        waits=bool(vetting.in_the_way()), watched=vetting.concerns(config),
        warming=pacing.warming(request.now) if way == "server" else None,
        receivers=pacing.in_trouble(), paused=autopilot.marketing_paused(), acts=acts, now=request.now,
    )  # fmt: skip
    return show(request, "sending.html", page)


def ask(request: Asked) -> HttpResponse:
    """Ask the DNS now."""
    try:
        kept = vetting.ask(domain_check.Dns(), request.now)
    except Misconfigured:
        messages.error(request, _("Settings name no sender's e-mail address yet."))
    else:
        messages.success(request, _("Nothing bad was found.") if kept.sound else _("Something is still bad."))
    return go("sending")


def waive(request: Asked) -> HttpResponse:
    """Let marketing leave although the domain is unsound."""
    vetting.waive(actor_of(request).name, request.now)
    audit.note(actor_of(request), "unsound domain waived", request.now)
    messages.success(request, _("Marketing leaves all the same, until the sender, the server or the key changes."))
    return go("sending")


def resume(request: Asked) -> HttpResponse:
    """Let marketing by e-mail go on."""
    ended = autopilot.resume(actor_of(request).name, request.now)
    audit.note(actor_of(request), "marketing resumed", request.now, detail={"acts": ended})
    messages.success(request, _("Marketing by e-mail may leave again."))
    return go("sending")


def _standing() -> Vetting | None:
    try:
        return vetting.standing()
    except Misconfigured:
        return None


def _looks(kept: Vetting | None) -> list[Look]:
    found = vetting.findings(kept) if kept else []
    return [
        Look(one, *ABOUT[one.about], STANDINGS[one.standing], str(FOUND[one.code]).format(*one.values)) for one in found
    ]
