"""The tables of the log's file, made and brought up to date when it is opened."""

from __future__ import annotations

import time
from pathlib import Path

import apsw

BUSY_MS = 5_000
CHECKPOINT_PAGES = 16_384  # in the write-ahead file, until a commit moves them itself

# Each step is run once, in order, ever; a file says in its user_version how many it has seen.
STEPS = (
    """
    CREATE TABLE IF NOT EXISTS fact (
        position INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        message_id TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        imported INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS fact_once ON fact (source, message_id);
    CREATE TABLE IF NOT EXISTS rejected (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        code TEXT NOT NULL,
        detail TEXT NOT NULL,
        body BLOB NOT NULL
    );
    """,
    """
    ALTER TABLE rejected ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rejected ADD COLUMN position INTEGER;
    CREATE UNIQUE INDEX rejected_position ON rejected (position) WHERE position IS NOT NULL;
    CREATE INDEX rejected_by_reason ON rejected (code, source);
    CREATE INDEX rejected_by_time ON rejected (received_us);
    """,
    # Ids of a history or of our own are deterministic and may come again after years; those of clients are in seen.py.
    """
    DROP INDEX IF EXISTS fact_once;
    CREATE UNIQUE INDEX fact_for_ever ON fact (source, message_id) WHERE imported = 1 OR source IN ('dangol', 'import');
    """,
)


def connect(path: Path) -> apsw.Connection:
    """A connection whose commits are on disk when they return. Raises apsw.Error."""
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MS)
    _write_ahead(db)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA secure_delete=ON")
    db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    _bring_up_to_date(db)
    return db


def _bring_up_to_date(db: apsw.Connection) -> None:
    if db.execute("PRAGMA user_version").get == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        seen = db.execute("PRAGMA user_version").get  # again: another process may have been first
        for step in STEPS[seen:]:
            db.execute(step)
        if seen < len(STEPS):
            db.execute(f"PRAGMA user_version={len(STEPS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _write_ahead(db: apsw.Connection) -> None:
    """Switch a new file to write-ahead. Two who open it at once are told "busy" at once: the timeout does not count."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return
