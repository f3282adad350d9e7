"""The real history: invoices moved so that they end today, read by the same import as any shop's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from dangol.base.clock import to_us
from dangol.base.instants import iso, parse_instant
from dangol.collect.files.steps import Place, import_file
from dangol.collect.log import Entry, Rejected
from dangol.demo.extract import CURRENCY, EXTRACT
from dangol.demo.people import Person

MOST_LINES_SHOWN = 6  # products of an order that a live fact names


@dataclass(slots=True)
class Kept:
    """A log that keeps what an import tells, so that it can be dealt out over time."""

    entries: list[Entry] = field(default_factory=list)

    def append(self, entries: Sequence[Entry], rejected: Sequence[Rejected] = ()) -> list[int | None]:
        self.entries += entries
        return list(range(len(self.entries) - len(entries) + 1, len(self.entries) + 1))

    def read(self, after: int, limit: int) -> list[Entry]:
        return self.entries[after : after + limit]

    def end(self) -> int:
        return len(self.entries)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One order or refund of the real history, at its moved time."""

    at: datetime
    customer: str
    entry: Entry
    event: Mapping[str, Any]


def read(folder: Path, now: datetime, zone: ZoneInfo, customers: int | None = None) -> list[Bought]:
    """Every order and refund, the oldest first. `customers`: only those of so many, for a smaller shop."""
    lines = pl.read_parquet(EXTRACT).with_columns(pl.col("InvoiceNo", "StockCode", "Description").cast(pl.String))
    if customers is not None:
        lines = lines.filter(pl.col("CustomerID").is_in(sorted(lines["CustomerID"].unique().to_list())[:customers]))
    shift = _shift(lines, now, zone)
    path = folder / EXTRACT.name
    lines.with_columns(pl.col("InvoiceDate") + shift).write_parquet(path)
    kept = Kept()
    import_file(path, "orders", Place(kept, now, zone, CURRENCY, rejects=folder))
    return sorted((_bought(entry) for entry in kept.entries), key=lambda one: (one.at, one.entry.message_id))


def _shift(lines: pl.DataFrame, now: datetime, zone: ZoneInfo) -> timedelta:
    """Whole days, so that the last invoice falls on today, or on yesterday where its hour is yet to come."""
    local = now.astimezone(zone).replace(tzinfo=None)
    last: datetime = lines["InvoiceDate"].max()  # type: ignore[assignment]
    days = timedelta(days=(local.date() - last.date()).days)
    return days if last + days <= local else days - timedelta(days=1)


def _bought(entry: Entry) -> Bought:
    event = msgspec.json.decode(entry.body)
    at = parse_instant(event["timestamp"])
    assert at is not None, "the import wrote it"  # noqa: S101
    return Bought(at, event["userId"], entry, event)


def customers_file(folder: Path, known: Sequence[Person], since: Mapping[str, datetime]) -> Path:
    """An export of customers as a shop would have it, for the import."""
    path = folder / "customers.csv"
    pl.DataFrame(
        {
            "customer_id": [p.user_id for p in known],
            "first_name": [p.first_name for p in known],
            "last_name": [p.last_name for p in known],
            "email": [p.email for p in known],
            "language": [p.language for p in known],
            "accepts_marketing": ["" if p.agrees is None else "yes" if p.agrees else "no" for p in known],
            "created_at": [iso(since[p.user_id]) for p in known],
        }
    ).write_csv(path)
    return path


def imported(one: Bought, received_at: datetime) -> Entry:
    """A bought thing as history: it changes who is in which segment and starts nothing."""
    return Entry("import", one.entry.message_id, to_us(received_at), one.entry.body, imported=True)


def as_reported(one: Bought) -> dict[str, Any]:
    """A real order or refund as a site would report it."""
    told = dict(one.event["properties"])
    told["products"] = told.get("products", [])[:MOST_LINES_SHOWN]
    return told
