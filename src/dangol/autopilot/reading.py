"""Reads the owner's limits as the console and the API tell them, and says every fault."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import time
from decimal import Decimal
from typing import Any

from dangol.autopilot import rules
from dangol.autopilot.models import Limit
from dangol.base.errors import Fault, Invalid
from dangol.base.money import parse_amount

MOST_CONTACTS, MOST_HOURS, MOST_STAFF_HOURS = 60, 200, 10_000
Check = Callable[[Any], tuple[Any, str]]  # the value to keep, and what is allowed where it is not


def shown(row: Limit) -> dict[str, Any]:
    """The limits as the API tells and takes them."""
    return {
        "mode": row.mode, "plays": list(row.plays), "contacts": row.contacts,
        "budget": None if row.budget is None else str(row.budget), "discount": row.discount,
        "staff_hours": row.staff_hours,
        "hours": row.hours, "opens": row.opens, "closes": row.closes,
    }  # fmt: skip


def read(told: Mapping[str, Any], row: Limit, plays: Collection[str]) -> Limit:
    """The row with what was told in its place; what is left out stays. Raises Invalid with every fault."""
    checks = _checks(plays)
    faults = [Fault(f"/{name}", str(name), "one of " + ", ".join(checks)) for name in told if name not in checks]
    for name, value in told.items():
        if name in checks:
            kept, allowed = checks[name](value)
            if allowed:
                faults.append(Fault(f"/{name}", repr(value)[:80], allowed))
            else:
                setattr(row, name, kept)
    if not faults and row.opens >= row.closes:
        faults.append(Fault("/closes", row.closes, f"an hour behind {row.opens}"))
    if faults:
        raise Invalid(faults)
    return row


def _checks(plays: Collection[str]) -> dict[str, Check]:
    return {
        "mode": lambda told: (told, "" if told in rules.MODES else " or ".join(rules.MODES)),
        "plays": lambda told: _plays(told, plays),
        "contacts": lambda told: _whole(told, 1, MOST_CONTACTS, empty=True),
        "budget": _amount,
        "discount": _per_cent,
        "staff_hours": _staff_hours,
        "hours": lambda told: _whole(told, 0, MOST_HOURS),
        "opens": _clock,
        "closes": _clock,
    }


def _plays(told: Any, known: Collection[str]) -> tuple[Any, str]:
    right = isinstance(told, list) and all(isinstance(one, str) and one in known for one in told)
    return (sorted(set(told)), "") if right else ([], "a list of plays: " + ", ".join(known))


def _whole(told: Any, least: int, most: int, *, empty: bool = False) -> tuple[Any, str]:
    if told is None and empty:
        return None, ""
    right = isinstance(told, int) and not isinstance(told, bool) and least <= told <= most
    return told, "" if right else f"a whole number from {least} to {most}" + (", or null for none" if empty else "")


def _amount(told: Any) -> tuple[Any, str]:
    if told is None:
        return None, ""
    found = parse_amount(told) if isinstance(told, str | int | float | Decimal) and told is not True else None
    right = found is not None and Decimal(0) <= found < Decimal(10) ** 12
    return found, "" if right else "an amount of 0 or more in the shop's currency, or null for none"


def _per_cent(told: Any) -> tuple[Any, str]:
    right = isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= 100
    return float(told) if right else 0.0, "" if right else "a number from 0 to 100"


def _staff_hours(told: Any) -> tuple[Any, str]:
    if told is None:
        return None, ""
    right = isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= MOST_STAFF_HOURS
    return (float(told), "") if right else (None, f"a number from 0 to {MOST_STAFF_HOURS}, or null for no limit")


def _clock(told: Any) -> tuple[Any, str]:
    try:
        return f"{time.fromisoformat(str(told)):%H:%M}", ""
    except ValueError:
        return "", "an hour such as 09:00"
