"""Leaves by the facts they look at: a batch judges anew only those that its facts, or time, can have changed.

A group holds all leaves that look at events of the same names (or at traits, or at no fact), compiled to one plan. What
it said of a customer stands until a fact of these names comes, or its next flip; so a segment of orders costs nothing
when somebody looks at a page. How segments combine their leaves is no question of facts: `Program` does that over whole
columns of booleans, where compiled expressions would cost more to start than to run. A test holds it to what the
compiled rules say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dangol.base.clock import to_us
from dangol.collect.facts import EVENT_NAMES, Fact
from dangol.segment.engines import Plan
from dangol.segment.language import (
    All,
    AnyOf,
    Bucket,
    Events,
    Exactly,
    Forecast,
    Leaf,
    NoneOf,
    Picked,
    Primitive,
    Reference,
    Rule,
    primitives,
)
from dangol.segment.needs import Needs, needs_of
from dangol.segment.project import matches, row_of
from dangol.segment.standing import Said
from dangol.segment.steady import steady, timed

Booleans = NDArray[np.bool_]
Holds = Callable[
    [Booleans, Sequence[Booleans]], Booleans
]  # leaves by column, segments judged before → for whom it holds


SPLIT = 8  # groups more than leaves need, before they are put together again


class Group:
    """Leaves that look at the same facts."""

    def __init__(self, rules: Mapping[str, Primitive], zone: tzinfo) -> None:
        self.rules = dict(rules)
        self.zone = zone
        self.needs: Needs = needs_of(rules.values())
        self.key = digest([str(zone), *self.rules])
        self.told_otherwise = not (self.needs.names or self.needs.paths or self.needs.salts)  # not by facts: never kept
        aged = any(isinstance(rule, Events) and rule.minimum_age for rule in rules.values())
        self.same_of_nothing = not (aged or self.told_otherwise or self.needs.salts or self.needs.forecasts)
        self.nothing: Said | None = None  # … of whoever has no such fact and is there, whenever they are asked about
        self.firsts = all(_is_first(rule) for rule in rules.values())
        self.choosy = not self.needs.paths and all(map(_chooses, rules.values()))  # most facts are none of its business
        self.steady = bool(self.needs.names or self.needs.paths) and all(map(steady, rules.values()))

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.rules, self.zone)

    def since(self, t: int) -> int | None:
        """Facts before it are no leaf's business at t or later; None where any may be."""
        return begin(self.rules.values(), t)

    def looks_at(self, name: str, own: bool) -> bool:
        """Whether events of this name can change what a leaf says."""
        return any(matches(wanted, name, own) for wanted in self.needs.names)

    def among(self, facts: Sequence[Fact]) -> set[int]:
        """Of a choosy group: the numbers of the facts, all of its names, that any leaf looks at."""
        customers = {number: (to_us(fact.at), to_us(fact.at)) for number, fact in enumerate(facts)}
        rows = [row_of(number, fact) for number, fact in enumerate(facts)]
        return set(self.plan.looked_at(self.plan.projector.tables(customers, rows)))

    def get_ready(self) -> None:
        """Compile for this process, unless that was done."""
        self.plan.get_ready()
        if self.choosy:
            self.among(())


def _chooses(rule: Primitive) -> bool:
    """A leaf about some events of a name, and no time changes which these are."""
    return isinstance(rule, Events | Picked) and bool(rule.where) and not timed(rule.where)


def _is_first(rule: Primitive) -> bool:
    """A leaf about the first event of a name, whatever is in it: once it is known, later ones change nothing."""
    return isinstance(rule, Picked) and not rule.newest and not rule.where


def _start(rule: Primitive, t: int) -> int | None:
    """When the events begin that a leaf may count at t, or ever after; None where any may be counted."""
    if not isinstance(rule, Events):
        return None
    until, low = rule.window.until, rule.window.low
    if until is None:
        return low
    return t - until if low is None else max(t - until, low)


def begin(rules: Iterable[Primitive], t: int) -> int | None:
    """Facts before it are the business of none of these leaves at t or later; None where any may be."""
    found = [_start(rule, t) for rule in rules if not isinstance(rule, Bucket | Forecast)]
    known = [one for one in found if one is not None]
    return min(known) if known and len(known) == len(found) else None


def regrouped(before: Sequence[Group], rules: Collection[Rule], zone: tzinfo) -> list[Group]:
    """All leaves of some rules, in groups. Those that stood before stay while most of their leaves are asked, and new
    leaves make groups of their own: so a segment that is saved costs the compiling of its own leaves.
    """
    asked = leaves_of(rules)
    stay = [group for group in before if group.zone == zone and 2 * len(asked.keys() & group.rules) > len(group.rules)]
    known = {name for group in stay for name in group.rules}
    fresh = grouped({name: leaf for name, leaf in asked.items() if name not in known}, zone)
    whole = grouped(asked, zone)
    if len(stay) + len(fresh) <= len(whole) + SPLIT:
        return [*stay, *fresh]
    compiled = {group.key: group for group in before}
    return [compiled.get(group.key, group) for group in whole]


def leaves_of(rules: Iterable[Rule]) -> dict[str, Primitive]:
    """All leaves of some rules but references, by repr."""
    return {repr(one): one for rule in rules for one in primitives(rule) if not isinstance(one, Reference)}


def grouped(leaves: Mapping[str, Primitive], zone: tzinfo) -> list[Group]:
    """Leaves in groups, in an order that only depends on the leaves."""
    found: dict[tuple[Any, ...], dict[str, Primitive]] = {}
    for name, one in leaves.items():
        needs = needs_of([one])
        names = sorted((event.text, event.prefix) for event in needs.names)
        about = (*names, bool(needs.paths), _is_first(one), steady(one))
        found.setdefault(about, {})[name] = one
    return [
        Group(dict(sorted(leaves.items())), zone) for _, leaves in sorted(found.items(), key=lambda item: str(item[0]))
    ]


def digest(parts: Iterable[str]) -> int:
    """A number, 63 bits long, that says all that is in the parts."""
    whole = hashlib.sha256("\x00".join(parts).encode()).digest()
    return int.from_bytes(whole[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class Program:
    """What some segments make of their leaves, each behind those it refers to."""

    keys: list[str]
    steps: list[Holds]

    @classmethod
    def of(cls, rules: Mapping[str, Rule], leaves: Sequence[str]) -> Program:
        """`leaves` are named (by their repr) in the order of the columns that `run` is given."""
        columns = {name: number for number, name in enumerate(leaves)}
        segments = {key: number for number, key in enumerate(rules)}
        return cls(list(rules), [_step(rule, columns, segments) for rule in rules.values()])

    def run(self, leaves: Booleans, alive: Booleans) -> Booleans:
        """`leaves`: a row for each customer, a column for each leaf; `alive`: whether there is a fact yet. Membership,
        likewise with a column for each segment."""
        found: list[Booleans] = []
        for step in self.steps:
            found.append(step(leaves, found) & alive)
        return np.stack(found, axis=1)


def _step(rule: Rule, columns: Mapping[str, int], segments: Mapping[str, int]) -> Holds:
    if isinstance(rule, Leaf):
        return _step(rule.rule, columns, segments)
    if isinstance(rule, Reference):
        other = segments[rule.key]
        return lambda _, found: found[other]
    if not isinstance(rule, All | AnyOf | NoneOf | Exactly):
        column = columns[repr(rule)]
        return lambda leaves, _: leaves[:, column]
    below = [_step(child, columns, segments) for child in rule.rules]
    if isinstance(rule, All):
        return lambda leaves, found: _every(leaves, [one(leaves, found) for one in below])
    if isinstance(rule, Exactly):
        k = rule.k
        return lambda leaves, found: (
            sum((one(leaves, found).astype(int) for one in below), np.zeros(len(leaves), int)) == k
        )
    if isinstance(rule, AnyOf):
        return lambda leaves, found: ~_every(leaves, [~one(leaves, found) for one in below])
    return lambda leaves, found: _every(leaves, [~one(leaves, found) for one in below])


def _every(leaves: Booleans, holds: Sequence[Booleans]) -> Booleans:
    return reduce(np.logical_and, holds, np.ones(len(leaves), dtype=np.bool_))


class Active:
    """The segments at work, ready to judge customers."""

    def __init__(
        self,
        number: int,
        rules: Mapping[str, Rule],
        ids: Mapping[str, int],
        groups: list[Group],
        coming: frozenset[str],
        zone: tzinfo,
    ) -> None:
        self.digest = number  # changes with every segment that is saved or put away
        self.ids = dict(ids)
        self.groups = groups
        self.coming = coming  # the keys of versions that are being computed: nobody is told of them yet
        self.zone = zone
        self.program = Program.of(rules, [leaf for group in groups for leaf in group.rules])
        self.never_kept = [number for number, group in enumerate(groups) if group.told_otherwise]
        self._looking: dict[tuple[str, bool], tuple[int, ...]] = {}

    def concerned(self, fact: Fact) -> Sequence[int]:
        """The groups, by number, whose leaves this fact can change."""
        if fact.type == "identify":
            told = fact.traits.keys()
            return [n for n, one in enumerate(self.groups) if any(path.keys[0] in told for path in one.needs.paths)]
        name = fact.name if fact.type == "track" else EVENT_NAMES.get(fact.type, "")
        if not name:
            return ()
        about = (name, fact.own)
        if about not in self._looking:
            self._looking[about] = tuple(n for n, one in enumerate(self.groups) if one.looks_at(*about))
        return self._looking[about]
