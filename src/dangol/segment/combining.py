"""From leaves to segments: what all leaves say is combined as each rule asks; segments of segments level by level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from dangol.segment.language import All, AnyOf, Exactly, Leaf, NoneOf, Reference, Rule, primitives
from dangol.segment.verdicts import NO, Verdict, earliest, together


def segments(table: ir.Table, rules: Mapping[str, Rule], leaves: Mapping[str, int]) -> ir.Table:
    """Add m0, w0 … level by level, so that a segment reads the columns of those it refers to."""
    numbers = {key: number for number, key in enumerate(rules)}
    for level in _levels(rules):
        said: dict[str, Any] = {}
        for key in level:
            found = _node(table, rules[key], leaves, numbers)
            alive = table.first_at <= table.t
            said[f"m{numbers[key]}"] = alive & found.holds
            said[f"w{numbers[key]}"] = ibis.ifelse(alive, earliest(found.flips), table.first_at)
        table = table.mutate(**said)
    return table.select("customer_id", *(f"{letter}{number}" for number in range(len(rules)) for letter in "mw"))


def _levels(rules: Mapping[str, Rule]) -> list[list[str]]:
    """Segments by how long a chain of references stands behind them."""
    heights: dict[str, int] = {}
    for key, rule in rules.items():
        below = [heights[one.key] for one in primitives(rule) if isinstance(one, Reference)]
        heights[key] = 1 + max(below, default=-1)
    return [[key for key in rules if heights[key] == height] for height in range(max(heights.values(), default=-1) + 1)]


def _node(table: ir.Table, rule: Rule, leaves: Mapping[str, int], segments: Mapping[str, int]) -> Verdict:
    if isinstance(rule, Leaf):
        return _node(table, rule.rule, leaves, segments)
    if isinstance(rule, Reference):
        number = segments[rule.key]
        return Verdict(table[f"m{number}"], (table[f"w{number}"],))
    if not isinstance(rule, All | AnyOf | NoneOf | Exactly):
        number = leaves[repr(rule)]
        return Verdict(table[f"l{number}"], (table[f"f{number}"],))
    found = [_node(table, child, leaves, segments) for child in rule.rules]
    flips = tuple(flip for one in found for flip in one.flips)
    holds = [one.holds for one in found]
    if isinstance(rule, All):
        return Verdict(together(holds), flips)
    if isinstance(rule, Exactly):
        count = sum((one.cast("int64") for one in holds), ibis.literal(0))
        return Verdict(count == rule.k, flips)
    anyone = ~together(~one for one in holds) if holds else NO
    return Verdict(anyone if isinstance(rule, AnyOf) else ~anyone, flips)
