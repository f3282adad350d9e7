"""Any file a shop can make reads as the same rows."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dangol.base.errors import Invalid
from dangol.collect.files import documents, readers, text

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
        (b'[{"a": 1}', "JSON that cannot be read"),
        (b"[]", "no JSON object"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "locked with a password, or an old .xls"),
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


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "\t=1", "＝1", " =1", "'=1", "''+x"])
def test_cells_that_a_spreadsheet_would_run_are_guarded_and_come_back_whole(cell: str) -> None:
    assert text.guarded(cell) == "'" + cell
    assert text.unguarded(text.guarded(cell)) == cell
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


NESTED = {
    "id": 7, "name": "#1001", "created_at": "2026-05-01T10:00:00+09:00", "total_price": "35.00",
    "customer": {"id": 9, "email": "ann@example.com"},
    "line_items": [{"id": 1, "sku": "C-1", "price": "10.00", "quantity": 1}, {"id": 2, "sku": "B-1", "quantity": 2}],
    "refunds": [{"transactions": [{"kind": "refund", "amount": "5.00"}, {"kind": "sale", "amount": "35.00"}]}],
}  # fmt: skip


@pytest.mark.parametrize("shape", ["lines", "list", "envelope", "one", "pretty"])
def test_orders_in_json_are_read_line_by_line(tmp_path: Path, shape: str) -> None:
    plain = json.dumps(NESTED)
    text = {
        "lines": f"{plain}\n\n{plain}\n", "list": f" [{plain},\n{plain}]",
        "envelope": f'{{"orders": [{plain}, {plain}]}}',
        "one": f'{{"order": {plain}}}', "pretty": json.dumps(NESTED, indent=2),
    }[shape]  # fmt: skip
    path = tmp_path / "orders.json"
    path.write_text(text)
    _, columns, rows = read(path)
    times = 1 if shape in {"one", "pretty"} else 2
    assert columns == (
        "id", "name", "created_at", "total_price", "customer id", "customer email", "refunded_amount", "lineitem id",
        "lineitem sku", "lineitem price", "lineitem quantity",
    )  # fmt: skip
    assert [row[7:] for row in rows] == [["1", "C-1", "10.00", "1"], ["2", "B-1", "", "2"]] * times
    assert {tuple(row[:7]) for row in rows} == {
        ("7", "#1001", "2026-05-01T10:00:00+09:00", "35.00", "9", "ann@example.com", "5.00")
    }


def test_a_document_too_large_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 1 << 20)
    path = tmp_path / "orders.json"
    path.write_text("[" + ",".join(['{"a": "' + "x" * 1000 + '"}'] * 1100) + "]")
    with pytest.raises(Invalid, match="JSONL: one object in each line"), readers.opened(path):
        pass


def test_a_title_above_the_names_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("주문 목록 2026-11\n\n내려받은 날 2026-11-24\norder,who\n1,ann\n2,bo\n")
    assert read(path)[1:] == (("order", "who"), [["1", "ann"], ["2", "bo"]])
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["다운로드 받은 파일의 개인정보는 암호화하여 보관하세요."],
        [],
        ["주문번호", "구매자명"],
        ["1", "안나"],
    ):
        sheet.append(row)
    book.save(tmp_path / "smartstore.xlsx")
    book.close()
    assert read(tmp_path / "smartstore.xlsx")[1:] == (("주문번호", "구매자명"), [["1", "안나"]])


def test_a_zip_holds_several_tables(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", "order_id,customer_id\n1,ann\n")
        archive.writestr("lines/items.tsv", "order_id\tprice\n1\t5\n")
        archive.writestr("more.jsonl", '{"order_id": 1}\n')
    with readers.opened(path) as found:
        assert [(one.table.name, one.table.columns) for one in found] == [
            ("orders.csv", ("order_id", "customer_id")), ("items.tsv", ("order_id", "price")),
            ("more.jsonl", ("order_id",)),
        ]  # fmt: skip


def test_a_bomb_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST", 1 << 20)
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" * 1_000_000))
    with pytest.raises(Invalid, match="inside; allowed: at most"), readers.opened(path):
        pass
