"""Our own browser tracker, as the file that a shop's pages load."""

from __future__ import annotations

from pathlib import Path


def source() -> bytes:
    """tracker.js, ready to be served at /t.js."""
    return (Path(__file__).parent / "tracker.js").read_bytes()
