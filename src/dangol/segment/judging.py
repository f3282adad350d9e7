"""Customers judged by the active segments: the leaves that facts or time may have changed, the others as they stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from dangol.profile import steps as profile
from dangol.segment import long, standing
from dangol.segment.blocks import EVER, Kept
from dangol.segment.evaluation import LATEST
from dangol.segment.groups import Active, Booleans, Group
from dangol.segment.project import Tables, columns_read
from dangol.segment.standing import Said, Stood

News = Mapping[int, Mapping[int, int]]  # customer → number of a group → the earliest time of its facts that are new


@dataclass(frozen=True, slots=True)
class Found:
    """One customer before and now; `before` is None where nothing stood that these segments can be compared with."""

    before: Stood | None
    now: Stood
    news: bool  # whether anything is worth keeping
    summed: Mapping[int, Kept] = field(default_factory=dict)  # by group, what is to be kept of a long history


def judge(active: Active, at: Mapping[int, int], news: News | None) -> dict[int, Found]:
    """Customers, each at its own instant; of whom nothing is known, they are missing. Nothing is written.

    `news` has every fact since a customer was last judged; None: anything may have changed.
    """
    first = profile.first_seen(list(at))
    stood = standing.read(first) if first else {}
    todo: list[dict[int, tuple[int, int]]] = [{} for _ in active.groups]
    said: dict[int, Mapping[int, Said]] = {}
    lengthy: dict[int, Mapping[int, Said]] = {}  # whose history is long, and what stands of it
    for customer, first_at in first.items():
        t, old = at[customer], stood.get(customer)
        if old is None or news is None or old.at > t or old.first_at != first_at:
            numbers: Sequence[int] = range(len(active.groups))
        else:
            numbers = _open(active, old, t, news.get(customer, {}))
            if old.lengthy and numbers:
                lengthy[customer] = old.groups
        said[customer] = _kept(active, old, numbers)
        for number in numbers:
            todo[number][customer] = (t, first_at)
    summed: dict[int, dict[int, Kept]] = {customer: {} for customer in lengthy}
    for number, (group, customers) in enumerate(zip(active.groups, todo, strict=True)):
        apart = {c: customers.pop(c) for c in lengthy.keys() & customers.keys() if _is_long(lengthy[c], group)}
        found = _ask(group, customers) if customers else {}
        if apart:
            some, kept = _ask_long(group, apart, lengthy, _new(news, apart, number))
            found |= some
            for customer, blocks in kept.items():
                summed[customer][group.key] = blocks
        for customer, one in found.items():
            said[customer][group.key] = one  # type: ignore[index]
    return _found(active, at, first, stood, said, summed)


def _new(news: News | None, customers: Iterable[int], number: int) -> Mapping[int, int]:
    """The earliest time of what is new to a group, by customer."""
    return {c: news[c][number] for c in customers if news and number in news.get(c, {})}


def _open(active: Active, old: Stood, t: int, new: Mapping[int, int]) -> Sequence[int]:
    """The groups, by number, that may say something else at t than what stands."""
    groups = active.groups
    if old.digest != active.digest or (old.flip is not None and old.flip <= t):
        numbers: Iterable[int] = range(len(groups))
    else:
        numbers = {*new, *active.never_kept}
    return [n for n in numbers if groups[n].told_otherwise or _is_open(old.groups.get(groups[n].key), t, new.get(n))]


def _is_long(known: Mapping[int, Said], group: Group) -> bool:
    """Whether so many facts were found for this very group that they are summed up."""
    return group.key in known and known[group.key].kept is not None


def _is_open(known: Said | None, t: int, fact_at: int | None) -> bool:
    return known is None or (known.flip is not None and known.flip <= t) or _changes(known, fact_at)


def _kept(active: Active, old: Stood | None, numbers: Sequence[int]) -> Mapping[int, Said]:
    """What stands of the other groups; the very same mapping where it is all of them."""
    if old is not None and old.digest == active.digest:
        return dict(old.groups) if numbers else old.groups  # what is asked is said anew
    asked = set(numbers)
    before = {} if old is None else old.groups
    return {group.key: before[group.key] for n, group in enumerate(active.groups) if n not in asked}


def _changes(known: Said, fact_at: int | None) -> bool:
    return fact_at is not None and (known.settled is None or fact_at <= known.settled)


def _ask(group: Group, customers: Mapping[int, tuple[int, int]]) -> dict[int, Said]:
    """What a group says of customers, each with its instant and the time of its first fact."""
    rows = _facts(group, customers)
    if not group.same_of_nothing:
        return _run(group, customers, rows)
    heard = {row[0] for row in rows}
    asked = {c: told for c, told in customers.items() if c in heard or told[1] > told[0]}
    found = _run(group, asked, rows) if asked else {}
    if len(asked) < len(customers):
        if group.nothing is None:
            group.nothing = _run(group, {0: (0, 0)}, ())[0]
        found |= dict.fromkeys(customers.keys() - asked.keys(), group.nothing)
    return found


def _facts(group: Group, customers: Mapping[int, tuple[int, int]]) -> Sequence[profile.History]:
    names = group.needs.fact_names()
    if names == set():
        return ()
    since = group.since(min(t for t, _ in customers.values()))
    columns, ours = columns_read(group.needs), group.needs.our_own()
    return list(profile.histories(list(customers), names, since=since, columns=columns, ours=ours))


def _run(group: Group, customers: Mapping[int, tuple[int, int]], rows: Sequence[profile.History]) -> dict[int, Said]:
    plan = group.plan
    tables = plan.projector.tables(customers, rows)
    return _told(group, plan.judged(tables), tables, customers, _lengthy(rows) if group.steady else {})


def _ask_long(
    group: Group,
    customers: Mapping[int, tuple[int, int]],
    lengthy: Mapping[int, Mapping[int, Said]],
    new: Mapping[int, int],
) -> tuple[dict[int, Said], dict[int, Kept]]:
    """The same of customers with long histories, and what is to be kept of these."""
    known = {c: lengthy[c][group.key] for c in customers if group.key in lengthy[c]}
    asked = long.ask(group, customers, known, new)
    return _told(group, asked.frame, asked.tables, customers, asked.until), asked.kept


def _lengthy(rows: Sequence[profile.History]) -> dict[int, int]:
    """Customers of whom so much was read that it is worth summing up; nothing is kept of them yet."""
    if len(rows) < long.LONG:
        return {}
    return {customer: EVER for customer, count in Counter(row[0] for row in rows).items() if count >= long.LONG}


def _told(
    group: Group,
    frame: pl.DataFrame,
    tables: Tables,
    customers: Mapping[int, tuple[int, int]],
    kept: Mapping[int, int],
) -> dict[int, Said]:
    """The result of a group's plan, by customer: members, and the earliest flip."""
    columns = frame.get_columns()
    bits = np.packbits(np.stack([column.to_numpy() for column in columns[1:-1]], axis=1).astype(np.bool_), axis=1)
    flips = columns[-1].to_list()
    settled = _settled(tables["events"], customers) if group.firsts else {}
    return {
        customer: Said(
            one.tobytes(),
            flip if flip is not None and flip <= LATEST else None,
            settled.get(customer),
            kept.get(customer),
        )
        for customer, one, flip in zip(frame["customer_id"].to_list(), bits, flips, strict=True)
    }


def _settled(events: pl.DataFrame, customers: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """When the first event of each customer was; those to whom it lies ahead are missing."""
    firsts = events.group_by("customer_id").agg(pl.col("at").min()).rows()
    return {customer: at for customer, at in firsts if at <= customers[customer][0]}


def _found(
    active: Active,
    at: Mapping[int, int],
    first: Mapping[int, int],
    stood: Mapping[int, Stood],
    said: Mapping[int, Mapping[int, Said]],
    summed: Mapping[int, Mapping[int, Kept]],
) -> dict[int, Found]:
    """Memberships of what was said; they are worked out only where something has changed."""
    new = [c for c in first if not _stands(active, stood.get(c), said[c], at[c])]
    members = _members(active, at, first, said, new)
    found: dict[int, Found] = {}
    for customer, first_at in first.items():
        was = stood.get(customer)
        if was is not None and said[customer] is was.groups and customer not in members:
            found[customer] = Found(was, was, news=False)
            continue
        before = was if was is not None and was.digest == active.digest else None
        held = members.get(customer) or (before.members if before else b"")
        groups = dict(said[customer])
        flip = min([one.flip for one in groups.values() if one.flip is not None], default=None)
        flip = first_at if first_at > at[customer] else flip
        lengthy = any(one.kept is not None for one in groups.values())
        now = Stood(active.digest, at[customer], first_at, flip, held, groups, lengthy)
        found[customer] = Found(before, now, before is None or _differs(before, now), summed.get(customer, {}))
    return found


def _differs(before: Stood, now: Stood) -> bool:
    return (before.groups, before.first_at, before.flip, before.members) != (
        now.groups, now.first_at, now.flip, now.members,
    )  # fmt: skip


def _stands(active: Active, was: Stood | None, said: Mapping[int, Said], t: int) -> bool:
    """Whether memberships are what they were."""
    if was is None or was.digest != active.digest or was.first_at > was.at or was.at > t:
        return False
    if said is was.groups:
        return True
    known = was.groups
    return said.keys() == known.keys() and [one.holds for one in said.values()] == [known[key].holds for key in said]


def _members(
    active: Active,
    at: Mapping[int, int],
    first: Mapping[int, int],
    said: Mapping[int, Mapping[int, Said]],
    customers: Sequence[int],
) -> dict[int, bytes]:
    if not customers:
        return {}
    columns: list[Booleans] = [np.zeros((len(customers), 0), dtype=np.bool_)]
    for group in active.groups:
        raw = np.frombuffer(b"".join([said[c][group.key].holds for c in customers]), dtype=np.uint8)
        bits = np.unpackbits(raw.reshape(len(customers), -1), axis=1, count=len(group.rules))
        columns.append(bits.astype(np.bool_))
    alive = np.array([first[c] <= at[c] for c in customers], dtype=np.bool_)
    held = active.program.run(np.concatenate(columns, axis=1), alive)
    packed = np.packbits(held, axis=1)
    return {customer: one.tobytes() for customer, one in zip(customers, packed, strict=True)}


def differing(before: bytes, after: bytes) -> Iterator[tuple[int, bool]]:
    """The bits that are not alike, by number from the front, and whether each is set now."""
    width, now = 8 * len(after), int.from_bytes(after)
    unlike = int.from_bytes(before) ^ now
    while unlike:
        top = unlike.bit_length() - 1
        yield width - 1 - top, bool(now >> top & 1)
        unlike ^= 1 << top


def bits(numbers: Iterable[int], count: int) -> bytes:
    """`count` bits, those of these numbers set."""
    set_bits = np.zeros(count, dtype=np.bool_)
    set_bits[list(numbers)] = True
    return np.packbits(set_bits).tobytes()
