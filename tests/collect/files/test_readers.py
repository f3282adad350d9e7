"""Any file a shop can make reads as the same rows."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dangol.base.errors import Invalid
from dangol.collect.files import readers, text

COLUMNS = ("주문번호", "이름", "메모")
ROWS = [["1", "이안나", 'a "quoted"\nnote; with, signs'], ["2", "Zoë", ""]]


def read(path: Path) -> tuple[str, tuple[str, ...], list[list[str]]]:
    with readers.opened(path) as found:
        (one,) = found
        return one.table.format, one.table.columns, [list(cells) for cells, fault in one.table.rows() if not fault]


def as_text(separator: str, line: str = "\n") -> str:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in [list(COLUMNS), *ROWS]]
    return line.join(separator.join(row) for row in quoted) + line


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends_are_found(tmp_path: Path, separator: str, encoding: str, line: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(as_text(separator, line).encode(encoding))
    assert read(path)[1:] == (COLUMNS, ROWS)


def test_cp949_is_found(tmp_path: Path) -> None:
    path = tmp_path / "주문.csv"
    path.write_bytes("주문번호,이름\n1,이안나\n".encode("cp949"))
    assert read(path) == ("text in cp949, columns parted by commas", ("주문번호", "이름"), [["1", "이안나"]])


def test_pounds_of_a_western_export_are_read(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes("order,price\n1,£5\n2,caf\xe9 \n".encode("cp1252"))
    assert read(path)[2] == [["1", "£5"], ["2", "café "]]


def test_packed_files_read_as_what_is_in_them(tmp_path: Path) -> None:
    packed, zipped = tmp_path / "orders.csv.gz", tmp_path / "orders.zip"
    packed.write_bytes(gzip.compress(as_text(",").encode()))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("exports/../../orders.csv", as_text(";"))
        archive.writestr("__MACOSX/orders.csv", "rubbish")
    assert read(packed)[1:] == (COLUMNS, ROWS)
    assert read(zipped)[1:] == (COLUMNS, ROWS)
    assert not (tmp_path.parent / "orders.csv").exists(), "a path inside an archive leads nowhere"


def test_workbooks_parquet_and_json_lines_read_alike(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("orders")
    for row in (["id", "at", "price"], [17850.0, "2024-01-02", 2.5], [2, "2024-01-03", None]):
        sheet.append(row)
    book.save(tmp_path / "orders.xlsx")
    book.close()
    table = pa.table({"id": [17850.0, 2.0], "at": ["2024-01-02", "2024-01-03"], "price": [2.5, None]})
    pq.write_table(table, tmp_path / "orders.parquet")
    lines = '{"id": 17850, "at": "2024-01-02", "price": 2.5}\n\n{"at": "2024-01-03", "id": 2, "price": null}\n'
    (tmp_path / "orders.jsonl").write_text(lines)
    expected = [["17850", "2024-01-02", "2.5"], ["2", "2024-01-03", ""]]
    for name in ("orders.xlsx", "orders.parquet", "orders.jsonl"):
        assert read(tmp_path / name)[1:] == (("id", "at", "price"), expected), name


def test_a_log_without_names_is_parted_at_blanks(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(" 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n")
    words, columns, rows = read(path)
    assert "without column names" in words
    assert len(columns) == 5
    assert rows[0] == ["00004", "0001", "19970101", "2", "29.33"]


def test_a_row_too_long_is_named_and_one_too_short_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("a,b,c\n1,2\n1,2,3,4\n1,2,3\n")
    with readers.opened(path) as found:
        rows = list(found[0].table.rows())
    assert rows == [(["1", "2", ""], None), (["1", "2", "3"], "4 columns; allowed: 3"), (["1", "2", "3"], None)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b'[{"a": 1}]', "one JSON list"),
        (b"\x1f\x8bbroken", "a broken gzip"),
        (b"PAR1broken", "a broken Parquet"),
        (b"\x81\x00\x9d\x02\xff\x8f\x00\x01", "bytes that are no text"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=said), readers.opened(path):
        pass


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "\t=1", "＝1"])
def test_cells_that_a_spreadsheet_would_run_are_guarded_and_come_back_whole(cell: str) -> None:
    assert text.guarded(cell) == "'" + cell
    assert [text.guarded(plain) for plain in ("-3.50", "+4", "ann@example.com", "x=1")] == [
        "-3.50", "+4", "ann@example.com", "x=1",
    ]  # fmt: skip


def test_the_public_files_read_whole(test_data: Path) -> None:
    for name, rows, columns in (
        ("clickstream/clothing-2008.zip", 165_474, 14),
        ("reviews/womens_clothing_reviews.csv.zip", 23_486, 11),
        ("hillstrom/hillstrom.csv", 64_000, 12),
        ("cdnow/CDNOW_sample.txt", 6_919, 5),
    ):
        with readers.opened(test_data / name) as found:
            table = found[0].table
            assert len(table.columns) == columns, name
            assert sum(1 for _, fault in table.rows() if fault is None) == rows, name
