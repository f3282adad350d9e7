"""What an import found and did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from dangol.collect.files.mapping import Mapped

Figure = int | Decimal

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
                {"column": sample.columns[place], "field": name, "examples": self.mapped.examples(place)}
                for name, place in self.mapped.places.items()
            ],
            "not_used": list(self._unused()),
            "rejected": self.rejected,
            "rejected_to": str(self.rejected_to) if self.rejected_to else None,
        }

    def _unused(self) -> Sequence[str]:
        used = set(self.mapped.places.values())
        return [column for n, column in enumerate(self.mapped.sample.columns) if n not in used]

    def lines(self) -> list[str]:
        sample = self.mapped.sample
        out = [f"{sample.name}: {self.rows:,} rows, read as {self.mapped.role} ({self.format})"]
        out += [
            f"  {sample.columns[place]} = {name}  ({', '.join(text[:30] for text in self.mapped.examples(place))})"
            for name, place in self.mapped.places.items()
        ]
        if unused := self._unused():
            kept = {"customers": "kept as traits", "events": "kept as properties"}.get(self.mapped.role, "not used")
            out.append(f"  {kept}: {', '.join(unused)}")
        if self.rejected:
            where = f"; see {self.rejected_to}" if self.rejected_to else ""
            out.append(f"  {self.rejected:,} rows rejected{where}")
        return out


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

    def lines(self) -> list[str]:
        """Plain sentences."""
        out = [line for one in self.files for line in one.lines()]
        out += [
            f"{value:,} {WORDS[name]}" for name, value in self.figures.items() if value or name in {"rows", "orders"}
        ]
        out += [f"rejected because: {reason} ({count:,} rows)" for reason, count in self.reasons.items()]
        out += self.notes
        told = ", ".join(f"{count:,} {name}" for name, count in self.facts.items()) or "no facts"
        if self.dry_run:
            out.append(f"This was a trial, nothing was written. The files tell {told}.")
        else:
            known = f"; {self.known:,} were in the log already and were not added again" if self.known else ""
            out.append(f"The files tell {told}: {self.appended:,} facts were added{known}.")
        return out
