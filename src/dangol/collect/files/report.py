"""What an import found and did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from dangol.collect.files.fields import REASON
from dangol.collect.files.mapping import Mapped

Figure = int | Decimal
SHORT = 28  # characters of an example

WORDS = {  # what each figure counts, and the rule it came under
    "rows": "rows",
    "orders": "orders (distinct order ids)",
    "customers": "customers",
    "amount": "sum over all rows (quantity × price, else the row's total), repeats and returns included",
    "without_customer": "rows without a customer: left out, they belong to nobody's file",
    "cancellation_lines": "cancellation lines (order ids of C and a number): given back, as refunds",
    "cancellations": "cancelling orders",
    "repeated_rows": "exact repeats of a row within an order: taken once",
    "negative_prices": "negative prices: adjustments, left out",
    "zero_prices": "zero prices: kept in their orders, they add nothing",
    "orders_without_amount": "orders without an amount: kept, they count as orders of nothing",
    "cancelled_orders": "orders marked as cancelled",
    "unpaid_orders": "orders never paid: left out",
    "addresses": "addresses",
    "page_views": "page views of people",
    "visitors": "visitors (an address with an agent)",
    "sessions": "sessions (30 minutes without a page view end one)",
    "bot_views": "page views of crawlers and programs: marked, they belong to no customer",
    "static_files": "requests for static files: no page views",
    "not_answered": "requests answered with 400 or more: no page views",
    "elsewhere": "redirects and requests that fetch no page: no page views",
}


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: how it was read."""

    mapped: Mapped
    format: str
    rows: int
    rejected: int
    rejected_to: Path | None  # the file with the rejected rows, where one was written

    def as_json(self) -> dict[str, Any]:
        sample = self.mapped.sample
        return {
            "file": sample.name,
            "format": self.format,
            "read_as": self.mapped.role,
            "rows": self.rows,
            "mapping": [
                {
                    "column": sample.columns[place],
                    "field": name,
                    "because": self.mapped.why.get(name, ""),
                    "examples": self.mapped.examples(place),
                }
                for name, place in self.mapped.places.items()
            ],
            "mapping_name": self.mapped.known_as or None,
            "not_used": list(self._unused()),
            "rejected": self.rejected,
            "rejected_to": str(self.rejected_to) if self.rejected_to else None,
        }

    def _unused(self) -> Sequence[str]:
        used = set(self.mapped.places.values())
        return [column for n, column in enumerate(self.mapped.sample.columns) if n not in used]

    def table(self) -> list[str]:
        """How each column is read, what that rests on, and its first values."""
        sample, mapped = self.mapped.sample, self.mapped
        fields = {place: name for name, place in mapped.places.items()}
        rows = [("column", "is read as", "because of", "values")]
        for n, column in enumerate(sample.columns):
            name = fields.get(n, "")
            shown = " | ".join(_short(text) for text in mapped.examples(n)) or "(empty)"
            rows.append((column, name or self._otherwise(n), mapped.why.get(name, ""), shown))
        widths = [max(_width(row[n]) for row in rows) for n in range(3)]
        return ["  " + "  ".join(_padded(row[n], widths[n]) for n in range(3)) + "  " + row[3] for row in rows]

    def _otherwise(self, column: int) -> str:
        if column in self.mapped.left_out or self.mapped.sample.columns[column] == REASON:
            return "- left out"
        return {"customers": "- kept as a trait", "events": "- kept as a property"}.get(self.mapped.role, "- not used")

    def head(self) -> list[str]:
        """The file and its columns, before anything is done with it."""
        out = [f"{self.mapped.sample.name}: {self.rows:,} rows, read as {self.mapped.role} ({self.format})"]
        if self.mapped.known_as:
            out.append(f"  read by the mapping {self.mapped.known_as!r}, which knows these columns")
        return out + self.table()

    def rejected_words(self) -> str:
        return f"{self.rejected:,} rows rejected" + (f"; see {self.rejected_to}" if self.rejected_to else "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: Korean letters take two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


@dataclass(frozen=True, slots=True)
class Report:
    """The whole import."""

    kind: str
    files: Sequence[FileReport]
    figures: Mapping[str, Figure]
    facts: Mapping[str, int]  # name → facts that the files tell
    reasons: Mapping[str, int]  # why rows were rejected
    appended: int  # facts that were new to the log
    known: int  # facts that the log had already
    dry_run: bool
    notes: Sequence[str] = field(default=())

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "dry_run": self.dry_run,
            "files": [one.as_json() for one in self.files],
            "figures": {k: format(v, "f") if isinstance(v, Decimal) else v for k, v in self.figures.items()},
            "facts": dict(self.facts),
            "appended": self.appended,
            "known": self.known,
            "rejected": sum(one.rejected for one in self.files),
            "reasons": dict(self.reasons),
            "notes": list(self.notes),
        }

    def lines(self, *, told: bool = False) -> list[str]:
        """Plain sentences; `told`: how the files are read has been shown already."""
        out = [] if told else [line for one in self.files for line in one.head()]
        out += [f"{one.mapped.sample.name}: {one.rejected_words()}" for one in self.files if one.rejected]
        out += [
            f"{value:,} {_words(name)}" for name, value in self.figures.items() if value or name in {"rows", "orders"}
        ]
        out += [f"rejected because: {reason} ({count:,} rows)" for reason, count in self.reasons.items()]
        out += self.notes
        tells = ", ".join(f"{count:,} {name}" for name, count in self.facts.items()) or "no facts"
        if self.dry_run:
            out.append(f"This was a trial, nothing was written. The files tell {tells}.")
        else:
            known = f"; {self.known:,} were in the log already and were not added again" if self.known else ""
            out.append(f"The files tell {tells}: {self.appended:,} facts were added{known}.")
        return out


def _words(figure: str) -> str:
    return WORDS.get(figure) or f"answered with {figure.removeprefix('status_')}"
