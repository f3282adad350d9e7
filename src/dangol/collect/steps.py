"""Facts in.

In: tracking requests (http.py), files (files/), and facts that other stages write about what they did.
Out: entries in the log, in an order that never changes.
Promise: what was accepted is on disk; what a stage wrote in its transaction reaches the log exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction

from dangol.base.clock import to_us
from dangol.base.instants import iso
from dangol.base.parts import parts
from dangol.collect.facts import OWN
from dangol.collect.log import Entry, FileLog, Log, open_log

READER = "loop"
FLUSH_AT_ONCE = 1_000
EMIT = """INSERT INTO collect_outgoing (source, message_id, body, written_at, imported) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""

_own_log: FileLog | None = None


def own_log() -> FileLog:
    """This process's handle on the log, for facts of our own."""
    global _own_log  # noqa: PLW0603 - one handle for the life of the process
    if _own_log is None:
        _own_log = open_log(settings.DANGOL.folder)
    return _own_log


def use_log(log: FileLog | None) -> None:
    """Let this process's own facts go to another log: a test's, a rehearsal's."""
    global _own_log  # noqa: PLW0603
    _own_log = log


def emit(name: str, customer_id: int, properties: Mapping[str, Any], *, message_id: str, at: datetime) -> None:
    """Write a fact of our own, in the caller's transaction; the same message id is written once, ever."""
    emit_all([(name, customer_id, properties, message_id, at)])


def emit_all(facts: Sequence[tuple[str, int, Mapping[str, Any], str, datetime]]) -> None:
    """Write many facts of our own: (name, customer id, properties, message id, at)."""
    _write_out(
        [
            (message_id, _own_body(name, customer, properties, at), at)
            for name, customer, properties, message_id, at in facts
        ]
    )


def _write_out(told: Sequence[tuple[str, bytes, datetime]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(EMIT, [(OWN, message_id, body, to_us(at), False) for message_id, body, at in told])
    transaction.on_commit(flush)


def emit_identify(
    customer_id: int, traits: Mapping[str, Any], context: Mapping[str, Any], *, message_id: str, at: datetime
) -> None:
    """Write traits of a customer, as the staff have them, in the caller's transaction; a message id is written once."""
    emit_identify_all([(customer_id, traits, context, message_id, at)])


def emit_identify_all(
    told: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any], str, datetime]],
) -> None:
    """Write traits of many customers: (customer id, traits, context, message id, at)."""
    _write_out([(message_id, _identify(who, traits, context, at), at) for who, traits, context, message_id, at in told])


def _identify(customer_id: int, traits: Mapping[str, Any], context: Mapping[str, Any], at: datetime) -> bytes:
    return msgspec.json.encode(
        {"type": "identify", "customerId": customer_id, "timestamp": iso(at), "traits": traits, "context": context}
    )


def _own_body(name: str, customer_id: int, properties: Mapping[str, Any], at: datetime) -> bytes:
    return msgspec.json.encode(
        {"type": "track", "event": name, "customerId": customer_id, "timestamp": iso(at), "properties": properties}
    )


OUTGOING = "SELECT id, source, message_id, written_at, body, imported FROM collect_outgoing ORDER BY id LIMIT %s"


def flush(log: Log | None = None) -> int:
    """Move the facts that stages wrote into the log; safe to call at any time, from any process, twice."""
    log, moved = log or own_log(), 0
    while rows := _outgoing():
        log.append(
            [Entry(source, told, at, bytes(body), bool(imported)) for _, source, told, at, body, imported in rows]
        )
        _drop([row[0] for row in rows])
        moved += len(rows)
        if len(rows) < FLUSH_AT_ONCE:
            break
    return moved


def _outgoing() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(OUTGOING, [FLUSH_AT_ONCE])
        return list(cursor.fetchall())


def _drop(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        for part in parts(ids):
            cursor.execute(f"{DROP} ({', '.join(['%s'] * len(part))})", list(part))


DROP = "DELETE FROM collect_outgoing WHERE id IN"
POSITION = "SELECT position FROM collect_cursor WHERE reader = %s"
ADVANCE = """INSERT INTO collect_cursor (reader, position) VALUES (%s, %s)
    ON CONFLICT (reader) DO UPDATE SET position = excluded.position"""


def position(reader: str = READER) -> int:
    """How far the reader has come."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION, [reader])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def end() -> int:
    """The position of the last fact in the log."""
    return own_log().end()


def advance(to: int, reader: str = READER) -> None:
    """Move the reader, in the transaction that holds its work."""
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [reader, to])
