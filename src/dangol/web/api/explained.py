"""An explanation as the API writes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dangol.segment.evidence import Deciding, ForecastSaid
from dangol.segment.explanation import Explanation


def explained(told: Explanation) -> dict[str, Any]:
    """Why a customer is in a segment or not; the segment is empty for a rule that is not saved."""
    return {
        "segment": told.segment.strip("\x00"),
        "customer": str(told.customer_id),
        "at": told.at,
        "member": told.member,
        "since": told.since,
        "changes_at": told.changes_at,
        "certain": told.certain,
        "words": told.words,
        "leaves": [
            {
                "path": leaf.pointer,
                "words": leaf.words,
                "holds": leaf.holds,
                "value": leaf.value,
                "facts": [_fact(fact) for fact in leaf.facts],
                "changes_at": leaf.changes_at,
                "steps": [{"words": one.words, "state": one.state, "fact": _fact(one.fact)} for one in leaf.steps],
                "forecast": _forecast(leaf.forecast),
            }
            for leaf in told.leaves
        ],
    }


def _fact(fact: Deciding | None) -> dict[str, Any] | None:
    return None if fact is None else {"name": fact.name, "at": fact.at}


def _forecast(said: ForecastSaid | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"words": said.words, "made_at": said.made_at, **(asdict(said.told) if said.told else {})}
