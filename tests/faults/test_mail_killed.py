"""4 to 6 of the fault matrix: the delivery worker is killed in the middle of a campaign, again and again."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import NOON
from tests.faults.mta import Mta

pytestmark = pytest.mark.skipif(os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="looks into SQLite's file")
ROOT = Path(__file__).parents[2]
CUSTOMERS, KILLS = 200, 2
WINDOW = 50  # messages that may be under way when the worker dies


def worker(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DANGOL_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "dangol.django_settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    environment.pop("DANGOL_DATABASE_URL", None)
    return subprocess.Popen([sys.executable, "-m", "tests.deliver.worker", *arguments], env=environment, cwd=ROOT)


def kill_when(process: subprocess.Popen[bytes], server: Mta, letters: int) -> bool:
    """Kill it once the server has so many; whether it was still at it."""
    while process.poll() is None:
        if len(server.got) >= letters:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.001)
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_every_customer_hears_once_at_most(tmp_path: Path, seed: int) -> None:
    rng, server = random.Random(seed), Mta()
    server.answers = lambda stage, to: time.sleep(0.002) or "" if stage == "end" else ""  # type: ignore[func-returns-value]
    assert worker(tmp_path, "prepare", NOON.isoformat(), str(CUSTOMERS)).wait() == 0
    kills = 0
    for round_ in range(KILLS + 1):
        at = (NOON + timedelta(minutes=20 * round_)).isoformat()
        process = worker(tmp_path, "work", at, str(server.port), "nowhere", "0")
        letters = len(server.got) + rng.randrange(1, 60) if round_ < KILLS else sys.maxsize
        kills += kill_when(process, server, letters)
    server.close()
    check(tmp_path, server, kills)


def check(folder: Path, server: Mta, kills: int) -> None:
    with sqlite3.connect(folder / "state.db") as state:
        rows = state.execute("SELECT customer_id, message_class, state FROM deliver_delivery").fetchall()
    copies = Counter(to for to, _ in server.got)
    assert kills == KILLS, "it was in the middle"
    assert {state for *_, state in rows} <= {"accepted", "unknown"}, "nobody is forgotten"
    assert sum(state == "unknown" for *_, state in rows) <= kills * WINDOW
    for customer, kind, state in rows:
        arrived = copies[f"c{customer}@example.com"]
        assert arrived <= (1 if kind == "marketing" else 2)
        assert arrived or state == "unknown"
