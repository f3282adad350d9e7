"""Events that were not taken, and facts that the loop set aside: kept with the reason until somebody mends it.

A refused event that is taken later enters the log as it would have then, with the time at which it was received. A fact
that the loop set aside stands in the log already, at a place that the loop has passed: replayed, it moves to the log's
end, so that it is read once more and still stands there once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import apsw
import msgspec

from dangol.base.clock import from_us, to_us
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.collect import rules
from dangol.collect.bounds import Limits, plain
from dangol.collect.dialects.told import BadBody
from dangol.collect.facts import OWN
from dangol.collect.log import LAST, Entry, FileLog, Rejected, rejected_of

KEPT = timedelta(days=14)
AT_ONCE = 500  # in one transaction: facts that arrive meanwhile do not wait for long
MOST_IDS = 1_000

COLUMNS = "source, received_us, code, detail, body, imported, coalesce(position, 0), id"
CHOSEN = "(?1 IS NULL OR source = ?1) AND (?2 IS NULL OR code = ?2)"
PAGE = f"SELECT {COLUMNS} FROM rejected WHERE {CHOSEN} AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4"  # noqa: S608
WALK = f"SELECT {COLUMNS} FROM rejected WHERE {CHOSEN} AND id > ?3 AND id <= ?4 ORDER BY id LIMIT ?5"  # noqa: S608
ONE = f"SELECT {COLUMNS} FROM rejected WHERE id = ?"  # noqa: S608
NEWEST = "SELECT coalesce(max(id), 0) FROM rejected"
REASONS = "SELECT source, code, count(*), max(received_us) FROM rejected GROUP BY source, code ORDER BY 3 DESC, 1, 2"
COUNT = "SELECT count(*) FROM rejected"
GONE = "DELETE FROM rejected WHERE id = ?"
STILL = "UPDATE rejected SET code = ?, detail = ?, body = ? WHERE id = ?"
AGAIN = "UPDATE fact SET position = ?, body = ? WHERE position = ?"
OLD = "DELETE FROM rejected WHERE id IN (SELECT id FROM rejected WHERE received_us < ? LIMIT ?)"
ANY_OLD = "SELECT 1 FROM rejected WHERE received_us < ? LIMIT 1"
NOT_PASSED = "DELETE FROM rejected WHERE position > ?"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why events of one source were not taken, and how many."""

    source: str
    code: str
    count: int
    newest_at: datetime  # when the newest of them was received


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay; what was taken is gone from the quarantine."""

    taken: int
    refused: list[Rejected]  # still there, with the reason of today


def listed(
    log: FileLog, *, source: str | None = None, code: str | None = None, before: int | None = None, limit: int = 100
) -> list[Rejected]:
    """The newest first; `before` is the id of the last one of the part before."""
    with log.reading() as db:
        return [rejected_of(row) for row in db.execute(PAGE, (source, code, before, limit))]


def reasons(log: FileLog) -> list[Reason]:
    """How many wait, by source and reason; the most frequent first."""
    with log.reading() as db:
        rows = list(db.execute(REASONS))
    return [Reason(source, code, count, from_us(newest)) for source, code, count, newest in rows]


def count(log: FileLog) -> int:
    """How many wait."""
    with log.reading() as db:
        return int(db.execute(COUNT).get)


def replay(log: FileLog, limits: Limits, ids: Sequence[int]) -> Replayed:
    """Judge some again. Raises NotFound for an id that is not there; then none of them is taken."""
    if len(ids) > MOST_IDS:
        raise Invalid([Fault("/ids", f"{len(ids)} ids", f"at most {MOST_IDS}")])
    with log.transaction() as db:
        return _judge_again(log, db, [_one(db, id_) for id_ in dict.fromkeys(ids)], limits)


def replay_all(log: FileLog, limits: Limits, *, source: str | None = None, code: str | None = None) -> Replayed:
    """Judge all again that wait now, or those of a source, or of a reason."""
    with log.reading() as db:
        newest, after = db.execute(NEWEST).get, 0
    taken, refused = 0, list[Rejected]()
    while True:
        with log.transaction() as db:
            rows = [rejected_of(row) for row in db.execute(WALK, (source, code, after, newest, AT_ONCE))]
            part = _judge_again(log, db, rows, limits)
        taken, refused = taken + part.taken, refused + part.refused
        if len(rows) < AT_ONCE:
            return Replayed(taken, refused)
        after = rows[-1].id


def replay_corrected(log: FileLog, limits: Limits, id_: int, event: Any) -> Replayed:
    """Judge another text in the place of one that was not taken. Raises NotFound, and Invalid for a fact of our own."""
    with log.transaction() as db:
        row = _one(db, id_)
        if row.source == OWN:
            raise Invalid([Fault("/event", "a correction of Dangol's own fact", "a replay of it as it is")])
        return _judge_again(log, db, [replace(row, body=plain(event))], limits)


def drop_old(log: FileLog, now: datetime) -> int:
    """Delete what nobody mended in time; how many those were."""
    dropped, before = 0, to_us(now - KEPT)
    while _any_before(log, before):
        with log.transaction() as db:
            db.execute(OLD, (before, AT_ONCE))
            dropped += db.changes()
    return dropped


def _any_before(log: FileLog, before: int) -> bool:
    with log.reading() as db:
        return db.execute(ANY_OLD, (before,)).get is not None


def forget_unpassed(log: FileLog, position: int) -> None:
    """Take out facts that the loop has not passed: it ended before it moved on, and tries them again."""
    with log.transaction() as db:
        db.execute(NOT_PASSED, (position,))


def _one(db: apsw.Connection, id_: int) -> Rejected:
    row = next(iter(db.execute(ONE, (id_,))), None)
    if row is None:
        raise NotFound(f"nothing in the quarantine has the id {id_}")
    return rejected_of(row)


def _judge_again(log: FileLog, db: apsw.Connection, rows: Sequence[Rejected], limits: Limits) -> Replayed:
    taken, refused = 0, []
    for row in rows:
        verdict = _verdict(row, limits)
        if isinstance(verdict, rules.Refused):
            db.execute(STILL, (verdict.code, verdict.detail, row.body, row.id))
            refused.append(replace(row, code=verdict.code, detail=verdict.detail))
            continue
        if row.position:
            db.execute(AGAIN, (db.execute(LAST).get + 1, verdict.body, row.position))
        else:
            log.insert([Entry(row.source, verdict.message_id, row.received_us, verdict.body, row.imported)])
        db.execute(GONE, (row.id,))
        taken += 1
    return Replayed(taken, refused)


def _verdict(row: Rejected, limits: Limits) -> rules.Verdict:
    if row.source == OWN:
        return rules.Accepted("", row.body)
    try:
        event = rules.decode(row.body)
    except BadBody as error:
        return rules.Refused("", error.code, error.message, row.body)
    if isinstance(event, dict):
        event.pop("writeKey", None)  # whoever replays it has read it: it is the source's
    return rules.accept(event, {}, limits, f"replayed-{row.source}-{row.received_us}-{row.id}")


def shown(row: Rejected) -> Any:
    """The event as a person may read and correct it: JSON where it is JSON, else its text."""
    try:
        return msgspec.json.decode(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return row.body.decode("utf-8", "replace")
