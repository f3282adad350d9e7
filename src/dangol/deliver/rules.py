"""The gate: whether a message may leave, at this moment, to this address. Pure: values in, values out.

Every rule has an id that is kept with the delivery; one that a law asks for also names the policy pack, as in
`night:kr-2026-07-07`. Rules that forbid win over rules that wait; of several waits the longest counts. Nothing leaves
Dangol past this gate: it is asked when a message is planned and again at hand-off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from functools import lru_cache

from dangol.deliver import caps, law
from dangol.deliver.caps import ONE_A_DAY, Cap, Other
from dangol.deliver.law import pack as laws
from dangol.deliver.law import places
from dangol.deliver.law.pack import Pack

MARKETING, TRANSACTIONAL = "marketing", "transactional"
UNASKED = frozenset({"email", "sms", "kakao", "webpush"})  # what arrives by itself; the rest waits to be looked at
EVERY_PURPOSE = "*"
QUIET = (time(21), time(8))  # the shop's own night, in the customer's zone; 21:00:00 is quiet, 08:00:00 is not
MINUTE = timedelta(minutes=1)
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
    basis: str = ""  # explicit, or what it rests on where nobody agreed in words: see law/pack.py
    since: datetime | None = None  # from when the term of such a basis counts
    offered: bool = False  # whether the customer could refuse when the address was taken


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the gate looks at."""

    message_class: str
    address: str  # as the customer's profile has it
    sender: str  # the shop's own address
    zone: tzinfo  # the customer's, where it is known, else the shop's
    clocks: tuple[tzinfo, ...] = ()  # each that may be the customer's; none: `zone` alone
    sender_told: frozenset[str] = frozenset({"name", "email", "phone", "address", "contact"})  # words of Pack.shows
    channel: str = "email"
    consent: Consented = Consented()
    night: bool = False  # whether the customer agreed to messages at night, on this channel
    countries: frozenset[str] = frozenset()  # where the customer is, as far as the file tells
    shop_country: str = ""
    suppressed: tuple[Suppressed, ...] = ()
    dissatisfied: bool = False  # in the segment that pauses marketing
    sent: tuple[Other, ...] = ()  # other marketing messages handed over within the last days, on any channel
    waiting: tuple[Other, ...] = ()  # other marketing messages that wait for their time
    caps: tuple[Cap, ...] = ONE_A_DAY
    quiet: tuple[time, time] | None = QUIET  # the shop's own night; None: it keeps none
    priority: int = 0  # the greater goes first where the caps leave no room for both
    yields: str = "wait"  # or "drop": what becomes of this message where another goes first
    topic: str = ""  # what the message is about, where the campaign says so
    subscribed: bool = True  # whether the customer wants to hear of it
    unlawful_form: str = ""  # why the channel's form of message is none for this class
    restricted: bool = False  # the customer's data are kept and not used
    unconfirmed: bool = False  # the law wanted the customer reminded of their consent, and nobody did
    campaign: str = ""  # "paused", "reached" or "left": what became of the run meanwhile
    expires_at: datetime | None = None
    complained: bool = False  # too many called the shop's letters spam: its marketing by e-mail rests
    unvetted: str = ""  # "domain_unasked" or "domain_unsound": what the sender's DNS has not vouched for

    def packs(self, now: datetime) -> tuple[Pack, ...]:
        """The laws that this message stands under."""
        return law.in_force(places.under(self.countries, self.shop_country), now.astimezone(self.zone).date())


@dataclass(frozen=True, slots=True)
class Allow:
    """The message may leave now."""

    rules: tuple[str, ...]
    packs: tuple[str, ...] = ()  # the laws it was held against, by the keys of their packs


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """Not now; ask again at `at`."""

    at: datetime
    rules: tuple[str, ...]
    packs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """Never."""

    rules: tuple[str, ...]
    packs: tuple[str, ...] = ()

    @property
    def expired(self) -> bool:
        return "expired" in self.rules


Decision = Allow | HoldUntil | Deny


def may_send(question: Question, now: datetime) -> Decision:
    """Whether this message may leave at `now`."""
    packs = tuple(pack.key for pack in question.packs(now)) if unasked(question) else ()
    denied = tuple(rule for deny in DENIALS.values() for rule in deny(question, now))
    if denied:
        return Deny(denied, packs)
    holds = {rule: until for hold in HOLDS.values() for rule, until in hold(question, now)}
    if not holds:
        return Allow((_why(question),), packs)
    until = max(holds.values())
    if question.expires_at and until >= question.expires_at:
        return Deny((*holds, "expired"), packs)
    return HoldUntil(until, tuple(holds), packs)


def _why(question: Question) -> str:
    if question.message_class != MARKETING:
        return "transactional"
    return "consent_granted" if unasked(question) else "no_consent_needed"


# --- what forbids ---------------------------------------------------------------------------------------------------


def _expired(question: Question, now: datetime) -> Iterator[str]:
    if question.expires_at and now >= question.expires_at:
        yield "expired"


def _address(question: Question, now: datetime) -> Iterator[str]:
    if not question.address:
        yield "no_address"
        return
    address = usable_address(question.channel, question.address)
    if address is None:
        yield "invalid_address"
    elif unasked(question) and question.channel == "email" and address.partition("@")[0].lower() in ROLES:
        yield "role_address"


def unasked(question: Question) -> bool:
    """Marketing that reaches a customer who did nothing for it at this moment."""
    return question.message_class == MARKETING and question.channel in UNASKED


def _consent(question: Question, now: datetime) -> Iterator[str]:
    """Marketing needs an explicit yes. Silence is no."""
    state = question.consent.state
    if unasked(question) and state != "granted":
        yield f"consent_{state or 'missing'}"


def _law(question: Question, now: datetime) -> Iterator[str]:
    """A consent that nobody gave in words goes as far as every law that applies lets it."""
    given = question.consent
    if not unasked(question) or given.state != "granted":
        return
    for pack in question.packs(now):
        since = given.since or given.at
        fault = laws.basis_fault(pack, question.channel, given.basis, since, given.offered, now, question.zone)
        if fault:
            yield f"{fault}:{pack.key}"


def _topic(question: Question, now: datetime) -> Iterator[str]:
    if question.message_class == MARKETING and question.topic and not question.subscribed:
        yield "topic_refused"


def _form(question: Question, now: datetime) -> Iterator[str]:
    if question.message_class == MARKETING and question.unlawful_form:
        yield question.unlawful_form


def _outranked(question: Question, now: datetime) -> Iterator[str]:
    if question.yields == "drop" and _ahead(question, now):
        yield "outranked"


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
    if question.message_class == MARKETING and question.channel != "task" and question.dissatisfied:
        yield "dissatisfied"


def _unconfirmed(question: Question, now: datetime) -> Iterator[str]:
    if unasked(question) and question.unconfirmed:
        yield "reconfirmation_overdue"


def _restricted(question: Question, now: datetime) -> Iterator[str]:
    if question.restricted:
        yield "restricted"


def _goal(question: Question, now: datetime) -> Iterator[str]:
    if question.campaign == "reached":
        yield "goal_reached"
    if question.campaign == "left":
        yield "campaign_left"


DENIALS: Mapping[str, Callable[[Question, datetime], Iterator[str]]] = {  # what is asked about → what forbids
    "time": _expired,
    "address": _address,
    "consent": _consent,
    "law": _law,
    "suppression": _suppression,
    "topic": _topic,
    "form": _form,
    "satisfaction": _dissatisfied,
    "restriction": _restricted,
    "reminder": _unconfirmed,
    "goal": _goal,
    "rank": _outranked,
}

# --- what waits -----------------------------------------------------------------------------------------------------


Waits = Iterator[tuple[str, datetime]]


def _quiet_hours(question: Question, now: datetime) -> Waits:
    """Marketing does not arrive at night, but to who agreed to that. The shop may set other hours, or none."""
    if not unasked(question) or question.quiet is None or question.night:
        return
    begins, ends = question.quiet
    if (until := _night(begins, ends, now, (question.zone,))) is not None:
        yield "quiet_hours", until


def _lawful_hours(question: Question, now: datetime) -> Waits:
    """The law's night, whatever the shop has set."""
    for pack in question.packs(now) if unasked(question) else ():
        zones = laws.clocks(pack, question.countries or {question.shop_country}, question.clocks or (question.zone,))
        for night in laws.nights_of(pack, question.channel, question.night):
            if (until := _night(night.begins, night.ends, now, zones)) is not None:
                yield f"night:{pack.key}", until


def _night(begins: time, ends: time, now: datetime, zones: Sequence[tzinfo]) -> datetime | None:
    """When it is day on all of these clocks; None where it is now. Where they are too far apart for that, the last of
    their mornings.
    """
    at = now
    for _ in range(len(zones) + 1):
        nights = [until for zone in zones if (until := _morning(begins, ends, at, zone)) is not None]
        if not nights:
            break
        at = max(nights)
    return at if at > now else None


def _morning(begins: time, ends: time, now: datetime, zone: tzinfo) -> datetime | None:
    """When the night ends that it is now; None by day. A night may lie on either side of midnight."""
    local = now.astimezone(zone)
    at = local.time()
    inside = begins <= at < ends if begins < ends else at >= begins or at < ends
    if not inside:
        return None
    day = local.date() if at < ends else local.date() + timedelta(days=1)
    return caps.morning(day, zone, ends)


def _caps(question: Question, now: datetime) -> Waits:
    """So many marketing messages per customer and local day or week; what is transactional is never counted."""
    if not unasked(question):
        return
    yield from caps.full(question.caps, question.channel, question.sent, now, question.zone).items()
    if question.yields != "drop" and (due := _ahead(question, now)):
        yield "outranked", max(due, now) + LOOK_AGAIN


def _ahead(question: Question, now: datetime) -> datetime | None:
    if not unasked(question) or not question.waiting:
        return None
    return caps.ahead(
        question.caps, question.channel, question.sent, question.waiting, question.priority, now, question.zone
    )


def _paused(question: Question, now: datetime) -> Waits:
    if question.campaign == "paused":
        yield "campaign_paused", now + LOOK_AGAIN


def _sender(question: Question, now: datetime) -> Waits:
    """Without a valid sender nobody could answer a letter, and a law may want advertising to say more of the shop. The
    shop can mend that, so the message waits.
    """
    if question.channel == "email" and not parse_mailbox(question.sender):
        yield "no_sender", now + LOOK_AGAIN
    for pack in question.packs(now) if unasked(question) else ():
        for what in law.lacking(pack, question.channel, question.sender_told):
            yield f"sender_{what}:{pack.key}", now + LOOK_AGAIN


def _complained(question: Question, now: datetime) -> Waits:
    """Mailbox providers would soon take nothing more from the shop; transactional letters still have to arrive."""
    if question.complained and question.channel == "email" and question.message_class == MARKETING:
        yield "complaints", now + LOOK_AGAIN


def _unvetted(question: Question, now: datetime) -> Waits:
    """Mailbox providers would take the shop's first letters for somebody else's, and remember it."""
    if question.unvetted and question.channel == "email" and question.message_class == MARKETING:
        yield question.unvetted, now + (MINUTE if question.unvetted == "domain_unasked" else LOOK_AGAIN)


HOLDS: Mapping[str, Callable[[Question, datetime], Waits]] = {  # what is asked about → what waits
    "quiet": _quiet_hours,
    "night": _lawful_hours,
    "caps": _caps,
    "pause": _paused,
    "sender": _sender,
    "complaints": _complained,
    "domain": _unvetted,
}

# --- addresses ------------------------------------------------------------------------------------------------------

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def usable_address(channel: str, text: str) -> str | None:
    """The address as the channel takes it; None where it can reach nobody."""
    if channel == "email":
        return parse_mailbox(text)
    if channel in {"sms", "kakao"}:
        return text if _PHONE.fullmatch(text) else None
    return text


@lru_cache(maxsize=8192)  # each address is asked about several times in a row
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
