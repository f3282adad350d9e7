"""The gate: whether a message may leave, at this moment, to this address. Pure: values in, values out.

Every rule has an id that is kept with the delivery. Rules that forbid win over rules that wait; of several waits the
longest counts. Nothing leaves Dangol past this gate: it is asked when a message is planned and again at hand-off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

MARKETING, TRANSACTIONAL = "marketing", "transactional"
EVERY_PURPOSE = "*"
QUIET_FROM, QUIET_TO = time(21), time(8)  # in the shop's zone; 21:00:00 is quiet, 08:00:00 is not
LOOK_AGAIN = timedelta(minutes=10)  # when a paused campaign or an incomplete sender is looked at again
ROLES = frozenset("abuse daemon hostmaster mailer-daemon noc postmaster root security webmaster".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One thing that keeps an address from being written to."""

    purpose: str  # marketing, transactional or * for all
    reason: str  # hard_bounce, complaint, unsubscribe, manual
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consented:
    """The customer's present consent to marketing on the channel; an empty state: nothing was ever said."""

    state: str = ""  # granted, denied, withdrawn
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the gate looks at."""

    message_class: str
    address: str  # as the customer's profile has it
    sender: str  # the shop's own address
    zone: tzinfo  # the shop's
    consent: Consented = Consented()
    suppressed: tuple[Suppressed, ...] = ()
    dissatisfied: bool = False  # in the segment that pauses marketing
    last_marketing_at: datetime | None = None  # hand-off of the newest other marketing message, on any channel
    campaign: str = ""  # "paused" or "reached": what became of the run meanwhile
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """The message may leave now."""

    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """Not now; ask again at `at`."""

    at: datetime
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deny:
    """Never."""

    rules: tuple[str, ...]

    @property
    def expired(self) -> bool:
        return "expired" in self.rules


Decision = Allow | HoldUntil | Deny


def may_send(question: Question, now: datetime) -> Decision:
    """Whether this message may leave at `now`."""
    denied = tuple(rule for deny in DENIALS for rule in deny(question, now))
    if denied:
        return Deny(denied)
    holds = {rule: until for rule, hold in HOLDS.items() if (until := hold(question, now))}
    if not holds:
        return Allow(("consent_granted",) if question.message_class == MARKETING else ("transactional",))
    until = max(holds.values())
    if question.expires_at and until >= question.expires_at:
        return Deny((*holds, "expired"))
    return HoldUntil(until, tuple(holds))


# --- what forbids ---------------------------------------------------------------------------------------------------


def _expired(question: Question, now: datetime) -> Iterator[str]:
    if question.expires_at and now >= question.expires_at:
        yield "expired"


def _address(question: Question, now: datetime) -> Iterator[str]:
    if not question.address:
        yield "no_address"
        return
    mailbox = parse_mailbox(question.address)
    if mailbox is None:
        yield "invalid_address"
    elif question.message_class == MARKETING and mailbox.partition("@")[0].lower() in ROLES:
        yield "role_address"


def _consent(question: Question, now: datetime) -> Iterator[str]:
    """Marketing needs an explicit yes. Silence is no."""
    state = question.consent.state
    if question.message_class == MARKETING and state != "granted":
        yield f"consent_{state or 'missing'}"


def _suppression(question: Question, now: datetime) -> Iterator[str]:
    for found in question.suppressed:
        ours = found.purpose in {EVERY_PURPOSE, question.message_class}
        over = found.until is not None and now >= found.until
        if ours and not over and not _taken_back(found, question.consent):
            yield f"suppressed_{found.reason}"


def _taken_back(found: Suppressed, consent: Consented) -> bool:
    """An unsubscription ends when the customer says yes again, later and explicitly. A complaint does not."""
    later = consent.state == "granted" and consent.at is not None and consent.at > found.since
    return found.reason == "unsubscribe" and later


def _dissatisfied(question: Question, now: datetime) -> Iterator[str]:
    if question.message_class == MARKETING and question.dissatisfied:
        yield "dissatisfied"


def _goal(question: Question, now: datetime) -> Iterator[str]:
    if question.campaign == "reached":
        yield "goal_reached"


DENIALS: tuple[Callable[[Question, datetime], Iterator[str]], ...] = (
    _expired,
    _address,
    _consent,
    _suppression,
    _dissatisfied,
    _goal,
)

# --- what waits -----------------------------------------------------------------------------------------------------


def _quiet_hours(question: Question, now: datetime) -> datetime | None:
    """Marketing does not arrive at night. Korean law exempts e-mail from its night rule; we keep the night anyway."""
    local = now.astimezone(question.zone)
    if question.message_class != MARKETING or QUIET_TO <= local.time() < QUIET_FROM:
        return None
    day = local.date() if local.time() < QUIET_TO else local.date() + timedelta(days=1)
    return _morning(day.toordinal(), question.zone)


def _daily_cap(question: Question, now: datetime) -> datetime | None:
    """One marketing message per customer and local day."""
    if question.message_class != MARKETING or question.last_marketing_at is None:
        return None
    today = now.astimezone(question.zone).date()
    if question.last_marketing_at.astimezone(question.zone).date() != today:
        return None
    return _morning(today.toordinal() + 1, question.zone)


def _morning(ordinal: int, zone: tzinfo) -> datetime:
    day = datetime.fromordinal(ordinal).date()
    return datetime.combine(day, QUIET_TO, zone).astimezone(UTC)


def _paused(question: Question, now: datetime) -> datetime | None:
    return now + LOOK_AGAIN if question.campaign == "paused" else None


def _sender(question: Question, now: datetime) -> datetime | None:
    """Without a valid sender nobody could answer; the shop can mend that, so the message waits."""
    return None if parse_mailbox(question.sender) else now + LOOK_AGAIN


HOLDS: dict[str, Callable[[Question, datetime], datetime | None]] = {
    "quiet_hours": _quiet_hours,
    "daily_cap": _daily_cap,
    "campaign_paused": _paused,
    "no_sender": _sender,
}

# --- addresses ------------------------------------------------------------------------------------------------------

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def parse_mailbox(text: str) -> str | None:
    """The one address that `text` is, its domain in ASCII; None for anything else.

    Stricter than RFC 5321: no quoted or internationalised local parts, no address literals, a domain with a dot. What
    passes holds no blank, control, bracket, comma or quote, so it cannot become a second SMTP command or header.
    """
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        return None
    try:
        ascii_domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1].isdigit() or len(local) + 1 + len(ascii_domain) > 254:
        return None
    return f"{local}@{ascii_domain}"


# --- trying again ---------------------------------------------------------------------------------------------------

RETRIES = (5, 15, 30, 60, 120)  # minutes; four hours each from there on
RETRY_FOR = timedelta(hours=72)


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that were put off; None when three days of them are enough."""
    waits = [timedelta(minutes=minutes) for minutes in RETRIES]
    wait = waits[attempts - 1] if attempts <= len(waits) else timedelta(hours=4)
    waited = sum(waits[: attempts - 1], timedelta(0)) + timedelta(hours=4) * max(attempts - 1 - len(waits), 0)
    return wait if waited + wait <= RETRY_FOR else None


# --- people and machines --------------------------------------------------------------------------------------------

MACHINES = re.compile(
    r"googleimageproxy|yahoomailproxy|bot\b|crawl|spider|scan|preview|proofpoint|mimecast|barracuda|symantec|safelinks"
    r"|facebookexternalhit|curl/|wget/|python-|go-http-client|java/|libwww|okhttp|headless",
    re.IGNORECASE,
)


def is_machine(user_agent: str) -> bool:
    """Whether an open or a click comes from a program: image proxies, link scanners, privacy relays, no name at all."""
    name = user_agent.strip()
    return name in {"", "Mozilla/5.0"} or MACHINES.search(name) is not None
