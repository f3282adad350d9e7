"""What is said about consent, and what stands after all of it. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from dangol.base.instants import parse_instant
from dangol.collect.facts import Fact

CHANNELS = {"email", "sms", "push", "webpush", "kakao", "phone", "onsite"}
STATES = ("pending", "granted", "expired", "denied", "withdrawn")
STRICTNESS = {state: rank for rank, state in enumerate(STATES)}  # which stands when two customers become one
PROVEN = "double_optin"  # a basis that only Dangol itself may name: it saw the second step
TOLD = {"channel", "purpose", "state", "basis", "ip", "user_agent", "effective_until"}  # the rest is evidence


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """What a `Consent Changed` fact says."""

    channel: str
    purpose: str
    state: str
    basis: str
    evidence: dict[str, Any]
    ip: str = ""
    user_agent: str = ""
    effective_until: datetime | None = None


class Said(Protocol):
    """One change of consent, as it is kept."""

    state: str
    imported: bool
    absorbed_id: int | None


S = TypeVar("S", bound=Said)


def consent_of(fact: Fact) -> ConsentFact | None:
    """The consent that a fact changes; None where it does not say channel and state as the language knows them."""
    properties = fact.properties
    channel, state = properties.get("channel"), properties.get("state")
    if channel not in CHANNELS or state not in STATES:
        return None
    return ConsentFact(
        channel=channel,
        purpose=str(properties.get("purpose") or "marketing")[:16],
        state=state,
        basis=_basis(fact),
        evidence={key: value for key, value in properties.items() if key not in TOLD},
        ip=_first("ip", properties, fact.context)[:45],
        user_agent=(_first("user_agent", properties) or _first("userAgent", fact.context))[:500],
        effective_until=parse_instant(properties.get("effective_until")),
    )


def _basis(fact: Fact) -> str:
    basis = str(fact.properties.get("basis") or "explicit")[:32]
    return "explicit" if basis == PROVEN and not fact.own else basis


def _first(key: str, *places: Mapping[str, Any]) -> str:
    return next((value for place in places if isinstance(value := place.get(key), str) and value), "")


def standing(changes: Iterable[S]) -> S | None:
    """What stands after these changes of one consent, oldest first; None before the first.

    The newest word wins. Two are no word against what stands: a list from elsewhere, often without a date, cannot take
    back a refusal made here, and whoever only asks to be asked has neither agreed nor refused.
    """
    stands: S | None = None
    for change in changes:
        if stands is not None and change.absorbed_id is None:
            if change.imported and STRICTNESS[stands.state] > STRICTNESS[change.state]:
                continue
            if change.state == "pending" and stands.state != "pending":
                continue
        stands = change
    return stands
