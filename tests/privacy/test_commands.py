"""The commands, on a real folder: export, doctor, forget."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from dangol.base.clock import SystemClock, to_us
from dangol.bench.shop import make
from dangol.collect.log import Entry, open_log

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its commands"
)
TURN = """
import django
django.setup()
from dangol import loop
from dangol.base.clock import SystemClock
from dangol.collect.steps import own_log
loop.settle(own_log(), SystemClock())
"""


def run(*words: str, status: int = 0) -> str:
    done = subprocess.run([sys.executable, "-m", "dangol", *words], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_a_copy_then_erasure_then_a_look(tmp_path: Path) -> None:
    make(tmp_path)
    body = {"type": "identify", "userId": "ann", "traits": {"email": "ann@mail.example", "name": "Ann Blossom"}}
    with open_log(tmp_path) as log:
        log.append([Entry("site", "m1", to_us(SystemClock().now()), msgspec.json.encode(body))])
    environment = {**os.environ, "DANGOL_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dangol.django_settings"}
    subprocess.run([sys.executable, "-c", TURN], env=environment, check=True)
    told = json.loads(run("export", "email:ann@mail.example", "--data", str(tmp_path)))
    assert told["profile"][0]["traits"]["name"] == "Ann Blossom"
    page = tmp_path.parent / "ann.html"
    run("export", "userId:ann", "--data", str(tmp_path), "--format", "html", "--to", str(page))
    assert "Ann Blossom" in page.read_text("utf-8")
    assert "format: found 'pdf'" in run("export", "1", "--data", str(tmp_path), "--format", "pdf", status=2)
    found = {one["what"]: one for one in json.loads(run("doctor", "--data", str(tmp_path), "--json"))}
    assert found["log of accesses"]["told"].startswith("2 lines")
    assert json.loads(run("forget", "userId:ann", "--data", str(tmp_path), "--yes", "--json"))["finished"] is True
    assert "no customer is known as userId:ann" in run("forget", "userId:ann", "--data", str(tmp_path), status=2)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"ann@mail.example" not in files.lower()
    assert b"Ann Blossom" not in files
    with sqlite3.connect(tmp_path / "state.db") as state:
        state.execute("UPDATE privacy_access SET who = 'nobody' WHERE id = 1")
    assert "BAD  log of accesses: the chain breaks at line 1" in run("doctor", "--data", str(tmp_path), status=1)
