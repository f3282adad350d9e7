"""Faults inside a shop's processes: Python loads this file at the start of each one whose path names its folder.

DANGOL_TEST_FAILPOINTS names a folder. A file in it arms a fault on the log's database: `after-commit` kills the process
between a commit and what follows it, `sync` fails a sync to the disk, `write` writes the half of what it should and
then fails. The first process that meets an armed fault takes the file away, so that it happens once; `every-sync` and
`every-write` stay armed until the file is gone.
"""

import os
import signal
from pathlib import Path

import apsw

ARMED = Path(os.environ.get("DANGOL_TEST_FAILPOINTS", "/nonexistent"))


def armed(name: str) -> bool:
    if (ARMED / f"every-{name}").exists():
        return True
    try:
        (ARMED / name).unlink()
    except FileNotFoundError:
        return False
    return True


class FaultyFile(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        super().__init__(vfs, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.ahead = path.endswith("-wal")  # what is synced there is committed

    def xSync(self, flags):
        if armed("sync"):
            raise apsw.IOError("the disk failed to sync, says the test")
        super().xSync(flags)
        if self.ahead and armed("after-commit"):
            os.kill(os.getpid(), signal.SIGKILL)

    def xWrite(self, data, offset):
        if armed("write"):
            super().xWrite(data[: len(data) // 2], offset)
            raise apsw.IOError("the disk wrote half, says the test")
        return super().xWrite(data, offset)


class FaultyDisk(apsw.VFS):
    """The disk as it is, but for the log and its write-ahead file."""

    def __init__(self):
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name, flags):
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path and Path(path).name.startswith("log.db"):
            return FaultyFile("unix", name, flags)
        return super().xOpen(name, flags)


if ARMED.is_dir():
    disk = FaultyDisk()
