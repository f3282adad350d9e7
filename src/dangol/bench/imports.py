"""An import at scale: rows a second, and the memory that the command needs at most, measured on the command itself."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dangol.bench.shop import DANGOL, make

LINES = 3  # of an order on average
LATEST = datetime(2026, 6, 1, tzinfo=UTC)
AT_ONCE = 10_000


def run(rows: int, *, whole: bool, seed: int) -> dict[str, Any]:
    """Write an export of order lines, import it with `dangol import`, and say what that took.

    `whole`: also work the facts through into the customers' files, as the command does when nobody serves the shop.
    """
    with tempfile.TemporaryDirectory(prefix="dangol-bench-") as name:
        folder = Path(name)
        path = folder / "orders.csv"
        write(path, rows, random.Random(seed))
        make(folder / "shop")
        command = [*DANGOL, "import", str(path), "--as", "orders", "--data", str(folder / "shop"), "--json"]
        started = time.perf_counter()
        report, peak = _measured([*command, *([] if whole else ["--no-wait"])])
        seconds = time.perf_counter() - started
        return {
            "rows": rows,
            "bytes": path.stat().st_size,
            "facts": report["appended"],
            "rejected": report["rejected"],
            "seconds": round(seconds, 1),
            "rows_per_second": round(rows / seconds),
            "peak_rss_mb": round(peak),
            "worked_through": whole,
        }


def write(path: Path, rows: int, rng: random.Random) -> None:
    """Order lines as exports have them; the lines of an order do not always lie together, some cannot be used."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("order_id,customer_id,email,order_date,product_id,product,category,quantity,price\n")
        for start in range(0, rows, AT_ONCE):
            file.writelines(_line(n, rows, rng) for n in range(start, min(start + AT_ONCE, rows)))


def _line(n: int, rows: int, rng: random.Random) -> str:
    orders = max(rows // LINES, 1)
    order = n % orders if rng.random() < 0.1 else n // LINES
    customer = order * 7919 % max(orders // 4, 1)
    at = LATEST - timedelta(minutes=order % 1_000_000)
    product = rng.randrange(5_000)
    price = "" if n % 1_000 == 999 else f"{1 + product % 90}.{product % 100:02}"
    quantity = "x" if n % 1_000 == 998 else str(rng.randrange(1, 5))
    return (
        f"A{order:07},c{customer},c{customer}@example.com,{at:%Y-%m-%d %H:%M},P{product:04},"
        f'"Product, number {product}",cat {product % 40},{quantity},{price}\n'
    )


def _measured(command: list[str]) -> tuple[dict[str, Any], float]:
    """What the command printed, and the most memory it had, in MB."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, stdout=out)  # noqa: S603 - our own command
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"the import ended with status {child.returncode}")
        out.seek(0)
        return json.loads(out.read()), usage.ru_maxrss / 1024
