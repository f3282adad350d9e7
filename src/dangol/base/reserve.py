"""Room on the disk that is kept for what must not fail: a customer who unsubscribes, a person who signs in.

A file of `reserve_mb` lies in the data folder. When the disk runs low it is given up, and what takes room by the
minute (facts, the loop, deliveries) waits until there is room for the file again. Every process sees that for itself.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from pathlib import Path

log = logging.getLogger("dangol.reserve")

FILE = "reserve"
MB = 1024 * 1024
LARGEST_SHARE = 20  # a reserve is at most the twentieth part of its disk
FULL, READ_ONLY = "the disk is almost full", "the disk is read-only"
EVERY = 0.5  # seconds between two looks


class Reserve:
    """The reserve of one data folder, in megabytes; 0 keeps none and never runs low."""

    def __init__(self, folder: Path, mb: int) -> None:
        self._folder, self._wanted = folder, mb * MB
        self._trouble, self._looked = "", float("-inf")

    def trouble(self) -> str:
        """Why nothing more should be written, as it was a moment ago; empty where there is no reason."""
        if time.monotonic() - self._looked > EVERY:
            self._trouble, self._looked = self._look(), time.monotonic()
        return self._trouble

    def low(self) -> bool:
        return bool(self.trouble())

    def keep(self) -> None:
        """Give the file up or make it again, as the disk is now."""
        low, path = self._look() == FULL, self._folder / FILE
        if low and path.exists():
            log.error("the disk of %s is almost full: no facts are taken until there is room", self._folder)
            path.unlink(missing_ok=True)
        elif not low and self._wanted and not path.exists():
            self._make(path)

    def watch(self, stopping: threading.Event) -> None:
        """Keep it until told to stop."""
        while not stopping.wait(EVERY):
            with contextlib.suppress(OSError):
                self.keep()

    def _look(self) -> str:
        try:
            disk = os.statvfs(self._folder)
            held = (self._folder / FILE).stat().st_blocks * 512 if (self._folder / FILE).exists() else 0
            os.utime(self._folder)  # a disk that broke says it is writable until somebody writes
        except OSError as error:
            return READ_ONLY if error.errno == errno.EROFS else ""
        return FULL if disk.f_bavail * disk.f_frsize + held < self._size(disk) * 3 // 2 else ""

    def _size(self, disk: os.statvfs_result) -> int:
        return min(self._wanted, disk.f_blocks * disk.f_frsize // LARGEST_SHARE)

    def _make(self, path: Path) -> None:
        size = self._size(os.statvfs(self._folder))
        if size > 0:
            with path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            log.info("%s MB are kept for when the disk is full", size // MB)
