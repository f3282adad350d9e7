"""How segments hang together, and who entered or left. Pure: rules and sets in, answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dangol.base.errors import Fault
from dangol.segment.language import Reference, Rule, leaves, primitives


@dataclass(frozen=True, slots=True)
class Change:
    """A customer entered or left a segment."""

    customer_id: int
    segment: str  # its key
    entered: bool
    at: datetime
    imported: bool = False  # caused by imported facts only: changes membership, starts no campaign


def references(rule: Rule) -> set[str]:
    """The segments that a rule refers to."""
    return {one.key for one in primitives(rule) if isinstance(one, Reference)}


def ordered(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules, each behind those it refers to; the order they came in otherwise. They hold no cycle."""
    found: dict[str, Rule] = {}

    def place(key: str) -> None:
        if key not in found:
            for other in sorted(references(rules[key])):
                place(other)
            found[key] = rules[key]

    for key in rules:
        place(key)
    return found


def with_references(keys: Iterable[str], rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of these segments and of all that they refer to, in order."""
    wanted, ask = set(keys), set(keys)
    while ask:
        ask = {other for key in ask for other in references(rules[key])} - wanted
        wanted |= ask
    return ordered({key: rule for key, rule in rules.items() if key in wanted})


def referring(key: str, rules: Mapping[str, Rule]) -> set[str]:
    """The segments that refer to one, directly or by way of others."""
    found: set[str] = set()
    ask = {key}
    while ask:
        ask = {other for other, rule in rules.items() if references(rule) & ask} - found
        found |= ask
    return found


def reference_faults(key: str, rule: Rule, others: Mapping[str, Rule]) -> list[Fault]:
    """References to segments that are not there, or that lead back to this one."""
    back = referring(key, others) | {key}
    faults = []
    for leaf in leaves(rule):
        for other in sorted(references(leaf)):
            if other in back:
                allowed = f"a segment that does not refer back to {key}"
            elif other not in others:
                allowed = "the key of an active segment"
            else:
                continue
            faults.append(Fault(f"{leaf.pointer}/segment", other, allowed))
    return faults


def crossings(
    before: Mapping[int, set[str]], after: Mapping[int, set[str]], at: Mapping[int, datetime], imported: set[int]
) -> list[Change]:
    """Who entered and who left what: one change for each, the earliest first."""
    changes = [
        Change(customer, key, key in after[customer], at[customer], customer in imported)
        for customer in after
        for key in sorted(after[customer] ^ before.get(customer, set()))
    ]
    return sorted(changes, key=lambda change: change.at)
