"""Columns that say the same under several names: worked out once, however many leaves ask for them.

Many leaves look at the same events, count in the same window, or add up the same figure and only compare it with
another number. An engine does not see that, and starting an expression costs Polars more than running it over a batch.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir


class Shared:
    """Which columns of a table are worked out under another column's name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def once(self, said: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
        """The first of those that say the same."""
        first: dict[object, str] = {}
        for name, value in said.items():
            known = first.setdefault(value.op(), name)
            if known != name:
                self._names[name] = known
        return {name: value for name, value in said.items() if name not in self._names}

    def of(self, table: ir.Table, name: str) -> ir.Value:
        """The column in which a name's values stand."""
        return table[self._names.get(name, name)]

    def named(self, table: ir.Table) -> ir.Table:
        """The table with every column under each of its names."""
        there = set(table.columns)
        also = {name: table[known] for name, known in self._names.items() if known in there}
        return table.mutate(**also) if also else table
