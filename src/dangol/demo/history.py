"""The real history: invoices of UCI Online Retail, moved so that they end today, through the same import as any shop's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from dangol.base.clock import to_us
from dangol.base.instants import iso, parse_instant
from dangol.collect.files.steps import Place, import_file
from dangol.collect.log import Entry, Rejected
from dangol.demo.behaviour import Product
from dangol.demo.people import Person, person

EXTRACT = Path(__file__).parent / "data" / "online_retail_extract.parquet"
CURRENCY = "GBP"
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


def catalogue(most: int = 400) -> list[Product]:
    """What was on sale, the most bought first, at its usual price."""
    lines = pl.read_parquet(EXTRACT).filter((pl.col("UnitPrice") > 0.2) & (pl.col("UnitPrice") < 50))
    found = (
        lines.filter(pl.col("Quantity") > 0)
        .with_columns(pl.col("StockCode", "Description").cast(pl.String))
        .filter(pl.col("StockCode").str.contains(r"^\d{5}"))
        .group_by("StockCode")
        .agg(pl.len().alias("n"), pl.col("Description").first(), pl.col("UnitPrice").median().round(2))
        .sort(["n", "StockCode"], descending=[True, False])
        .head(most)
    )
    return [
        Product(row["StockCode"], row["Description"].strip().capitalize(), Decimal(str(row["UnitPrice"])))
        for row in found.iter_rows(named=True)
    ]


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


def people(bought: Sequence[Bought], seed: int) -> dict[str, Person]:
    """Who the customers are, always the same for a seed."""
    return {
        customer: person(customer, random.Random(f"{seed}:{customer}"))
        for customer in sorted({one.customer for one in bought})
    }


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


