#!/usr/bin/env python3
"""Make the demo's order history from UCI Online Retail: scripts/make_demo_extract.py ONLINE_RETAIL.parquet

Takes every line of 400 customers, chosen by a stable hash of their number, as the data set has it; only the country is
left out. The result is src/dangol/demo/data/online_retail_extract.parquet.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import polars as pl

CUSTOMERS = 400
TARGET = Path(__file__).parent.parent / "src" / "dangol" / "demo" / "data" / "online_retail_extract.parquet"
COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]


def chosen(customers: list[int]) -> list[int]:
    return sorted(customers, key=lambda customer: sha256(f"demo:{customer}".encode()).digest())[:CUSTOMERS]


def main(source: str) -> None:
    lines = pl.read_parquet(source).filter(pl.col("CustomerID").is_not_null())
    lines = lines.with_columns(pl.col("CustomerID").cast(pl.Int64)).select(COLUMNS)
    kept = lines.filter(pl.col("CustomerID").is_in(chosen(lines["CustomerID"].unique().to_list())))
    compact = kept.sort("InvoiceDate", "InvoiceNo", maintain_order=True).with_columns(
        pl.col("InvoiceDate").str.to_datetime(),
        pl.col("InvoiceNo", "StockCode", "Description").cast(pl.Categorical),
        pl.col("Quantity").cast(pl.Int32),
    )
    compact.write_parquet(TARGET, compression="zstd", compression_level=22)
    invoices = kept["InvoiceNo"].n_unique()
    print(f"{TARGET}: {kept.height:,} lines, {invoices:,} invoices, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
