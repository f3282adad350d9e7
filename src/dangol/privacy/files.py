"""The files of the data folder: lines about a person are struck, and no database file keeps old bytes in its gaps."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
from django.db import OperationalError, connection

from dangol.base.errors import Unavailable
from dangol.collect import forgetting as collect
from dangol.collect.log import FILE as LOG
from dangol.privacy.rules import Names
from dangol.profile.columns import FOLDER as COLUMNS

PART, OVERLAP = 4 * 1024**2, 64 * 1024  # bytes that are read at a time, and looked at again with the next
_descriptors: dict[tuple[int, int], int] = {}  # of databases, by device and inode

OURS = {"secret.key", "secret.previous.key", "dangol.toml", "tombstones.txt", "serve.lock", "bell.sock"}


def strike(folder: Path, names: Names) -> int:
    """Strike the lines of text files under the folder that name the person; how many. Copies of the state go whole."""
    struck = 0
    for path in _texts(folder):
        if not _holds(path, names):
            continue
        if path.suffix == ".db":
            path.unlink()
            continue
        struck += _strike(path, names)
    return struck


def _texts(folder: Path) -> Iterator[Path]:
    """Every file of the folder that is not a database in use."""
    running = {Path(f"{path}{end}") for path in (folder / LOG, _state()) for end in ("", "-wal", "-shm")}
    for path in sorted(folder.rglob("*")):
        if folder / COLUMNS in path.parents:
            continue  # erased people leave it by rows
        if path.is_file() and not path.is_symlink() and path.name not in OURS and path not in running:
            yield path


def _state() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _strike(path: Path, names: Names) -> int:
    beside, struck = path.with_name(path.name + ".new"), 0
    pattern = _bytes(names)
    with path.open("rb") as old, beside.open("wb") as new:
        for line in old:
            if pattern.search(line):
                struck += 1
            else:
                new.write(line)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(path)
    return struck


def settle() -> None:
    """Empty the state's write-ahead file: it holds the rows as they were."""
    collect.truncate(_checkpoint)


def gaps(folder: Path, names: Names | None) -> list[Path]:
    """The databases whose files still hold the person after their rows are gone."""
    settle()
    paths = [folder / LOG, *([_state()] if connection.vendor == "sqlite" else [])]
    return [path for path in paths if names is None or _in_use_holds(path, names)]


def write_anew(folder: Path, databases: Sequence[Path]) -> None:
    """Write these databases anew, without gaps. Raises Unavailable where somebody holds one of them."""
    try:
        if folder / LOG in databases:
            with contextlib.closing(collect.Emptying(folder)) as log:
                log.compact()
        if _state() in databases:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")
            settle()
    except (apsw.Error, OperationalError) as error:
        raise Unavailable(f"a database cannot be written anew now: {error}") from error


def _checkpoint() -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(cursor.fetchone()[0] == 0)


def _holds(path: Path, names: Names) -> bool:
    """Whether a file's bytes hold any of the texts, in any case."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file, contextlib.closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as bytes_:
        return _bytes(names).search(bytes_) is not None


def _in_use_holds(path: Path, names: Names) -> bool:
    """The same of a database that this process may have open. Its descriptor stays open: closing any would drop every
    lock that SQLite holds on the file for this process (POSIX), and others would write as if nobody read.
    """
    if not path.exists():
        return False
    pattern, tail, place = _bytes(names), b"", 0
    while part := os.pread(_descriptor(path), PART, place):
        if pattern.search(tail + part):
            return True
        tail, place = part[-OVERLAP:], place + len(part)
    return False


def _descriptor(path: Path) -> int:
    found = path.stat()
    inode = (found.st_dev, found.st_ino)
    if inode not in _descriptors:
        _descriptors[inode] = os.open(path, os.O_RDONLY)
    return _descriptors[inode]


def _bytes(names: Names) -> re.Pattern[bytes]:
    return re.compile(names.regex.pattern.encode(), re.IGNORECASE)


def remains(folder: Path, names: Names) -> list[str]:
    """Files under the folder, databases included, that still hold any of the texts."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(folder)) for path in paths if _holds(path, names)]
