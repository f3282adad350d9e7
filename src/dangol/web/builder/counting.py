"""How many a rule means, as it is edited: exact in a small shop, about and then exact in a large one."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dangol.profile import reads as profile
from dangol.profile.suggestions import draw
from dangol.segment import asking

EXACT_UP_TO = 3_000  # customers whose every history is read at each edit
DRAWN = 2_000  # customers in whom a larger shop's answer is looked for first
SHOWN = 8
PARTS_MOST = 30  # parts of a rule that are counted one by one
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many customers a rule means."""

    count: int
    low: int  # the range it lies in, with 95 % confidence; `count` itself where it is exact
    high: int
    exact: bool
    customers: int  # in the shop
    sample: list[tuple[int, str]]  # some of them: customer, name
    parts: dict[str, int]  # place of a part of the rule (JSON Pointer) → for how many it holds


def about(where: Any, now: datetime) -> Counted:
    """At a bounded cost. Raises Invalid."""
    everybody = profile.count()
    drawn = draw(EXACT_UP_TO if everybody <= EXACT_UP_TO else DRAWN)
    parts = dict(parts_of(where, "/where"))
    held = asking.judge({"": where, **dict(list(parts.items())[:PARTS_MOST])}, now, drawn)
    found = held.pop("")
    scale = everybody / len(drawn) if drawn else 1.0
    low, high = (round(end * everybody) for end in likely(len(found), len(drawn)))
    exact = len(drawn) >= everybody
    return Counted(
        count=round(len(found) * scale),
        low=len(found) if exact else low,
        high=len(found) if exact else high,
        exact=exact,
        customers=everybody,
        sample=_named(found),
        parts={pointer: round(len(ids) * scale) for pointer, ids in held.items()},
    )


def exactly(where: Any, now: datetime) -> Counted | None:
    """Over everybody; None while another such count is under way, so that impatient hands cannot fill the machine."""
    if not _one_at_a_time.acquire(blocking=False):
        return None
    try:
        found = asking.evaluate(where, now)
    finally:
        _one_at_a_time.release()
    return Counted(len(found), len(found), len(found), True, profile.count(), _named(found), {})


def _named(found: list[int]) -> list[tuple[int, str]]:
    ids = sorted(found, reverse=True)[:SHOWN]
    names = profile.names(ids)
    return [(customer, names.get(customer, "")) for customer in ids]


def likely(held: int, drawn: int) -> tuple[float, float]:
    """The range of a share that was `held` times among `drawn`, 95 % (Wilson 1927, score interval).

    >>> [round(end, 3) for end in likely(50, 100)]
    [0.404, 0.596]
    """
    if not drawn:
        return 0.0, 0.0
    z, share = 1.96, held / drawn
    middle = share + z * z / (2 * drawn)
    reach = z * math.sqrt(share * (1 - share) / drawn + z * z / (4 * drawn * drawn))
    width = 1 + z * z / drawn
    return max((middle - reach) / width, 0.0), min((middle + reach) / width, 1.0)


def parts_of(where: Any, pointer: str) -> list[tuple[str, Any]]:
    """The rules inside a rule, each by its place, from the outside in; not the whole itself."""
    found: list[tuple[str, Any]] = []
    if not isinstance(where, Mapping):
        return found
    for word in ("all", "any", "none", "exactly"):
        inside, place = where.get(word), f"{pointer}/{word}"
        if word == "exactly" and isinstance(inside, Mapping):
            inside, place = inside.get("of"), f"{place}/of"
        if isinstance(inside, list):
            for number, rule in enumerate(inside):
                found += [(f"{place}/{number}", rule), *parts_of(rule, f"{place}/{number}")]
    return found
