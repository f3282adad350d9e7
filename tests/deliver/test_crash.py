"""kill -9 of a delivery worker between `attempting` and the hand-over, and between the hand-over and its record."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.deliver.test_smtp import Server, start

__all__ = ["start"]  # the fixture

pytestmark = [
    pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="looks into SQLite's file"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ROOT = Path(__file__).parents[2]
CUSTOMERS = 8


def worker(folder: Path, *arguments: str) -> int:
    environment = {
        **os.environ,
        "DANGOL_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "dangol.django_settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    environment.pop("DANGOL_DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "tests.deliver.worker", *arguments], env=environment, cwd=ROOT, timeout=120
    ).returncode


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a message planned for each customer, marketing and transactional by turns."""
    folder: Path = tmp_path_factory.mktemp("planned")
    assert worker(folder, "prepare", NOON.isoformat(), str(CUSTOMERS)) == 0
    return folder


def states(folder: Path) -> dict[int, tuple[str, str]]:
    with sqlite3.connect(folder / "state.db") as state:
        rows = state.execute("SELECT customer_id, message_class, state FROM deliver_delivery").fetchall()
    return {customer: (kind, found) for customer, kind, found in rows}


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_killed_worker_makes_no_second_copy(
    planned: Path, tmp_path: Path, start: Callable[..., Any], where: str
) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(planned, folder)
    server, port = start()
    assert worker(folder, "work", NOON.isoformat(), str(port), where, "3") == -signal.SIGKILL
    assert 1 <= [found for _, found in states(folder).values()].count("attempting") <= 4, "on disk before, and few"
    assert worker(folder, "work", (NOON + timedelta(minutes=20)).isoformat(), str(port), "nowhere", "0") == 0
    check(folder, server, where)


def test_killed_again_and_again(planned: Path, tmp_path: Path, start: Callable[..., Any]) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(planned, folder)
    server, port = start()
    for round_ in range(3):
        at = (NOON + timedelta(minutes=round_ * 7)).isoformat()
        worker(folder, "work", at, str(port), ("before", "after")[round_ % 2], "2")
    assert worker(folder, "work", (NOON + timedelta(minutes=40)).isoformat(), str(port), "nowhere", "0") == 0
    check(folder, server, "anywhere")


def check(folder: Path, server: Server, where: str) -> None:
    copies = Counter(server.to)
    ids = [re.search(rb"Message-ID: (\S+)", content)[1] for content in server.got]
    assert len(set(ids)) == len(copies), "a second copy bears the first one's Message-ID"
    for customer, (kind, state) in states(folder).items():
        arrived = copies[f"c{customer}@example.com"]
        if kind == "marketing":
            assert arrived <= 1
            assert state in {"accepted", "unknown"}
            assert state == "unknown" or arrived == 1
        else:
            assert state == "accepted" or where == "anywhere"
            assert arrived <= 2
            assert arrived >= 1 or state == "unknown"
