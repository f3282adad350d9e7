"""A person is erased while the shop runs and goes on telling of them: nothing of them stays on disk."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from dangol.bench.shop import Served, served

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="looks into the files of the embedded default"
)
EMAIL, PHONE = "ann.smith@mail.example", "01023456789"
PATIENCE = 60.0


def ask(shop: Served, path: str, body: Any = None) -> Any:
    key = f"Bearer {shop.api_key}" if path.startswith("/api") else f"Basic {_basic(shop.write_key)}"
    request = urllib.request.Request(
        f"http://{shop.host}:{shop.port}{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def _basic(key: str) -> str:
    return base64.b64encode(f"{key}:".encode()).decode()


def tell(shop: Served, number: int) -> None:
    traits = {"email": EMAIL, "phone": "010-2345-6789"}
    events = [
        {"type": "identify", "userId": "ann", "messageId": f"i{number}", "traits": traits},
        {"type": "track", "userId": "ann", "messageId": f"t{number}", "event": "Seen", "properties": {"to": EMAIL}},
        {"type": "track", "userId": f"u{number}", "messageId": f"o{number}", "event": "Seen"},
    ]
    ask(shop, "/v1/batch", {"batch": events})


def settled(shop: Served) -> None:
    end = time.monotonic() + PATIENCE
    while (at := ask(shop, "/api/log"))["appended"] != at["processed"]:
        assert time.monotonic() < end, at
        time.sleep(0.05)


def holding(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes().lower() if path.is_file() else b""
        if EMAIL.encode() in data or PHONE.encode() in data or b"010-2345-6789" in data:
            found.append(path.name)
    return found


def customers(shop: Served) -> int:
    """How many the shop has, read page by page."""
    count, cursor = 0, ""
    while True:
        page = ask(shop, "/api/customers?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        count += len(page["items"])
        cursor = page["next"]
        if not cursor:
            return count


def test_erasing_while_facts_arrive_leaves_no_trace_on_disk() -> None:
    with served() as shop:
        for number in range(20):
            tell(shop, number)
        settled(shop)
        assert holding(shop.folder)
        stop, told = threading.Event(), [20]

        def go_on() -> None:
            while not stop.is_set():
                tell(shop, told[0])
                told[0] += 1

        thread = threading.Thread(target=go_on)
        thread.start()
        command = [sys.executable, "-m", "dangol", "forget", f"email:{EMAIL}", "--data", str(shop.folder)]
        try:
            done = subprocess.run([*command, "--yes", "--json"], capture_output=True, text=True, timeout=PATIENCE)
            before = told[0]
            end = time.monotonic() + PATIENCE
            while told[0] < before + 20:
                assert time.monotonic() < end
                time.sleep(0.01)
        finally:
            stop.set()
            thread.join()
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["report"]["log entries"] >= 40
        settled(shop)
        assert ask(shop, f"/api/customers?identifier=email:{EMAIL}")["items"] == []
        assert customers(shop) == told[0], "everybody else is there"
        end = time.monotonic() + PATIENCE
        while (left := holding(shop.folder)) and time.monotonic() < end:
            time.sleep(0.2)
        assert left == []
