"""The tracker as it is served: small, compressed once, not sent again to whoever has it."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from dangol.collect import tracker


def ask(method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(tracker.Tracker()({"method": method, "headers": raw}, send))
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def test_it_is_under_four_kilobytes() -> None:
    status, headers, body = ask(accept_encoding="gzip, deflate, br")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(body) < 4096, "built by scripts/assets.py?"
    assert gzip.decompress(body) == ask()[2] == tracker.source()
    assert "content-encoding" not in ask()[1]
    assert headers["vary"] == "Accept-Encoding"


def test_whoever_has_it_is_told_so() -> None:
    _, headers, _ = ask()
    assert headers["cache-control"].startswith("public, max-age=3600")
    status, again, body = ask(if_none_match=headers["etag"], accept_encoding="gzip")
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    assert ask(if_none_match='W/"another"')[0] == 200


def test_other_methods() -> None:
    status, headers, body = ask("HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(tracker.source())))
    assert ask("POST")[0] == 405


def test_a_build_of_another_source_is_not_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tracker, "SOURCE", tmp_path / "tracker.js")
    monkeypatch.setattr(tracker, "BUILT", tmp_path / "tracker.min.js")
    tracker.SOURCE.write_bytes(b"new();")
    assert tracker.source() == b"new();"
    tracker.BUILT.write_bytes(tracker.stamp(b"old();") + b"old()")
    assert tracker.source() == b"new();"
    tracker.BUILT.write_bytes(tracker.stamp(b"new();") + b"new()")
    assert tracker.source().endswith(b"\nnew()")
