"""Facts in.

In: tracking requests (http.py), files (files/), and facts that other stages write about what they did.
Out: entries in the log, in an order that never changes.
Promise: what was accepted is on disk; what a stage wrote in its transaction reaches the log exactly once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from dangol.base.clock import to_us
from dangol.base.instants import iso
from dangol.collect.facts import OWN
from dangol.collect.log import Entry, FileLog, Log, open_log
from dangol.collect.models import Cursor, Outgoing, Source

READER = "loop"
FLUSH_AT_ONCE = 1_000

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
    Outgoing.objects.bulk_create(
        [
            Outgoing(message_id=message_id, body=_own_body(name, customer, properties, at), written_at=at)
            for name, customer, properties, message_id, at in facts
        ],
        ignore_conflicts=True,
    )
    transaction.on_commit(flush)


def _own_body(name: str, customer_id: int, properties: Mapping[str, Any], at: datetime) -> bytes:
    return msgspec.json.encode(
        {"type": "track", "event": name, "customerId": customer_id, "timestamp": iso(at), "properties": properties}
    )


def flush(log: Log | None = None) -> int:
    """Move the facts that stages wrote into the log; safe to call at any time, from any process, twice."""
    log, moved = log or own_log(), 0
    while rows := list(Outgoing.objects.order_by("id")[:FLUSH_AT_ONCE]):
        log.append([Entry(OWN, row.message_id, to_us(row.written_at), bytes(row.body)) for row in rows])
        Outgoing.objects.filter(id__in=[row.id for row in rows]).delete()
        moved += len(rows)
    return moved


def position(reader: str = READER) -> int:
    """How far the reader has come."""
    return Cursor.objects.filter(reader=reader).values_list("position", flat=True).first() or 0


def end() -> int:
    """The position of the last fact in the log."""
    return own_log().end()


def advance(to: int, reader: str = READER) -> None:
    """Move the reader, in the transaction that holds its work."""
    Cursor.objects.update_or_create(reader=reader, defaults={"position": to})


def add_source(key: str, name: str, now: datetime) -> Source:
    """A new source with a write key of its own. Write keys are public: they let facts in and nothing out."""
    return Source.objects.create(key=key, name=name, write_key="dgw_" + secrets.token_urlsafe(18), created_at=now)
