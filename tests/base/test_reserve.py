"""Room that is kept for what must not fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dangol.base.reserve import FILE, FULL, MB, Reserve


class Disk:
    """A disk of 2 GB in a test's hands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.free = folder, 1024 * MB

    def look(self, _: Path) -> os.statvfs_result:
        held = self.folder / FILE
        free = self.free - (held.stat().st_blocks * 512 if held.exists() else 0)
        return os.statvfs_result((1, 1, 2048 * MB, max(free, 0), max(free, 0), 0, 0, 0, 0, 255))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(tmp_path)
    monkeypatch.setattr(os, "statvfs", disk.look)
    return disk


def trouble(folder: Path, mb: int = 64) -> str:
    return Reserve(folder, mb).trouble()


def test_it_is_kept_given_up_and_kept_again(disk: Disk) -> None:
    reserve, file = Reserve(disk.folder, 64), disk.folder / FILE
    reserve.keep()
    assert (file.stat().st_size, trouble(disk.folder)) == (64 * MB, "")
    disk.free = 95 * MB
    assert trouble(disk.folder) == FULL, "before anything fails"
    reserve.keep()
    assert not file.exists()
    assert trouble(disk.folder) == FULL, "what was given up is not for everybody"
    disk.free = 97 * MB
    reserve.keep()
    assert (file.exists(), trouble(disk.folder)) == (True, "")


def test_a_small_disk_keeps_a_small_part(disk: Disk) -> None:
    Reserve(disk.folder, 1_000).keep()
    assert (disk.folder / FILE).stat().st_size == 2048 * MB // 20


def test_who_wants_none_has_none(disk: Disk) -> None:
    disk.free = 0
    Reserve(disk.folder, 0).keep()
    assert (trouble(disk.folder, 0), (disk.folder / FILE).exists()) == ("", False)
