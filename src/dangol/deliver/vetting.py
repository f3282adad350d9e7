"""Keeps what the DNS said of the sender's domain: no marketing leaves by the shop's own mail server before it was
asked, and none while something is bad, unless somebody said that it may.

In: the shop's settings and the DNS, in a thread beside the delivery worker. Out: what the gate is told, and the page.
Promise: whoever changes the sender, the server or the key is asked about anew. A DNS that does not answer stops nobody.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from dangol.base.clock import Clock
from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings
from dangol.deliver import domain_check
from dangol.deliver.domain import Finding, Resolver, Sending, check, sound
from dangol.deliver.models import Vetting

log = logging.getLogger("dangol.deliver.vetting")

EVERY = timedelta(days=1)  # what is good is asked about again
SOON = timedelta(minutes=10)  # … and what is bad, so that mending it is noticed
LOOKS_EVERY = 20.0  # seconds between two looks at whether anything is to be asked
UNASKED, UNSOUND = "domain_unasked", "domain_unsound"


def concerns(config: Settings) -> bool:
    """Whether letters leave under a domain that only its DNS vouches for. A provider vets its customers' domains."""
    return bool(config.domain_check and config.smtp_url and not config.email_provider)


def standing() -> Vetting | None:
    """What was found of the domain as the shop sends now; None where it was not asked yet. Raises Misconfigured."""
    return Vetting.objects.filter(pk=_key(domain_check.sending(settings.DANGOL))).first()


def in_the_way() -> str:
    """What keeps marketing letters from leaving: not asked yet, or unsound; empty where nothing does."""
    if not concerns(settings.DANGOL):
        return ""
    try:
        found = standing()
    except Misconfigured:  # without a sender letters wait for that
        return ""
    if found is None:
        return UNASKED
    return "" if found.sound or found.waived_at else UNSOUND


def ask(resolver: Resolver, now: datetime) -> Vetting:
    """Ask the DNS and keep what it says. Raises Misconfigured where the shop has no sender yet."""
    sending = domain_check.sending(settings.DANGOL)
    findings = check(sending, resolver)
    with transaction.atomic():
        kept, _ = Vetting.objects.update_or_create(
            key=_key(sending),
            defaults={
                "domain": sending.domain, "at": now, "sound": sound(findings),
                "findings": [asdict(one) for one in findings],
            },
        )  # fmt: skip
    if not kept.sound:
        log.warning("the DNS of %s is unsound: %s", sending.domain, "; ".join(one.found for one in bad(kept)))
    return kept


def waive(who: str, now: datetime) -> None:
    """Let marketing leave although the domain is unsound, until the sender, the server or the key changes.

    Raises Misconfigured where the shop has no sender yet.
    """
    Vetting.objects.filter(pk=_key(domain_check.sending(settings.DANGOL))).update(waived_by=who[:254], waived_at=now)


def findings(kept: Vetting) -> list[Finding]:
    """What was looked at, in the order in which to mend it."""
    return [Finding(**one) for one in kept.findings]


def bad(kept: Vetting) -> list[Finding]:
    return [one for one in findings(kept) if one.standing == "bad"]


def due(now: datetime) -> bool:
    """Whether the DNS is to be asked."""
    try:
        kept = standing()
    except Misconfigured:
        return False
    return kept is None or now >= kept.at + (EVERY if kept.sound else SOON)


def look(resolver: Resolver, now: datetime) -> None:
    """Ask the DNS where it is time to."""
    if due(now):
        ask(resolver, now)


def run(clock: Clock, stopping: threading.Event) -> None:
    """Look again and again until told to stop; nothing where the shop's mail server sends no letters."""
    if not concerns(settings.DANGOL):
        return
    while not stopping.is_set():
        try:
            look(domain_check.Dns(), clock.now())
        except (DatabaseError, Misconfigured, OSError) as error:
            log.warning("the sender's domain cannot be looked at: %s", error)
        finally:
            close_old_connections()
        stopping.wait(LOOKS_EVERY)


def _key(sending: Sending) -> str:
    """Names one way of sending: other findings may be true of any other."""
    return hashlib.sha256("\n".join(asdict(sending).values()).encode()).hexdigest()[:32]
