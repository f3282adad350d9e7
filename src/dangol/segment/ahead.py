"""What time alone will do to one customer: from flip to flip, the first instant at which membership is another.

All facts are at hand, so a long past is summed up once (blocks.py), and from flip to flip only the ends of windows are
looked at again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

import numpy as np
import polars as pl

from dangol.base.clock import from_us
from dangol.profile.steps import History
from dangol.segment import long
from dangol.segment.blocks import NOTHING
from dangol.segment.evaluation import LATEST
from dangol.segment.groups import Group, Program, leaves_of
from dangol.segment.language import Rule

FLIPS_FOLLOWED = 60
ROWS_LOOKED_AT = 500_000  # in all, of leaves whose facts are all looked at again from flip to flip

Turn = tuple[bool, int | None]  # whether the customer is in the segment, and when that may change


def change(
    key: str,
    rules: Mapping[str, Rule],
    customer: tuple[int, int],
    rows: Sequence[History],
    t: int,
    zone: tzinfo,
) -> tuple[datetime | None, bool]:
    """The first instant after t at which membership is another, and whether it is then: else it is not before.

    `customer`: the id and the time of the first fact; `rows`: the facts that the rules look at, by time. `rules` hold
    the segment and all it refers to, in order.
    """
    work = _Ahead(key, rules, customer, rows, zone)
    member, flip = work.judge(t)
    for _ in range(work.most):
        if flip is None:
            return None, True
        t = flip
        now, flip = work.judge(t)
        if now != member:
            return from_us(t), True
    return from_us(t), False


class _Ahead:
    def __init__(
        self,
        key: str,
        rules: Mapping[str, Rule],
        customer: tuple[int, int],
        rows: Sequence[History],
        zone: tzinfo,
    ) -> None:
        leaves = leaves_of(rules.values())
        self.group = Group(leaves, zone)
        self.program = Program.of(rules, list(leaves))
        self.place = self.program.keys.index(key)
        self.customer, self.first_at = customer
        self.rows, self.ats = rows, [row[1] for row in rows]
        self.kept = NOTHING
        self.summed = self.group.steady and len(rows) >= long.LONG
        self.most = FLIPS_FOLLOWED if self.summed else min(FLIPS_FOLLOWED, ROWS_LOOKED_AT // max(len(rows), 1) + 1)

    def judge(self, t: int) -> Turn:
        customers = {self.customer: (t, self.first_at)}
        frame = self._summed(customers) if self.summed else self._whole(customers)
        leaves = frame.select(f"m{n}" for n in range(len(self.group.rules))).to_numpy().astype(np.bool_)
        held = self.program.run(leaves.reshape(1, -1), np.array([self.first_at <= t]))
        flip = frame["flip"][0]
        return bool(held[0, self.place]), flip if flip is not None and flip <= LATEST else None

    def _whole(self, customers: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
        plan = self.group.plan
        return plan.judged(plan.projector.tables(customers, self.rows))

    def _summed(self, customers: Mapping[int, tuple[int, int]]) -> pl.DataFrame:
        asked = long.answer(self.group, customers, {self.customer: self.kept}, {}, self._spans)
        self.kept = asked.kept.get(self.customer, self.kept)
        return asked.frame

    def _spans(self, _: int, between: Sequence[tuple[int, int]], *__: Collection[str] | None) -> Iterator[History]:
        for first, last in between:
            yield from self.rows[bisect_right(self.ats, first) : bisect_right(self.ats, last)]
