"""An import that is killed in the middle: run again it finishes, and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from dangol.collect.log import open_log

DANGOL = [sys.executable, "-m", "dangol"]
ORDERS = 30_000
PATIENCE = 60.0  # seconds


def environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DANGOL_")}
    return {**kept, "DANGOL_DATA": str(folder)}


def opened(folder: Path) -> None:
    command = [*DANGOL, "init", "--data", str(folder), "--owner", "o@shop.example", "--password-stdin"]
    subprocess.run(
        command, input="correct-horse-9\n", text=True, check=True, capture_output=True, env=environment(folder)
    )


def bodies(folder: Path) -> dict[str, bytes]:
    with open_log(folder) as log:
        entries = log.read(0, 10 * ORDERS)
        assert log.end() == len(entries)
    found = {entry.message_id: entry.body for entry in entries if entry.source == "import"}
    assert len(found) == sum(entry.source == "import" for entry in entries), "no fact is there twice"
    return found


def test_a_killed_import_finishes_when_it_is_run_again(tmp_path: Path) -> None:
    path, shop, other = tmp_path / "orders.csv", tmp_path / "shop", tmp_path / "other"
    rows = (f"A{n},c{n % 999},2024-01-{1 + n % 28:02},{n % 90}.50\n" for n in range(ORDERS))
    path.write_text("order_id,customer_id,date,total\n" + "".join(rows))
    opened(shop)
    command = [*DANGOL, "import", str(path), "--as", "orders", "--no-wait", "--json", "--data"]
    killed = subprocess.Popen([*command, str(shop)], env=environment(shop), stdout=subprocess.DEVNULL)
    with open_log(shop) as log:
        end = time.monotonic() + PATIENCE
        while log.end() == 0 and killed.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(PATIENCE) == -signal.SIGKILL
        assert 0 < log.end() < ORDERS, "it was in the middle"
    again = subprocess.run([*command, str(shop)], env=environment(shop), check=True, capture_output=True, text=True)
    assert f'"known": {0}' not in again.stdout, "what the log had already was not added again"
    opened(other)
    subprocess.run([*command, str(other)], env=environment(other), check=True, capture_output=True)
    assert bodies(shop) == bodies(other)
    assert len(bodies(shop)) == ORDERS
