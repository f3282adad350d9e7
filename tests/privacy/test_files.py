"""Looking into a database file that is in use: found wherever it stands, and without losing SQLite's locks."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dangol.privacy import files
from dangol.privacy.rules import Names, names_of

found = names_of(["minji@example.com"])
assert found
MINJI: Names = found
ANOTHER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO t VALUES ('x')")
db.commit()
db.close()
"""


@pytest.mark.parametrize("before", range(0, 60, 7))
def test_a_name_is_found_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    monkeypatch.setattr(files, "PART", 16)
    monkeypatch.setattr(files, "OVERLAP", 32)
    path = tmp_path / "state.db"
    path.write_bytes(b"." * before + b"Minji@Example.com" + b"." * 9)
    assert files._in_use_holds(path, MINJI)
    path.write_bytes(b"." * before + b"jisoo@example.com" + b"." * 9)
    assert not files._in_use_holds(path, MINJI)
    assert not files._in_use_holds(tmp_path / "none.db", MINJI)


def test_another_process_still_sees_that_the_database_is_in_use(tmp_path: Path) -> None:
    """Whoever believes to be the last empties the write-ahead file and deletes it: under our feet."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t (x)")
        db.commit()
        assert not files._in_use_holds(path, MINJI)
        subprocess.run([sys.executable, "-c", ANOTHER, str(path)], check=True)
        assert Path(f"{path}-wal").exists()
        assert db.execute("SELECT count(*) FROM t").fetchone() == (1,)
