"""The power goes while facts are written (number 2): what was acknowledged is on the disk.

The log lies on an ext4 image behind a loop device. The writer is stopped at a random instant and the image is copied:
the copy holds what had reached the disk, and nothing of what the system kept in memory. The log of the copy is opened,
as after a start, and the same writer goes on with it.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.load import Ledger, check
from tests.faults.test_disks import can_mount

pytestmark = pytest.mark.skipif(not can_mount(), reason="needs root and the right to mount")

CUT = """
set -eu
export PYTHONPATH="$(pwd):${PYTHONPATH:-}"
cd "$1"; python=$2; wait=$3
mkdir live after
mount -o loop,commit=60 image live
"$python" -m tests.faults.writing live/shop before >acknowledged &
writer=$!
while [ ! -s acknowledged ]; do sleep 0.01; done
sleep "$wait"
kill -STOP $writer
cp image snapshot
cp acknowledged at-the-cut
kill -KILL $writer; wait $writer || true
umount live
mount -o loop snapshot after
cp -a after/shop shop
"$python" -m tests.faults.writing after/shop after >again &
writer=$!
while [ ! -s again ]; do kill -0 $writer; sleep 0.01; done
kill -KILL $writer; wait $writer || true
umount after
"""


def test_power_cut(tmp_path: Path, seed: int) -> None:
    with (tmp_path / "image").open("wb") as image:
        image.truncate(96 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(tmp_path / "image")], check=True)
    wait = f"{random.Random(seed).random() / 2:.3f}"
    subprocess.run(
        ["unshare", "-m", "sh", "-c", CUT, "sh", str(tmp_path), sys.executable, wait],
        check=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    lines = (tmp_path / "at-the-cut").read_text().splitlines(keepends=True)
    acknowledged = [line.strip() for line in lines if line.endswith("\n")]
    assert acknowledged
    check(tmp_path / "shop", Ledger(acknowledged=acknowledged))
