"""Access logs of web servers (Common and Combined Log Format, with or without the virtual host in front) as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dangol.base.instants import iso
from dangol.collect.files.text import Rows, Table

COLUMNS = ("address", "time", "method", "path", "status", "bytes", "referrer", "agent", "line")
CLOCK = "%d/%b/%Y:%H:%M:%S %z"
SHOWN = 300  # characters of a line that cannot be read

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    r"(?:\S+:\d+ )?(\S+) \S+ (?:\S+|[^\[]*) \[([^\]]{1,40})\] "
    + _QUOTED
    + r" (\d{3}) (\d+|-)(?: "
    + _QUOTED
    + " "
    + _QUOTED
    + r"(?: .*)?)?\s*"
)
_OPEN = re.compile(r"\S+ \S+ \S+ \[[^\]]{1,40}\] \"")


def is_one(start: Sequence[str]) -> bool:
    """Whether most of a file's first lines are an access log's."""
    return bool(start) and sum(_LINE.fullmatch(line) is not None for line in start) * 2 > len(start)


def table(path: Path, name: str, encoding: str) -> Table:
    """Every request with its line's number; a line that is none says where it stands and what is wrong with it."""

    def rows() -> Rows:
        with path.open(encoding=encoding, errors="replace", newline="\n") as file:
            yield from _rows(file)

    return Table(name, f"access log in {encoding}", COLUMNS, rows)


def _rows(lines: Iterator[str]) -> Rows:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        cells = _cells(line)
        if cells is not None:
            yield [*cells, str(number)], None
        else:
            yield ["", "", "", line.strip()[:SHOWN], "", "", "", "", str(number)], _fault(line, number)


def _cells(line: str) -> list[str] | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    address, time, request, status, size, referrer, agent = match.groups(default="")
    try:
        at = datetime.strptime(time, CLOCK).astimezone(UTC)
    except ValueError:
        return None
    method, _, rest = request.partition(" ")
    path = rest.rpartition(" HTTP/")[0] or rest
    given = [method, path, status, size, referrer, agent]
    return [address, iso(at), *("" if text == "-" else text for text in given)]


def _fault(line: str, number: int) -> str:
    if _OPEN.match(line) and line.count('"') % 2:
        return f"line {number:,}: a quotation mark is opened and never closed; allowed: a whole line of an access log"
    return f"line {number:,}: no line of an access log; allowed: Common or Combined Log Format"
