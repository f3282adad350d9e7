"""What `dangol demo` makes of the folder it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dangol.base.errors import Conflict
from dangol.demo import start


def test_an_earlier_demo_is_used_again(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    (tmp_path / start.FILE).write_text(json.dumps({"seed": 7}))
    assert start._known(tmp_path) == {"seed": 7}


def test_a_real_shop_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("a shop")
    with pytest.raises(Conflict, match="no demo"):
        start._known(tmp_path)
    assert (tmp_path / "state.db").read_text() == "a shop"


def test_a_build_that_was_cut_short_is_begun_again(tmp_path: Path) -> None:
    for name in ("state.db", "state.db-wal", "log.db", start.BUILDING, "dangol.toml"):
        (tmp_path / name).touch()
    assert start._known(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["dangol.toml"]


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    start._write(tmp_path / start.FILE, {"seed": 1})
    assert (tmp_path / start.FILE).stat().st_mode & 0o077 == 0


def test_the_welcome_says_what_is_real_and_what_is_not() -> None:
    told = "\n".join(start.welcome({"email": "demo@example.com", "password": "x"}, "http://127.0.0.1:8000"))
    assert told.startswith("ready http://127.0.0.1:8000")
    assert all(word in told for word in ("UCI Online Retail", "CC BY 4.0", "Invented", "demo@example.com"))
