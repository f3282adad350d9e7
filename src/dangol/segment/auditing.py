"""Once a day what the live path wrote is held against all history; a difference is an alarm, and is set right.

In: members and next flips, and a full evaluation at one instant of the same state. Out: a row that says how it went.
Promise: nobody is called wrong who only changed meanwhile; who is set right starts no campaign by it. What stands of
everybody else is not touched; of who was wrong it is dropped, for it may be what is wrong, and all facts are read.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import polars as pl
from django.db import connection

from dangol.base.clock import Clock, to_us
from dangol.base.turns import turn
from dangol.profile.columns import keeping, rows
from dangol.segment import audits, evaluation, everybody, live, rules, standing
from dangol.segment.active import all_active, rules_of, zone
from dangol.segment.audits import Difference, day_of
from dangol.segment.engines import Plan
from dangol.segment.evaluation import LATEST
from dangol.segment.models import Audit, Segment

log = logging.getLogger("dangol.segment")

TOGETHER = 10  # segments that are looked at in one go
SUSPECTS = 2_000  # customers who are looked at again in one go; a difference for more is one for these as well
NAMED = 5  # of those who were wrong, in the log
WRONG = "memberships of %s customers were not what the rules say; they are set right, among them those of %s"
RANGE = 20_000  # customers whose members and flips are in memory at once
MEMBERS = "SELECT customer_id, segment_id FROM segment_member WHERE segment_id IN ({marks}) AND customer_id {whom}"
FLIPS = "SELECT customer_id, at FROM segment_flip WHERE customer_id {whom}"
BETWEEN, BEYOND = "BETWEEN %s AND %s", 2**62


def go_on(clock: Clock) -> int:
    """Look at the next segments of today's audit; how many. None are left once every one had its turn."""
    now = clock.now()
    if not audits.due(now):
        return 0
    row = Audit.objects.first() or Audit(day="")
    if row.day != (day := day_of(now)):
        audits.begin(row, day)
    active = sorted(all_active(), key=lambda segment: segment.key)
    some = [segment for segment in active if segment.key > row.after][:TOGETHER]
    if some:
        checked, wrong, copy_wrong = examine(some, clock)
        row.wrong, row.copy_wrong = row.wrong + len(wrong), row.copy_wrong + copy_wrong
        audits.note(row, wrong)
        row.checked, row.after = max(row.checked, checked), some[-1].key
        row.segments += sum(not rules.is_hidden(segment.key) for segment in some)
    row.finished_at = None if some else now
    row.save()
    return len(some)


def examine(segments: Sequence[Segment], clock: Clock) -> tuple[int, list[Difference], int]:
    """Hold these segments against all history: customers looked at, who was wrong, of how many the copy was."""
    where, keys = zone(), [segment.key for segment in segments]
    plan = Plan(rules.with_references(keys, rules_of(all_active(), where)), where)
    with rows.snapshot():
        _anything()  # the first reading fixes the state: nothing in it was written after
        t = to_us(clock.now())
        full = _full(plan, {segment.pk: segment.key for segment in segments}, t)
        suspects = _suspects(full, [segment.pk for segment in segments], t)
        wrong = _wrong(plan, segments, suspects, t)
    right = len(suspects) - len(wrong)
    if right:
        log.error("the copy in columns says of %s customers what the rows do not; it is made again", right)
        keeping.discard()
    if wrong:
        ids = [one.customer for one in wrong]
        log.error(WRONG, len(ids), ", ".join(map(str, ids[:NAMED])))
        with turn():
            standing.drop(ids)
            live.refresh(ids, clock.now(), imported=ids)
    return full.height, wrong, right


def _anything() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM segment_audit")


def _full(plan: Plan, keys: Mapping[int, str], t: int) -> pl.DataFrame:
    """What the full evaluation says of everybody, by customer: `customer_id`, a boolean for each segment under its
    number, `full`: the next flip, µs. 20 bytes a customer."""
    numbers = {str(pk): f"m{plan.keys.index(key)}" for pk, key in keys.items()}
    turning = [f"w{number}" for number in range(len(plan.keys))]
    flip = pl.min_horizontal(turning)
    told = [pl.col(column).alias(pk) for pk, column in numbers.items()]
    wanted = ["customer_id", *told, pl.when(flip <= LATEST).then(flip).cast(pl.Int64).alias("full")]
    frames = [frame.select(wanted) for frame in everybody.judge(plan, t, [*numbers.values(), *turning])]
    types = {"customer_id": pl.Int64, **dict.fromkeys(numbers, pl.Boolean), "full": pl.Int64}
    return pl.concat([pl.DataFrame(schema=types), *frames]).sort("customer_id")


def _suspects(full: pl.DataFrame, segments: Sequence[int], t: int) -> list[int]:
    """The first SUSPECTS of whom the live path wrote something else; not those who are due."""
    found: list[int] = []
    for start in range(0, max(full.height, 1), RANGE):
        part = full[start : start + RANGE]
        first = part["customer_id"][0] if start else 0
        last = full["customer_id"][start + RANGE] - 1 if start + RANGE < full.height else BEYOND
        found += _differing(part, *_written(segments, BETWEEN, [first, last]), t)
        if len(found) >= SUSPECTS:
            break
    return found[:SUSPECTS]


def _written(segments: Sequence[int], whom: str, values: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the live path wrote of some customers: (customer_id, segment), (customer_id, live: µs)."""
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(segments))
        cursor.execute(MEMBERS.format(marks=marks, whom=whom), [*segments, *values])
        members = pl.DataFrame(cursor.fetchall(), {"customer_id": pl.Int64, "segment": pl.Int64}, orient="row")
        cursor.execute(FLIPS.format(whom=whom), list(values))
        return members, pl.DataFrame(cursor.fetchall(), {"customer_id": pl.Int64, "live": pl.Int64}, orient="row")


def _differing(full: pl.DataFrame, members: pl.DataFrame, flips: pl.DataFrame, t: int) -> list[int]:
    long = full.drop("full").unpivot(index="customer_id", variable_name="segment", value_name="held")
    said = long.filter("held").select("customer_id", pl.col("segment").cast(pl.Int64))
    both = full.filter(pl.col("full").is_not_null()).join(flips, on="customer_id", how="left")
    other = pl.concat(
        [
            said.join(members, on=["customer_id", "segment"], how="anti")["customer_id"],
            members.join(said, on=["customer_id", "segment"], how="anti")["customer_id"],
            both.filter(_is_late(pl.col("live"), pl.col("full")))["customer_id"],
        ]
    )
    due = flips.filter(pl.col("live") <= t)["customer_id"]  # the loop has not got to them yet
    return sorted(set(other.to_list()) - set(due.to_list()))


def _is_late(live_flip: pl.Expr, full: pl.Expr) -> pl.Expr:
    """A flip that comes too soon costs a look; one that comes too late leaves somebody in who should be out."""
    return live_flip.is_null() | (live_flip > full)


def _wrong(plan: Plan, segments: Sequence[Segment], suspects: Sequence[int], t: int) -> list[Difference]:
    """Those of the suspects of whom the rows, read at the same instant, say the same as the full evaluation."""
    if not suspects:
        return []
    marks = f"IN ({', '.join(['%s'] * len(suspects))})"
    members, told = _written([segment.pk for segment in segments], marks, suspects)
    keys, held = {segment.pk: segment.key for segment in segments}, dict[int, set[str]]()
    for customer, segment in members.iter_rows():
        held.setdefault(customer, set()).add(keys[segment])
    judged, flips = evaluation.judge(plan, dict.fromkeys(suspects, t)), dict(told.iter_rows())
    found = []
    for customer in suspects:
        one, was = judged.get(customer), held.get(customer, set())
        right = one.keys & set(keys.values()) if one else set()
        late = one is not None and one.flip is not None and flips.get(customer, LATEST + 1) > one.flip
        if was != right or late:
            found.append(Difference(customer, sorted(was - right), sorted(right - was), late))
    return found
