"""How a hand-over ended, and what an SMTP server's reply means for the message and for the address. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

State = Literal["accepted", "deferred", "bounced", "failed", "unknown"]
Stage = Literal["connect", "mail", "rcpt", "data", "end"]  # "end": after the final dot was sent

REFUSED = "refused"  # the reason of a bounce: the customer told the provider that they want no more

# RFC 3463 codes that say the mailbox is not there and will not be.
GONE = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ABOUT_ONE = re.compile(r"gr[ae]y-?list|\b4\.[12]\.\d", re.IGNORECASE)  # puts off a letter to one mailbox, no domain
_POLICY = re.compile(
    r"spam|block|policy|denied|reject(?:ed)? (?:due|for|by)|blacklist|blocklist|listed|reputation|dmarc|spf|dkim|relay",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the channel knows when it is done with one message."""

    state: State
    answer: str = ""  # what the other side said
    delivered: bool = False  # known to lie in the customer's box, not only to be accepted
    kind: str = ""  # of a bounce: hard (the address is gone) or soft
    reason: str = ""  # of a bounce: address, policy, content
    reference: str = ""  # what the other side calls the message
    after: timedelta | None = None  # how long the other side asks to be left alone
    free: bool = False  # it went nowhere, so it costs nothing
    closed: bool = False  # the other side takes nothing at all now, whoever it is for
    busy: bool = False  # the address's own domain takes this one later

    @property
    def hard(self) -> bool:
        return self.kind == "hard"


def accepted(answer: str, *, delivered: bool = False, reference: str = "", free: bool = False) -> Outcome:
    return Outcome("accepted", answer[:500], delivered=delivered, reference=reference[:100], free=free)


def failed(answer: str) -> Outcome:
    return Outcome("failed", answer[:500])


def deferred(answer: str, after: timedelta | None = None) -> Outcome:
    return Outcome("deferred", answer[:500], after=after)


def bounced(answer: str, *, hard: bool, reason: str = "address") -> Outcome:
    return Outcome("bounced", answer[:500], kind="hard" if hard else "soft", reason=reason)


def closed(answer: str) -> Outcome:
    return Outcome("deferred", answer[:500], closed=True)


def unknown(answer: str) -> Outcome:
    return Outcome("unknown", answer[:500])


def fault(error: Exception) -> str:
    """What an outcome says of a fault of our own."""
    return f"{type(error).__name__}: {error}"


def of_reply(stage: Stage, code: int, text: str) -> Outcome:
    """What a reply other than success at this stage means.

    A refusal of the recipient is a bounce, and a hard one only where it says that the mailbox is not there: refusals
    for reasons of policy or content are about us, not about the address.
    """
    answer = f"{code} {text}"[:500]
    if stage == "connect" or not 500 <= code < 600:
        return Outcome("deferred", answer, busy=stage in {"rcpt", "data", "end"} and not _ABOUT_ONE.search(answer))
    if stage == "rcpt":
        return _refused_recipient(code, text, answer)
    if stage == "end":
        return Outcome("bounced", answer, kind="soft", reason="content")
    return failed(answer)


def _refused_recipient(code: int, text: str, answer: str) -> Outcome:
    enhanced = _ENHANCED.search(text)
    if enhanced:
        gone = enhanced[1] in GONE
        policy = enhanced[1].startswith(("5.7.", "5.6."))
    else:
        policy = bool(_POLICY.search(text))
        gone = code in {550, 551, 553} and not policy
    return Outcome("bounced", answer, kind="hard" if gone else "soft", reason="policy" if policy else "address")
