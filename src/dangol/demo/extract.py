"""The real data beside this file: what was on sale, and whose orders they are. data/README.md says where it is from."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import polars as pl

from dangol.demo.behaviour import Product
from dangol.demo.people import Person, person

EXTRACT = Path(__file__).parent / "data" / "online_retail_extract.parquet"
CURRENCY = "GBP"


def catalogue(most: int = 400) -> list[Product]:
    """What was on sale, the most bought first, at its usual price."""
    lines = pl.read_parquet(EXTRACT).filter((pl.col("UnitPrice") > 0.2) & (pl.col("UnitPrice") < 50))
    found = (
        lines.filter(pl.col("Quantity") > 0)
        .with_columns(pl.col("StockCode", "Description").cast(pl.String))
        .filter(pl.col("StockCode").str.contains(r"^\d{5}"))
        .group_by("StockCode", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("Description").first(), pl.col("UnitPrice").median().round(2))
        .sort(["n", "StockCode"], descending=[True, False])
        .head(most)
    )
    return [
        Product(row["StockCode"], row["Description"].strip().capitalize(), Decimal(str(row["UnitPrice"])))
        for row in found.iter_rows(named=True)
    ]


def people(seed: int) -> dict[str, Person]:
    """Who the customers are, always the same for a seed."""
    numbers = pl.read_parquet(EXTRACT, columns=["CustomerID"])["CustomerID"].unique().sort()
    return {str(number): person(str(number), random.Random(f"{seed}:{number}")) for number in numbers}
