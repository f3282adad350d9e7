"""How the shop's mail is received: when to warn, and when to stop before mailbox providers do. Pure.

Google wants complaints below 0.1 % and blocks above 0.3 %; a server that refuses letters by policy goes on refusing
those that follow. A few letters say nothing: below FEW signs nobody is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

WINDOW = timedelta(hours=24)  # what is looked at
WARN_COMPLAINTS, PAUSE_COMPLAINTS = 0.001, 0.003  # of the letters that were taken
MOST_POLICY, MOST_GONE = 0.05, 0.10  # of the letters that were tried: refused by policy or content; no such mailbox
FEW_COMPLAINTS, FEW_REFUSALS = 3, 50

Measure = Literal["warned", "marketing_paused", "campaign_paused"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Letters of the last day by how they ended."""

    accepted: int = 0
    refused: int = 0  # by policy or for their content
    gone: int = 0  # no such mailbox
    complaints: int = 0

    @property
    def tried(self) -> int:
        return self.accepted + self.refused + self.gone


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be done, and why."""

    measure: Measure
    reason: str  # complaints, refused, gone
    share: float


def of_shop(counts: Counts) -> Finding | None:
    """What complaints about all marketing ask for."""
    if counts.complaints < FEW_COMPLAINTS or not counts.accepted:
        return None
    share = counts.complaints / counts.accepted
    if share >= PAUSE_COMPLAINTS:
        return Finding("marketing_paused", "complaints", share)
    return Finding("warned", "complaints", share) if share >= WARN_COMPLAINTS else None


def of_campaign(counts: Counts) -> Finding | None:
    """What refusals of one campaign's letters ask for."""
    for reason, refusals, most in (("refused", counts.refused, MOST_POLICY), ("gone", counts.gone, MOST_GONE)):
        if refusals >= FEW_REFUSALS and refusals > most * counts.tried:
            return Finding("campaign_paused", reason, refusals / counts.tried)
    return None
