"""The live path: customers whom facts or time have touched are judged, and what changed is written and told.

In: customers, and the instant of each. Out: members, the next flip of every customer, `Segment Entered` and
`Segment Left` facts, and the changes themselves.
Promise: membership is what the rule says of the customer's whole history at that instant, not a millisecond early or
late.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django.db import connection
from django.db.models import Min

from dangol.base import bulk
from dangol.base.clock import from_us, to_us
from dangol.base.parts import parts
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.identity.rules import Moves
from dangol.segment import days, judging, rules, standing, summaries
from dangol.segment.active import at_work, held, rules_of, zone
from dangol.segment.groups import Active, digest, regrouped
from dangol.segment.judging import Found, News
from dangol.segment.models import Flip, Member, Segment, Touched
from dangol.segment.rules import Change

__all__ = ["Change", "compile_ahead", "forget", "next_flip", "refresh", "rehome", "tidy", "wake", "write_flips"]

WALK_AT_MOST = 200  # flips of one customer that one call follows; the rest waits for the next wake

AT_WORK = """SELECT key, id, version, state, stands_for, CAST(rule AS TEXT) FROM segment_segment
    WHERE state IN ('active', 'computing') ORDER BY key"""
LEAVE = "DELETE FROM segment_member WHERE segment_id = %s AND customer_id = %s"
ENTER = "INSERT INTO segment_member (segment_id, customer_id, since) VALUES (%s, %s, %s)"
FLIPS = "SELECT customer_id, at FROM segment_flip WHERE customer_id IN ({marks})"
FLIP = """INSERT INTO segment_flip (customer_id, at) VALUES (%s, %s)
    ON CONFLICT (customer_id) DO UPDATE SET at = excluded.at"""
TIDIED_AT_ONCE = 500  # rows of what the past was summed up to
ACTIVE_KEPT = 4  # sets of segments whose compiled leaves are at hand

_kept: OrderedDict[tuple[str, ...], Active] = OrderedDict()
_making = threading.Lock()


def _active() -> Active | None:
    """The segments at work; leaves that were compiled before are taken from there."""
    with connection.cursor() as cursor:
        cursor.execute(AT_WORK)
        rows = cursor.fetchall()
    if not rows:
        return None
    where = zone()
    signature = (str(where), *(str(value) for row in rows for value in row))
    with _making:
        active = _kept.get(signature) or _make(signature, where)
        _kept[signature] = active
        _kept.move_to_end(signature)
        while len(_kept) > ACTIVE_KEPT:
            _kept.popitem(last=False)
    return active


def _make(signature: Iterable[str], where: tzinfo) -> Active:
    rows = at_work()
    told = rules.ordered(rules_of(rows, where))
    before = next(reversed(_kept.values())).groups if _kept else []
    groups = regrouped(before, told.values(), where)
    coming = frozenset(row.key for row in rows if row.state == "computing")
    number = digest([*signature, *(str(group.key) for group in groups)])
    return Active(number, told, {row.key: row.pk for row in rows}, groups, coming, where)


def compile_ahead() -> None:
    """Compile the leaves at work: beside the loop when it begins, so that facts wait for those alone they ask."""
    try:
        active = _active()
    finally:
        connection.close()
    for group in active.groups if active else ():
        group.get_ready()


def tidy(tidied: int | None) -> int | None:
    """In a quiet moment: what was summed up for leaves that no segment has any more goes, some at a time.

    `tidied` and the answer say for which segments at work (their digest) nothing is left over.
    """
    active = _active()
    if active is None or active.digest == tidied:
        return tidied
    with turn():
        more = summaries.drop_others([group.key for group in active.groups], TIDIED_AT_ONCE)
    return None if more else active.digest


def refresh(
    customer_ids: Collection[int],
    now: datetime,
    imported: Collection[int] = (),
    facts: Iterable[tuple[int, Fact]] | None = None,
    same: Collection[int] = (),
) -> list[Change]:
    """Judge customers whom facts have touched, at `now`; what was due before that happens first, at its instant.

    `facts`, each with its customer, are all that is new of those who did not come from a merge; None: anything may be.
    `same` are customers whose files these facts left as they were: where no leaf looks at them, nothing has changed,
    and what is due waits for its own time.
    """
    touched = sorted(set(customer_ids) - {0})
    active = _active()
    if active is None or not touched:
        standing.drop(touched)
        return []
    news = None if facts is None else _news(active, facts)
    if news is not None:
        touched = [customer for customer in touched if customer in news or customer not in same]
        if not touched:
            return []
    due = {customer: from_us(at) for customer, at in _flips(touched).items() if at < to_us(now)}
    changes, behind = _walk(active, due, now, news, set(imported))
    standing.drop(behind)  # too many flips for one turn: wake goes on with them, and judges everything of theirs
    ready = [customer for customer in touched if customer not in behind]
    last, _ = _judge(active, dict.fromkeys(ready, now), set(imported), news)
    return changes + last


def _news(active: Active, facts: Iterable[tuple[int, Fact]]) -> News:
    news: dict[int, dict[int, int]] = {}
    asked: dict[int, list[tuple[int, Fact]]] = {}
    for customer, fact in facts:
        numbers = active.concerned(fact)
        if numbers:
            at, mine = to_us(fact.at), news.setdefault(customer, {})
            for number in numbers:
                if active.groups[number].choosy:
                    asked.setdefault(number, []).append((customer, fact))
                else:
                    mine[number] = min(mine.get(number, at), at)
    for number, some in asked.items():
        for place in active.groups[number].among([fact for _, fact in some]):
            customer, at = some[place][0], to_us(some[place][1].at)
            news[customer][number] = min(news[customer].get(number, at), at)
    return news


def wake(now: datetime, limit: int = 500) -> list[Change]:
    """Judge customers whose time has come, each at its flip's instant, and again until its next one lies ahead."""
    due = dict(Flip.objects.filter(at__lte=now).order_by("at").values_list("customer_id", "at")[:limit])
    if not due:
        return []
    active = _active()
    if active is None:
        Flip.objects.filter(customer_id__in=list(due)).delete()
        return []
    return _walk(active, due, now, {}, set())[0]


def _walk(
    active: Active, due: Mapping[int, datetime], until: datetime, news: News | None, imported: set[int]
) -> tuple[list[Change], set[int]]:
    """From flip to flip, up to `until`; the changes, and who is not there yet."""
    changes: list[Change] = []
    for _ in range(WALK_AT_MOST):
        if not due:
            break
        some, flips = _judge(active, due, imported, news, due=True)
        changes += some
        due = {customer: at for customer, at in flips.items() if at <= until}
    return sorted(changes, key=lambda change: change.at), set(due)


def _judge(
    active: Active, at: Mapping[int, datetime], imported: set[int], news: News | None, *, due: bool = False
) -> tuple[list[Change], dict[int, datetime]]:
    """Judge each customer at its instant and write what came of it; the changes, and the next flips."""
    found = judging.judge(active, {customer: to_us(when) for customer, when in at.items()}, news)
    unknown = [customer for customer in at if customer not in found]
    if unknown:
        forget(unknown, max(at[customer] for customer in unknown))
    if active.coming:
        touch(found)
    crossed = _crossings(active, found, at, imported)
    changes = [change for change in crossed if change.segment not in active.coming]
    _write_changes(active, crossed)
    days.count(changes, active.zone)
    write_flips({c: f.now.flip for c, f in found.items() if due or f.before is None or f.before.flip != f.now.flip})
    standing.write({customer: one.now for customer, one in found.items() if one.news})
    summaries.write({(customer, group): kept for customer, one in found.items() for group, kept in one.summed.items()})
    return changes, {c: from_us(one.now.flip) for c, one in found.items() if one.now.flip is not None}


def _crossings(
    active: Active, found: Mapping[int, Found], at: Mapping[int, datetime], imported: set[int]
) -> list[Change]:
    """Who entered and who left what: one change for each, the earliest first, by customer and segment."""
    keys, places = active.program.keys, {key: number for number, key in enumerate(active.program.keys)}
    stored = held([customer for customer, one in found.items() if one.before is None], active.ids)
    changes: list[Change] = []
    for customer, one in found.items():
        if one.before is None:
            before = judging.bits([places[key] for key in stored.get(customer, ())], len(keys))
        else:
            before = one.before.members
        changes += [
            Change(customer, keys[number], entered, at[customer], customer in imported)
            for number, entered in judging.differing(before, one.now.members)
        ]
    return sorted(changes, key=lambda change: (change.at, change.customer_id, change.segment))


def _write_changes(active: Active, changes: Sequence[Change]) -> None:
    left = [(active.ids[c.segment], c.customer_id) for c in changes if not c.entered]
    entered = [(active.ids[c.segment], c.customer_id, to_us(c.at)) for c in changes if c.entered]
    with connection.cursor() as cursor:
        if left:
            cursor.executemany(LEAVE, left)
        if entered:
            cursor.executemany(ENTER, entered)
    told = [change for change in changes if not change.imported and _told_of(active, change.segment)]
    if told:
        collect.emit_all([_fact(change) for change in told])


def _told_of(active: Active, key: str) -> bool:
    return key not in active.coming and not rules.is_hidden(key)


def _fact(change: Change) -> tuple[str, int, Mapping[str, Any], str, datetime]:
    verb = "entered" if change.entered else "left"
    message_id = f"segment:{change.segment}:{change.customer_id}:{to_us(change.at)}:{verb}"
    return f"Segment {verb.title()}", change.customer_id, {"segment": change.segment}, message_id, change.at


def next_flip() -> datetime | None:
    """The earliest instant at which time alone may change a membership."""
    found: datetime | None = Flip.objects.aggregate(at=Min("at"))["at"]
    return found


def rehome(moves: Moves, now: datetime) -> None:
    """Customers who became part of others are in nothing any more; the loop judges those who have their facts."""
    forget(moves.vanished, now)
    standing.drop(moves.touched)


def forget(customer_ids: Collection[int], now: datetime) -> None:
    """Customers leave every segment, and nobody is told."""
    fewer: Counter[str] = Counter()
    for part in parts(sorted(customer_ids)):
        rows = Member.objects.filter(customer_id__in=part)
        fewer.update(rows.filter(segment__state="active").values_list("segment__key", flat=True))
        rows.delete()
        Flip.objects.filter(customer_id__in=part).delete()
    standing.drop(customer_ids)
    if customer_ids and Segment.objects.filter(state="computing").exists():
        touch(customer_ids)
    if fewer:
        days.shift({key: -count for key, count in fewer.items()}, now, zone())


def touch(customer_ids: Iterable[int]) -> None:
    """What stands of these customers is newer than what a computation that is under way has found of them."""
    bulk.insert([Touched(customer_id=customer) for customer in customer_ids], ignore=True)


def write_flips(flips: Mapping[int, int | None], *, earlier_only: bool = False) -> None:
    """Set the next flip of each customer; `earlier_only` where other segments have flips of their own."""
    known, none, rows = _flips(flips), list[int](), list[tuple[int, int]]()
    for customer, flip in flips.items():
        old = known.get(customer)
        if flip is None and old is not None:
            none.append(customer)
        elif flip is not None and flip != old and not (earlier_only and old is not None and old <= flip):
            rows.append((customer, flip))
    for part in parts(sorted(none)):
        Flip.objects.filter(customer_id__in=part).delete()
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(FLIP, sorted(rows))


def _flips(customer_ids: Collection[int]) -> dict[int, int]:
    """The next flip (µs) of those customers who have one."""
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        for part in parts(sorted(customer_ids)):
            cursor.execute(FLIPS.format(marks=", ".join(["%s"] * len(part))), list(part))
            found.update(cursor.fetchall())
    return found
