"""The log: durable, once, in order, from several processes at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from dangol.base.errors import Unavailable
from dangol.collect.log import Entry, FileLog, Rejected, open_log
from dangol.collect.writer import Writer


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileLog]:
    with open_log(tmp_path) as log:
        yield log


def entries(*ids: str, source: str = "site") -> list[Entry]:
    return [Entry(source, message_id, 1, b"{}") for message_id in ids]


def test_a_message_id_counts_once_a_source(log: FileLog) -> None:
    assert log.append(entries("a", "b", "a")) == [1, 2, None]
    assert log.append(entries("b", "c")) == [None, 3]
    assert log.append(entries("a", source="app")) == [4]
    assert [entry.message_id for entry in log.read(1, 2)] == ["b", "c"]
    assert log.end() == 4


def test_refused_events_are_kept_for_people(log: FileLog) -> None:
    log.append([], [Rejected("site", 1, "missing_id", "why", b"{}")])
    assert [(r.code, r.detail) for r in log.rejected(5)] == [("missing_id", "why")]
    assert log.end() == 0


def test_a_full_disk_refuses_everything_and_comes_back(log: FileLog) -> None:
    log.append(entries("a"))
    log._db.execute("PRAGMA max_page_count=20")
    big = [Entry("site", f"m{n}", 1, b"x" * 4000) for n in range(40)]
    with pytest.raises(Unavailable, match="full"):
        log.append(big)
    assert log.end() == 1, "nothing of a refused commit stays"
    log._db.execute("PRAGMA max_page_count=1000000")
    assert log.append(big)[-1] == 41


def test_many_callers_share_a_commit_and_each_learns_its_own_positions(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    futures: dict[int, object] = {}

    def call(n: int) -> None:
        futures[n] = writer.append(entries(f"{n}-a", f"{n}-b"), []).result(timeout=10)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    with open_log(tmp_path) as log:
        stored = {entry.message_id: entry.position for entry in log.read(0, 1000)}
    assert futures == {n: [stored[f"{n}-a"], stored[f"{n}-b"]] for n in range(50)}
    with pytest.raises(Unavailable):
        writer.append(entries("late"), []).result(timeout=1)


WRITE_FOR_EVER = """
import sys
from collections.abc import Iterator
from pathlib import Path
from dangol.collect.log import Entry, open_log
log, n = open_log(Path(sys.argv[1])), 0
while True:
    log.append([Entry("site", f"{n}-{i}", 1, b"{}") for i in range(5)])
    print(n, flush=True)
    n += 1
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    for round_ in range(3):
        folder = tmp_path / str(round_)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        acknowledged = [int(writer.stdout.readline()) for _ in range(20 + 17 * round_)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.strip()]
        writer.stdout.close()
        writer.wait()
        with open_log(folder) as log:
            stored = {entry.message_id for entry in log.read(0, 10**6)}
            assert {f"{n}-{i}" for n in acknowledged for i in range(5)} <= stored
            assert len(stored) == log.end(), "no gap, none doubled"
            assert len(stored) % 5 == 0, "a commit is whole"
            assert log._db.execute("PRAGMA integrity_check").get == "ok"


def test_a_writer_waits_for_another_and_loses_nothing(log: FileLog, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "log.db"))
    other.execute("BEGIN IMMEDIATE")
    free = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    free.start()
    assert log.append(entries("a")) == [1]
    free.join()
    other.close()


def test_threads_may_share_one_handle(log: FileLog) -> None:
    failed: list[Exception] = []

    def use(number: int) -> None:
        try:
            for count in range(60):
                log.append(entries(f"{number}-{count}"))
                log.read(log.end() - 1, 10)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert log.end() == 360


def test_a_new_log_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    for round_ in range(20):
        opened: list[FileLog] = []
        folder = tmp_path / str(round_)
        threads = [threading.Thread(target=lambda f=folder, o=opened: o.append(open_log(f))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 4
        for log in opened:
            log.close()


def test_a_writer_survives_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    writer = Writer(tmp_path)
    with pytest.raises(Unavailable, match="opened"):
        writer.append(entries("a"), []).result(timeout=5)
    (tmp_path / "log.db").rmdir()
    assert writer.append(entries("a"), []).result(timeout=5) == [1]
    assert writer.alive()
    writer.close()
