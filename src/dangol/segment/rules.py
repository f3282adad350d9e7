"""How segments hang together, and what it is to enter or leave one. Pure: rules in, answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dangol.base.errors import Fault
from dangol.segment.language import Reference, Rule, leaves, primitives

COMBINING = ("all", "any", "none", "exactly", "of")
HIDDEN = "~"  # begins the key of a segment that only a campaign knows (see hidden.py); no person can choose it


def is_hidden(key: str) -> bool:
    """Whether a segment is shown to nobody, and no fact tells who enters or leaves it."""
    return key.startswith(HIDDEN)


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


def renamed(where: Any, keys: Mapping[str, str]) -> Any:
    """A rule as it is written, with other keys for some of the segments it refers to."""
    if isinstance(where, list):
        return [renamed(one, keys) for one in where]
    if not isinstance(where, Mapping):
        return where
    found = {word: renamed(one, keys) if word in COMBINING else one for word, one in where.items()}
    if isinstance(found.get("segment"), str):
        found["segment"] = keys.get(found["segment"], found["segment"])
    return found


def named_in(where: Any, subject: str) -> dict[str, str]:
    """The lists or topics (`subject`) that a rule, as it is written, asks about, each with the pointer of a leaf."""
    found: dict[str, str] = {}

    def look(node: Any, pointer: str) -> None:
        if isinstance(node, list):
            for number, one in enumerate(node):
                look(one, f"{pointer}/{number}")
        elif isinstance(node, Mapping):
            if isinstance(node.get(subject), str):
                found.setdefault(node[subject], f"{pointer}/{subject}")
            for word in COMBINING:
                if word in node:
                    look(node[word], f"{pointer}/{word}")

    look(where, "/where")
    return found


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
