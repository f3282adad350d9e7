"""JSON: objects in lines or one document of them; an order with its lines inside becomes a row for each line.

Objects inside an object are read one level deep (`billing email`); the lines of Shopify's and WooCommerce's orders
become rows with the order's own columns on each, as their CSV exports are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from dangol.base.errors import Fault, Invalid
from dangol.base.money import parse_amount
from dangol.collect.files.columnar import text_of
from dangol.collect.files.text import WIDEST, Rows, Table

LARGEST = 32 << 20  # bytes of one document, which has to be in memory whole
WHOLE = ("properties", "traits", "context", "integrations")  # of an event: one column each
LINES = ("line_items", "lineItems")
LINE = "lineitem"


def is_one(start: str) -> bool:
    """Whether a text begins as objects do."""
    start = start.lstrip()
    return start[:1] == "{" or (start[:1] == "[" and start[1:].lstrip()[:1] in {"{", "]"})


def table(path: Path, name: str, encoding: str) -> Table:
    """Its columns are the keys that occur anywhere in it. Raises Invalid."""
    columns: dict[str, None] = {}
    count, document = 0, _is_document(path, encoding)

    def objects() -> Iterator[Any]:
        return _of_document(path, name, encoding) if document else map(_decoded, _lines(path, encoding))

    for value in objects():
        for row in _flat(value):
            count += 1
            columns |= dict.fromkeys(row)
        if len(columns) > WIDEST:
            raise Invalid([Fault(f"/{name}", f"more than {WIDEST} different keys", f"at most {WIDEST}")])
    names = tuple(columns)
    if not names:
        raise Invalid([Fault(f"/{name}", "no JSON object in it", "JSON objects, one in each line or in one list")])

    def rows() -> Rows:
        for value in objects():
            if not isinstance(value, dict):
                yield [text_of(value)[:1000], *[""] * (len(names) - 1)], "no JSON object in this line"
            for row in _flat(value):
                yield [text_of(row.get(key)) for key in names], None

    return Table(name, "JSON" if document else "JSON lines", names, rows, count=count)


def _is_document(path: Path, encoding: str) -> bool:
    """One document rather than objects in lines: a list, an object written over several lines, or one around a list."""
    with path.open(encoding=encoding) as file:
        first = next((line for line in iter(lambda: file.readline(LARGEST), "") if line.strip()), "").lstrip()
        more = any(line.strip() for line in iter(lambda: file.readline(1 << 16), ""))
    if first[:1] == "[":
        return True
    value = _decoded(first)
    return isinstance(value, _Broken) if more else _inside(value) is not value


def _of_document(path: Path, name: str, encoding: str) -> Iterator[Any]:
    if path.stat().st_size > LARGEST:
        found = f"one JSON document of {path.stat().st_size >> 20} MB"
        allowed = f"at most {LARGEST >> 20} MB, or JSONL: one object in each line"
        raise Invalid([Fault(f"/{name}", found, allowed)])
    value = _decoded(path.read_text(encoding=encoding))
    if isinstance(value, _Broken):
        raise Invalid([Fault(f"/{name}", "JSON that cannot be read", "JSONL, or one whole JSON document")])
    inside = _inside(value)
    yield from inside if isinstance(inside, list) else [inside]


def _inside(value: Any) -> Any:
    """What an envelope such as {"orders": […]} or {"order": {…}} holds; anything else is itself."""
    if isinstance(value, dict) and len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, dict) or (isinstance(inner, list) and inner and all(isinstance(v, dict) for v in inner)):
            return inner
    return value


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding) as file:
        yield from (line for line in file if line.strip())


class _Broken(str):
    """A text that is no JSON."""

    __slots__ = ()


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _Broken(text)


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    """The rows of one object: itself, or one for each of its lines. What is no object has none."""
    if not isinstance(value, dict):
        return
    lines = next((value[key] for key in LINES if isinstance(value.get(key), list)), None)
    if lines is None:
        yield _level(value)
        return
    order = _level({k: v for k, v in value.items() if k not in {*LINES, "refunds"}})
    if (refunded := _refunded(value.get("refunds"))) is not None:
        order["refunded_amount"] = refunded
    for line in [line for line in lines if isinstance(line, dict)] or [{}]:
        yield order | {f"{LINE} {key}": inner for key, inner in line.items()}


def _level(value: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner and key not in WHOLE:
            row |= {f"{key} {name}": deeper for name, deeper in inner.items()}
        else:
            row[key] = inner
    return row


def _refunded(refunds: Any) -> Decimal | None:
    """What was given back in all: WooCommerce writes a total, Shopify the transactions."""
    amounts: list[Decimal] = []
    for refund in refunds if isinstance(refunds, Sequence) and not isinstance(refunds, str) else []:
        if isinstance(refund, dict):
            paid = [one for one in refund.get("transactions") or [] if isinstance(one, dict)]
            told = [refund.get("total"), *(one.get("amount") for one in paid if one.get("kind") == "refund")]
            amounts += [abs(amount) for text in told if (amount := parse_amount(text)) is not None]
    return sum(amounts, Decimal(0)) if amounts else None
