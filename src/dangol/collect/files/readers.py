"""Opens a file, whatever it is, as tables of text that are read a piece at a time."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dangol.base.errors import Fault, Invalid
from dangol.collect.files import columnar, documents, text, weblog
from dangol.collect.files.text import Table

ALLOWED = "CSV, TSV, JSON, JSONL, Parquet, xlsx, gzip or zip of them, an access log, or a fixed-width log"
PIECE = 1 << 20
MOST = 16 << 30  # bytes that a packed file may unpack to: a bomb must not fill the disk
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOCKED = 0x1  # the flag of an encrypted member
NOT_DATA = ("__MACOSX/", ".DS_Store")


@dataclass(frozen=True, slots=True)
class Opened:
    """A table and the file the user named for it."""

    table: Table
    path: Path


@contextlib.contextmanager
def opened(path: Path) -> Iterator[list[Opened]]:
    """The tables of a file: one, or one for each data file of a zip. Raises Invalid where it is none we know."""
    if not path.is_file():
        raise Invalid([Fault(f"/{path.name}", "no file", ALLOWED)])
    with tempfile.TemporaryDirectory(prefix="dangol-import-") as folder:
        yield [Opened(table, path) for table in _tables(path, path.name, Path(folder))]


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(paths: Sequence[Path]) -> str:
    """One digest for the bytes of several files."""
    digests = [digest(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _tables(path: Path, name: str, folder: Path) -> Iterator[Table]:
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] == b"PK\x03\x04":
        if _is_workbook(path):
            yield columnar.workbook(path, name)
            return
        yield from _members(path, folder)
    elif head[:2] == b"\x1f\x8b":
        inside = folder / (Path(name).stem or "data")
        _unpack(path, inside)
        yield from _tables(inside, inside.name, folder)
    elif head[:8] == OLE:
        found = "a workbook that is locked with a password, or an old .xls"
        raise Invalid([Fault(f"/{name}", found, "xlsx without a password, or CSV")])
    elif head[:4] == b"PAR1":
        yield columnar.parquet(path, name)
    elif not head.strip():
        raise Invalid([Fault(f"/{name}", "an empty file", ALLOWED)])
    else:
        yield _plain_text(path, name)


def _plain_text(path: Path, name: str) -> Table:
    encoding = text.encoding_of(path)
    if encoding is None:
        raise Invalid([Fault(f"/{name}", "bytes that are no text", ALLOWED)])
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(4096).lstrip()
    if weblog.is_one(start.splitlines()[:-1] or start.splitlines()):
        return weblog.table(path, name, encoding)
    if documents.is_one(start):
        return documents.table(path, name, encoding)
    return text.delimited(path, name, encoding)


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return "[Content_Types].xml" in archive.namelist()


def _members(path: Path, folder: Path) -> Iterator[Table]:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith(NOT_DATA)]
        if not members:
            raise Invalid([Fault(f"/{path.name}", "an empty zip", ALLOWED)])
        for number, member in enumerate(members):
            inside = folder / f"{number}-{Path(member.filename).name}"  # never a path of the archive's choosing
            if member.flag_bits & LOCKED:
                raise Invalid([Fault(f"/{path.name}", "a zip that is locked with a password", "a zip without one")])
            with archive.open(member) as packed, inside.open("wb") as plain:
                _copy(packed, plain, path.name)
            yield from _tables(inside, Path(member.filename).name, folder)


def _unpack(path: Path, to: Path) -> None:
    try:
        with gzip.open(path) as packed, to.open("wb") as plain:
            _copy(packed, plain, path.name)
    except (OSError, EOFError) as error:
        raise Invalid([Fault(f"/{path.name}", f"a broken gzip: {error}", "a whole gzip file")]) from error


def _copy(packed: IO[bytes] | gzip.GzipFile, plain: IO[bytes], name: str) -> None:
    """A member unpacked, as long as it stays within what a disk can hold, whatever its header says."""
    size = 0
    while piece := packed.read(PIECE):
        size += len(piece)
        if size > MOST:
            raise Invalid([Fault(f"/{name}", f"more than {MOST >> 30} GB inside", f"at most {MOST >> 30} GB unpacked")])
        plain.write(piece)
