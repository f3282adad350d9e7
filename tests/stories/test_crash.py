"""kill -9 of the loop and of the delivery worker, again and again: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from dangol.base.clock import SystemClock, to_us
from dangol.bench.shop import make
from dangol.collect.log import Entry, open_log

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)
CUSTOMERS = 150


def child(name: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DANGOL_DATA": str(folder), "DANGOL_LOG_LEVEL": "CRITICAL"}
    return subprocess.Popen([sys.executable, "-m", "dangol.serve", name], env=environment)


def ask(folder: Path, sql: str) -> list[tuple[int, ...]]:
    with sqlite3.connect(folder / "state.db", timeout=10) as state:
        return state.execute(sql).fetchall()


def facts(number: int) -> list[Entry]:
    now = to_us(SystemClock().now())
    user = f"u{number}"
    events = [
        {"type": "identify", "userId": user, "traits": {"email": f"{user}@example.com"}},
        {
            "type": "track",
            "userId": user,
            "event": "Consent Changed",
            "properties": {"channel": "email", "state": "granted"},
        },
        {
            "type": "track",
            "userId": user,
            "event": "Order Completed",
            "properties": {"order_id": f"o{number}", "revenue": 10},
        },
    ]
    return [Entry("site", f"{user}-{n}", now, msgspec.json.encode(event)) for n, event in enumerate(events)]


ACTIVATE = """
import django
django.setup()
from dangol.base.clock import SystemClock
from dangol.campaign import steps
definition = {
    "entry": {"fact": "Order Completed"}, "holdout_percent": 10, "goal": {"fact": "Order Completed", "within": "7d"},
    "steps": [{"key": "mail", "send": {"channel": "email", "class": "transactional",
               "templates": {"en": {"subject": "Thank you", "html": "<p>Thank you</p>"}}}}],
}
steps.put("thanks-at-once", {"name": "Thanks", "definition": definition}, SystemClock().now())
steps.activate("thanks-at-once", SystemClock().now())
"""


def test_kill_9_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    make(tmp_path)
    environment = {**os.environ, "DANGOL_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dangol.django_settings"}
    subprocess.run([sys.executable, "-c", ACTIVATE], env=environment, check=True)
    rng = random.Random(7)
    with open_log(tmp_path) as log:
        for number in range(CUSTOMERS):
            log.append(facts(number))
        for _ in range(8):
            victims = [child("loop", tmp_path), child("deliver", tmp_path)]
            time.sleep(1.2 + rng.random() * 0.8)
            for victim in victims:
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait()
        workers = [child("loop", tmp_path), child("deliver", tmp_path)]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not _quiet(tmp_path, log.end()):
            time.sleep(0.2)
        for worker in workers:
            worker.terminate()
            worker.wait()
        assert _quiet(tmp_path, log.end()), "everything was worked off in a minute"
        assert ask(tmp_path, "SELECT count(*) FROM profile_fact") == [(log.end(),)], (
            "every fact once in a customer's file"
        )
    assert ask(tmp_path, "SELECT count(*), count(DISTINCT customer_id) FROM profile_order") == [(CUSTOMERS, CUSTOMERS)]
    assert ask(tmp_path, "SELECT count(*), count(DISTINCT customer_id) FROM campaign_run") == [(CUSTOMERS, CUSTOMERS)]
    held_out = ask(tmp_path, "SELECT count(*) FROM campaign_run WHERE arm = 'holdout'")[0][0]
    sent = ask(tmp_path, "SELECT count(*), count(DISTINCT customer_id) FROM deliver_delivery WHERE state = 'accepted'")
    assert sent == [(CUSTOMERS - held_out, CUSTOMERS - held_out)]
    assert ask(tmp_path, 'SELECT count(*), count(DISTINCT "to") FROM deliver_outboxmessage') == sent


def _quiet(folder: Path, end: int) -> bool:
    position = ask(folder, "SELECT coalesce(max(position), 0) FROM collect_cursor")[0][0]
    open_ = ask(folder, "SELECT count(*) FROM deliver_delivery WHERE state IN ('planned', 'leased', 'attempting')")[0][
        0
    ]
    waiting = ask(folder, "SELECT count(*) FROM collect_outgoing")[0][0]
    runs = ask(folder, "SELECT count(*) FROM campaign_run WHERE state = 'active'")[0][0]
    return (position, open_, waiting, runs) == (end, 0, 0, 0)
