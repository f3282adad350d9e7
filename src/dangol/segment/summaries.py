"""What the facts of customers with long histories add up to, as rows: kept beside what stands (standing.py).

A row is worth something only as long as what stands of its customer and group names it; so one that is left over harms
nobody. Whoever drops what stands drops it too; those of leaves that nobody asks any more go in quiet moments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
import numpy as np
from django.db import connection

from dangol.base.parts import parts
from dangol.segment.blocks import ARRAYS, Kept, Sums
from dangol.segment.models import Summary

READ = 'SELECT customer_id, state FROM segment_summary WHERE "group" = %s AND customer_id IN ({marks})'
WRITE = """INSERT INTO segment_summary (customer_id, "group", state) VALUES (%s, %s, %s)
    ON CONFLICT (customer_id, "group") DO UPDATE SET state = excluded.state"""


class Written(msgspec.Struct, array_like=True, frozen=True):
    """Kept, as it is stored: the numbers of an array one behind the other."""

    ends: bytes
    picks: bytes
    sums: dict[int, tuple[list[bytes], list[list[str]]]]  # by leaf: ARRAYS, and the keys where the leaf has any


_decode = msgspec.msgpack.Decoder(Written).decode
_encode = msgspec.msgpack.Encoder().encode


def encode(kept: Kept) -> bytes:
    sums = {
        number: ([getattr(one, name).tobytes() for name in ARRAYS], one.keys if any(one.keys) else [])
        for number, one in kept.sums.items()
    }
    return _encode(Written(kept.ends.tobytes(), kept.picks.tobytes(), sums))


def decode(state: bytes) -> Kept:
    told = _decode(state)
    ends = np.frombuffer(told.ends, np.int64)
    return Kept(ends, {n: _sums(*one, len(ends)) for n, one in told.sums.items()}, np.frombuffer(told.picks, np.int64))


def _sums(arrays: list[bytes], keys: list[list[str]], blocks: int) -> Sums:
    *instants, value = arrays
    counted, first, last, entering = (np.frombuffer(one, np.int64) for one in instants)
    return Sums(counted, first, last, entering, np.frombuffer(value, np.float64), keys or [[] for _ in range(blocks)])


def read(group: int, customer_ids: Collection[int]) -> dict[int, Kept]:
    """What is kept of these customers for a group of leaves; those of whom nothing is are missing."""
    found: dict[int, Kept] = {}
    with connection.cursor() as cursor:
        for part in parts(sorted(customer_ids)):
            cursor.execute(READ.format(marks=", ".join(["%s"] * len(part))), [group, *part])
            found |= {customer: decode(bytes(state)) for customer, state in cursor.fetchall()}
    return found


def write(kept: Mapping[tuple[int, int], Kept]) -> None:
    """Keep what was found, by customer and group."""
    if kept:
        with connection.cursor() as cursor:
            cursor.executemany(WRITE, [(*whose, encode(one)) for whose, one in kept.items()])


def drop(customer_ids: Collection[int]) -> None:
    for part in parts(sorted(customer_ids)):
        Summary.objects.filter(customer_id__in=part).delete()


def drop_others(groups: Collection[int], most: int) -> bool:
    """Forget what was kept for other groups of leaves, `most` rows at a time; whether there may be more."""
    rows = list(Summary.objects.exclude(group__in=groups).values_list("customer_id", "group")[:most])
    for customer, group in rows:
        Summary.objects.filter(customer_id=customer, group=group).delete()
    return len(rows) == most
