"""Each message id once, whoever asks, however the memory of it is kept."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import apsw
import pytest

from dangol.base.errors import Unavailable
from dangol.collect import seen
from dangol.collect.facts import OWN
from dangol.collect.log import Entry, FileLog, open_log

SOURCES = ["site", "app", "import", OWN]
NOW = time.time_ns() // 1000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and tables so small that a test fills many."""
    monkeypatch.setattr(seen, "CHUNK", 8)
    monkeypatch.setattr(seen, "TABLE", 20)


def entries(*ids: str, source: str = "site", imported: bool = False, at: int = NOW) -> list[Entry]:
    return [Entry(source, message_id, at, b"{}", imported) for message_id in ids]


def ids(log: FileLog) -> list[str]:
    return [entry.message_id for entry in log.read(0, 10_000)]


def many(log: FileLog, count: int, at: int = NOW, first: int = 0) -> None:
    """Facts one by one, moved to the file as the writer's tidier would."""
    for n in range(first, first + count):
        assert log.append(entries(f"m{n}", at=at)) == [log.end()]
        log.tidy()


def parts(folder: Path) -> list[int]:
    db = apsw.Connection(str(folder / seen.FILE))
    try:
        return [number for (number,) in db.execute("SELECT number FROM part ORDER BY number")]
    finally:
        db.close()


def test_ids_in_memory_and_in_many_tables_are_known(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        many(log, 100)
        assert len(parts(tmp_path)) >= 3
        assert log.append(entries(*(f"m{n}" for n in range(100)))) == [None] * 100
    with open_log(tmp_path) as log:
        assert log.append(entries("m0", "m50", "m99", "new", "new")) == [None, None, None, 101, None]


def test_what_another_process_wrote_is_known(tmp_path: Path) -> None:
    with open_log(tmp_path) as one, open_log(tmp_path) as other:
        for n in range(60):
            first, second = (one, other) if n % 3 else (other, one)
            first.append(entries(f"m{n}"))
            first.tidy()
            assert second.append(entries(f"m{n}")) == [None]
            assert second.append(entries(f"m{n // 2}")) == [None]
        assert ids(one) == [f"m{n}" for n in range(60)]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_writers_and_repeats(tmp_path: Path, seed: int) -> None:
    chance, model = random.Random(seed), set[tuple[str, str]]()
    logs = [open_log(tmp_path) for _ in range(3)]
    for _ in range(150):
        number = chance.randrange(3)
        told = [
            Entry(
                chance.choice(["site", "app", "import", OWN]),
                f"m{chance.randrange(120)}",
                NOW,
                b"{}",
                chance.random() < 0.2,
            )
            for _ in range(chance.randrange(1, 6))
        ]
        for entry, position in zip(told, logs[number].append(told), strict=True):
            fresh = (entry.source, entry.message_id) not in model
            assert (position is not None) is fresh
            model.add((entry.source, entry.message_id))
        if chance.random() < 0.3:
            logs[number].tidy()
        if chance.random() < 0.1:
            logs[number].close()
            logs[number] = open_log(tmp_path)
    stored = [(entry.source, entry.message_id) for entry in logs[0].read(0, 10_000)]
    assert len(stored) == len(set(stored)) == logs[0].end()
    assert set(stored) == model
    for log in logs:
        log.close()


@pytest.mark.parametrize("how", ["lost", "damaged", "of another log", "older than the log"])
def test_the_file_is_made_again_from_the_log(tmp_path: Path, how: str) -> None:
    with open_log(tmp_path / "shop") as log:
        many(log, 30)
        shutil.copy(tmp_path / "shop" / seen.FILE, tmp_path / "older")
        many(log, 30, first=30)
    file = tmp_path / "shop" / seen.FILE
    if how == "lost":
        file.unlink()
    if how == "damaged":
        file.write_bytes(b"x" * 100_000)
    if how == "older than the log":
        shutil.copy(tmp_path / "older", file)
    if how == "of another log":
        with open_log(tmp_path / "other") as other:
            for n in range(60):
                other.append(entries(f"foreign{n}"))
                other.tidy()
        shutil.copy(tmp_path / "other" / seen.FILE, file)
    with open_log(tmp_path / "shop") as log:
        assert log.append(entries("m0", "m29", "m30", "m59")) == [None] * 4
        assert log.append(entries("foreign5")) == [61], "an id that this log never had is not taken for known"


def test_a_refused_commit_leaves_no_memory_of_its_facts(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(entries("a"))
        log._db.execute("PRAGMA max_page_count=20")
        big = [Entry("site", f"big{n}", NOW, b"x" * 4000) for n in range(40)]
        with pytest.raises(Unavailable):
            log.append(big)
        log._db.execute("PRAGMA max_page_count=1000000")
        assert None not in log.append(big)
        assert log.append(entries("a", "big3")) == [None, None]


def test_ids_of_clients_are_known_for_weeks_and_those_of_histories_for_ever(tmp_path: Path) -> None:
    old = NOW - (seen.KEPT_DAYS + 1) * seen.DAY_US
    with open_log(tmp_path) as log:
        log.append(entries("told", at=old))
        log.append(entries("history", imported=True, at=old))
        log.append(entries("history", source="import", imported=True, at=old))
        log.append(entries("own", source=OWN, at=old))
        log.append(entries("lately", at=NOW - (seen.KEPT_DAYS - 1) * seen.DAY_US))
    (tmp_path / seen.FILE).unlink()
    with open_log(tmp_path) as log:
        assert log.append(entries("lately")) == [None]
        assert log.append(entries("history", imported=True)) == [None]
        assert log.append(entries("history", source="import", imported=True)) == [None]
        assert log.append(entries("own", source=OWN)) == [None]
        assert log.append(entries("told")) == [6]


def test_a_table_goes_when_it_is_old(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        many(log, 50)
    before = parts(tmp_path)
    db = apsw.Connection(str(tmp_path / seen.FILE))
    db.execute(
        "UPDATE part SET changed_us = changed_us - ? WHERE number = ?", ((seen.KEPT_DAYS + 1) * seen.DAY_US, before[0])
    )
    db.close()
    with open_log(tmp_path) as log:
        many(log, 20, first=50)
    assert before[0] not in parts(tmp_path)
    assert parts(tmp_path)[-1] > before[-1]


def test_the_index_of_an_older_version_becomes_todays(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "log.db"))
    db.execute("PRAGMA journal_mode=WAL")
    from dangol.collect.log_schema import STEPS

    db.execute(STEPS[0])
    db.execute("INSERT INTO fact VALUES (1, 'site', 'a', ?, 0, '{}'), (2, 'dangol', 'b', ?, 0, '{}')", (NOW, NOW))
    db.execute("INSERT INTO rejected VALUES (1, 'site', 5, 'missing_id', 'why', '{}')")
    db.close()
    with open_log(tmp_path) as log:
        assert log.append(entries("a", "c")) == [None, 3]
        assert log.append(entries("b", source=OWN)) == [None]
        assert [row.code for row in log.rejected(9)] == ["missing_id"]
