"""Text files: which encoding, which separator, whether the first line names the columns; rows as they are written."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.fields import REASON
from dangol.collect.files.values import all_times, amount

Rows = Iterator[tuple[Sequence[str], str | None]]  # cells, and why a row cannot be read

SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
PIECE = 1 << 20
WIDEST = 1_000  # columns
TITLES = 5  # lines at the top that may be a title
LONGEST_CELL = 1 << 24
_FORMULA = re.compile(
    r"'*[ \u00a0]*[=+\-@\t\r＝＋－＠]"
)  # what a spreadsheet takes for one, or would without its quote


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of text, read from the start each time rows() is called."""

    name: str
    format: str  # in words
    columns: tuple[str, ...]
    rows: Callable[[], Rows] = field(repr=False)
    headed: bool = True  # whether the file itself names its columns
    count: int | None = None  # rows, where the file says so


def encoding_of(path: Path) -> str | None:
    """UTF-8, UTF-16, CP949 or Windows-1252: the first that reads the whole file; None where nothing does."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if b"\0" in head:
        name = _wide(head)
        return name if name and _reads(path, name) else None
    return next((name for name in ("utf-8", "cp949", "cp1252") if _reads(path, name)), None)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Latin text is empty."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 5 < len(head):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _reads(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def delimited(path: Path, name: str, encoding: str) -> Table:
    """A file of separated values, or a log whose columns are parted by blanks."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding=encoding, newline="") as file:
        start = [line for line in islice(file, 200) if line.strip()]
    separator = _separator(start)
    above = _titles(start, separator)
    first = next(_split(iter(start[above:]), separator), [])
    if not 1 <= len(first) <= WIDEST:
        raise Invalid([Fault(f"/{name}", f"{len(first)} columns", f"1 to {WIDEST} columns")])
    headed = _is_header(first)
    first = [unguarded(cell) for cell in first] if first[0] == REASON else first
    columns = _named(first) if headed else tuple(f"column {n}" for n in range(1, len(first) + 1))

    def rows() -> Rows:
        with path.open(encoding=encoding, newline="") as file:
            yield from _cells(_below(file, above), name, separator, columns, headed)

    words = f"text in {encoding}, columns parted by {SEPARATORS.get(separator or '', 'blanks')}"
    return Table(name, words + ("" if headed else ", without column names"), columns, rows, headed)


def _titles(start: Sequence[str], separator: str | None) -> int:
    """Lines above the names of the columns that are no row of the table: a title, a notice."""
    if separator is None:
        return 0
    widths = [len(next(_split(iter([line]), separator), [])) for line in start[: TITLES + 1]]
    above = next((n for n, width in enumerate(widths) if width > 1), 0)
    return above if above <= TITLES and not any('"' in line for line in start[:above]) else 0


def _below(lines: Iterator[str], above: int) -> Iterator[str]:
    """The lines behind the first `above` that are not empty."""
    for line in lines:
        if above and line.strip():
            above -= 1
        elif not above:
            yield line


def _cells(lines: Iterator[str], name: str, separator: str | None, columns: Sequence[str], headed: bool) -> Rows:
    width, ours = len(columns), columns[0] == REASON
    split = _split(lines, separator)
    if headed:
        next(split)
    number = 0
    try:
        for number, row in enumerate(split, 1):  # noqa: B007 - told when reading fails
            if len(row) == width and not ours:
                yield row, None
            elif not row or row == [""]:
                continue
            else:
                cells = [unguarded(cell) for cell in row] if ours else row
                fault = f"{len(row)} columns; allowed: {width}" if len(row) > width else None
                yield [*cells[:width], *[""] * (width - len(row))], fault
    except csv.Error as error:
        raise Invalid([Fault(f"/{name}", f"behind row {number}: {error}", "separated values")]) from error


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; plain numbers stay what they are."""
    return "'" + cell if _FORMULA.match(cell) and amount(cell) is None else cell


def _split(lines: Iterator[str], separator: str | None) -> Iterator[list[str]]:
    if separator is None:
        return (line.split() for line in lines if line.strip())
    clean = (line.replace("\0", "\ufffd") if "\0" in line else line for line in lines)
    return csv.reader(clean, delimiter=separator)


def _separator(start: Sequence[str]) -> str | None:
    """The sign that parts most lines into the same number of columns; None: blanks do, or nothing does."""
    best, most = None, 0
    for sign in SEPARATORS:
        widths = [len(row) for row in csv.reader(iter(start), delimiter=sign) if row]
        widths = widths[next((n for n, width in enumerate(widths[:TITLES]) if width > 1), 0) :]
        usual = max(set(widths), key=widths.count, default=0)
        if usual > 1 and widths.count(usual) * 10 >= len(widths) * 8 and usual > most:
            best, most = sign, usual
    if best is not None:
        return best
    blanks = {len(line.split()) for line in start}
    return None if len(blanks) == 1 and blanks != {1} else ","


def _is_header(first: Sequence[str]) -> bool:
    """Names: no numbers, no times, no addresses, nothing twice."""
    given = [cell.strip() for cell in first if cell.strip()]
    if not given or len(set(given)) < len(given):
        return False
    return not any(amount(cell) is not None or "@" in cell or all_times([cell]) for cell in given)


def _named(first: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"column {n}" for n, cell in enumerate(first, 1))
