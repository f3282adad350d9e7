"""How the leaves stood for a customer when it was last judged: kept, so that only what may have changed is judged anew.

What stands here is no more than remembered work: rows may be dropped at any time, and whoever moves or deletes facts of
a customer drops its row. Whoever writes members by other ways than the live path raises the version of the segment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from django.db import connection

from dangol.base.parts import parts
from dangol.segment import summaries
from dangol.segment.models import Standing

READ = "SELECT customer_id, state FROM segment_standing WHERE customer_id IN ({marks})"
WRITE = """INSERT INTO segment_standing (customer_id, state) VALUES {marks}
    ON CONFLICT (customer_id) DO UPDATE SET state = excluded.state"""


class Said(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a group of leaves said."""

    holds: bytes  # a bit for each leaf
    flip: int | None  # when time alone may change that, in µs
    settled: int | None = None  # of a group about first events: when it was; later ones change nothing
    kept: int | None = None  # of a long history: up to when its facts stand in a summary, in µs


class Stood(msgspec.Struct, array_like=True, frozen=True):
    """What was found of one customer."""

    digest: int  # of the segments that were active
    at: int  # when the customer was judged last, µs
    first_at: int  # the time of its first fact
    flip: int | None  # the earliest of all flips
    members: bytes  # a bit for each segment, in the order of the program
    groups: dict[int, Said]
    lengthy: bool = False  # whether any group has found so many facts that these are summed up (blocks.py)


_decode = msgspec.msgpack.Decoder(Stood).decode
_encode = msgspec.msgpack.Encoder().encode


def read(customer_ids: Collection[int]) -> dict[int, Stood]:
    """What stands of these customers; those of whom nothing does are missing."""
    found: dict[int, Stood] = {}
    with connection.cursor() as cursor:
        for part in parts(sorted(customer_ids)):
            cursor.execute(READ.format(marks=", ".join(["%s"] * len(part))), list(part))
            found |= {customer: _decode(state) for customer, state in cursor.fetchall()}
    return found


def write(stood: Mapping[int, Stood]) -> None:
    """Keep what was found."""
    with connection.cursor() as cursor:
        for part in parts(sorted(stood)):
            values = [value for customer in part for value in (customer, _encode(stood[customer]))]
            cursor.execute(WRITE.format(marks=", ".join(["(%s, %s)"] * len(part))), values)


def drop(customer_ids: Collection[int]) -> None:
    """Forget what stands of these customers: they are judged anew from all their facts."""
    for part in parts(sorted(customer_ids)):
        Standing.objects.filter(customer_id__in=part).delete()
    summaries.drop(customer_ids)
