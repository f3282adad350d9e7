"""A shop whose log, files and secret lie in the test's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from tests.shopkit import Kit


@pytest.fixture
def kit(folder: Path, shop: Shop, clock: SetClock) -> Iterator[Kit]:
    kit = Kit(folder, clock)
    yield kit
    kit.close()


def raw_files(folder: Path) -> dict[str, bytes]:
    """Every byte on disk: the data folder's and the state database's, by file name."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if connection.vendor == "sqlite":
        state = Path(str(connection.settings_dict["NAME"]))
        for path in (state, state.with_name(state.name + "-wal")):
            if path.exists():
                found[path.name] = path.read_bytes()
    return found


def holding(folder: Path, *texts: str) -> list[str]:
    """Files in which any of these texts stands, in any case."""
    return [name for name, data in raw_files(folder).items() if any(t.lower().encode() in data.lower() for t in texts)]
