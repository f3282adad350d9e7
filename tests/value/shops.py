"""The public data sets as shops: who bought on which days, and a young shop cut out of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from dangol.value.bgnbd import Counts

Days = NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """One row for each day on which a customer bought, by customer and day; days count from the first of all."""

    name: str
    customer: Days  # numbered from 0
    day: Days

    def at(self, day: int, who: Days) -> Counts:
        """These customers as they stood at the end of a day."""
        x, last, age = [], [], []
        for one in who:
            days = self.days_of(one)
            days = days[days <= day]
            x.append(len(days) - 1)
            last.append(days[-1] - days[0])
            age.append(day - days[0])
        return Counts.of(x, last, age)

    def bought(self, who: Days, after: int, until: int) -> Days:
        """On how many of these days each of them bought."""
        found = [self.days_of(one) for one in who]
        return np.array([((days > after) & (days <= until)).sum() for days in found])

    def days_of(self, customer: int) -> Days:
        begin, end = np.searchsorted(self.customer, [customer, customer + 1])
        return self.day[begin:end]

    def known_by(self, day: int) -> Days:
        firsts = self.day[np.searchsorted(self.customer, np.arange(self.customer[-1] + 1))]
        return np.nonzero(firsts <= day)[0]


QUERIES = {
    "cdnow": """SELECT DISTINCT substr(line, 8, 4) AS who, strptime(substr(line, 13, 8), '%Y%m%d')::DATE AS day
        FROM (SELECT column0 AS line FROM read_csv('{folder}/cdnow/CDNOW_sample.txt', header = false,
        delim = '\\0', columns = {{'column0': 'VARCHAR'}}))""",
    "online retail": """SELECT DISTINCT CustomerID::BIGINT AS who, InvoiceDate::TIMESTAMP::DATE AS day
        FROM '{folder}/online_retail/online_retail.parquet'
        WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0 AND CustomerID = CustomerID""",
    "grocer": """SELECT DISTINCT household_id AS who, transaction_timestamp::DATE AS day
        FROM '{folder}/completejourney/transactions_*.parquet'""",
}


def load(folder: Path, name: str) -> Shop:
    rows = duckdb.sql(QUERIES[name].format(folder=folder)).fetchall()
    rows = [row for row in rows if row[0] not in (None, "")]
    first = min(day for _, day in rows)
    numbers = {who: number for number, who in enumerate(sorted({who for who, _ in rows}))}
    placed = sorted((numbers[who], (day - first).days) for who, day in rows)
    return Shop(name, np.array([who for who, _ in placed]), np.array([day for _, day in placed]))
