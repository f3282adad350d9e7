"""Processes of one shop: they live and die together, and only one set of them holds a data folder."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from dangol.base.errors import Conflict

LOCK = "serve.lock"
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """End this process when its parent ends, however that ends: a shop half alive would hold the port and the lock."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def scratch(folder: Path) -> None:
    """Let this process's temporary files lie in a folder of its own, emptied first: /tmp is memory on many machines,
    and what a killed process left behind may name people."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    tempfile.tempdir = str(folder)


@contextlib.contextmanager
def sole_holder(folder: Path) -> Iterator[None]:
    """Hold the data folder. Raises Conflict where another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(
                f"{folder} is already served by another process; stop it first or choose another folder"
            ) from error
        yield


def is_held(folder: Path) -> bool:
    """Whether a server has this data folder now."""
    try:
        with sole_holder(folder):
            return False
    except Conflict:
        return True
