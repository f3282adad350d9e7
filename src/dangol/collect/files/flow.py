"""From staged rows to facts in the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import groupby, islice
from pathlib import Path

from django.conf import settings

from dangol.base.clock import to_us
from dangol.collect.files import events, lines, orders, people, products, reviews, values, visits
from dangol.collect.files.fields import REASON, ROLES
from dangol.collect.files.mapping import Mapped
from dangol.collect.files.report import Figure
from dangol.collect.files.shape import WHO, Told, Unusable
from dangol.collect.files.stage import Progress, Stage
from dangol.collect.log import Entry, Log

AT_ONCE = 2_000  # facts in one commit of the log, so that a running shop waits for none
SOON = timedelta(days=1)  # clocks and zones may differ by that much
REPEATS = 100_000  # identify facts whose ids are remembered, so that each customer's is handed over once
TIMES = ("time", "created_time", "updated_time", "consent_time", "cancelled_time")

Cells = Mapping[str, str]
Others = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the facts go, and the shop they belong to."""

    log: Log
    now: datetime
    zone: tzinfo
    currency: str
    rejects: Path  # the folder for rejected rows of files whose own folder cannot be written
    source: str = "import"
    beside: bool = True  # rejected rows go beside their file, where that can be


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decides about one import."""

    columns: Mapping[str, str] = field(default_factory=dict)  # column → field, or ignore
    use: str = ""  # a named mapping
    save: str = ""  # the name under which to keep this one
    channel: str = ""  # of orders whose row names none: store, phone …
    consent_source: str = ""  # of a marketing list: where and with which words the people said yes
    whole_addresses: bool = False  # of access logs; otherwise only the network is kept


@dataclass(slots=True)
class Flow:
    """One import under way."""

    stage: Stage
    files: Sequence[tuple[int, Mapped]]
    place: Place
    dry_run: bool
    progress: Progress
    choices: Choices
    tally: orders.Tally = field(default_factory=orders.Tally)
    visits: visits.Tally = field(default_factory=visits.Tally)
    customers: int | None = None
    facts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    appended: int = 0
    known: int = 0
    _waiting: list[Entry] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def run(self) -> None:
        fields = lines.make_views(self.stage, self.files)
        if "customers" in fields:
            self._customers()
        if "orders" in fields:
            lines.reject_orphans(self.stage, fields)
            self._orders(lines.order_lines(fields))
        if "reviews" in fields:
            self._reviews(lines.review_lines(fields))
        if set(fields) == {"products"}:
            self._products(lines.product_lines(fields))
        if "events" in fields:
            self._events()
        if "visits" in fields:
            self._visits(lines.visit_lines(fields))
        self._flush()

    def figures(self) -> dict[str, Figure]:
        """What was counted on the way."""
        rows = sum(self.stage.count(index) for index, _ in self.files)
        if self.visits.statuses:
            return {"rows": rows, **self.visits.figures()}
        if not self.tally.rows:
            return {"rows": rows}
        found: dict[str, Figure] = {"rows": rows, "orders": self.tally.orders, "customers": self.customers or 0}
        return {**found, **{k: v for k, v in asdict(self.tally).items() if k not in found}}

    # --- by kind

    def _orders(self, of: lines.Lines) -> None:
        terms = orders.Terms(
            self._read_times("orders"),
            self._latest,
            self.place.currency,
            self._told_by,
            self.choices.channel,
            self.choices.consent_source,
        )
        self.customers = self._customers_in(of)
        total, done = int(self.stage.value(f"SELECT count(*) FROM ({of.sql})")), 0  # noqa: S608 - our own query
        spoilt = lines.spoilt_orders(self.stage, self.files)
        for key, group in groupby(self._lines(of), key=lambda one: one[0]):
            rows = [line for _, line in islice(group, orders.MOST_LINES)]
            for _, line in group:
                reason = f"more than {orders.MOST_LINES:,} lines in the order {key!r}: is order_id the right column?"
                self.stage.reject(line.table, line.row, reason)
            found = orders.outcome(key, rows, terms, self.tally)
            if key in spoilt:
                found = orders.Outcome(rejected=[(line, orders.SPOILT) for line in rows])
            self._take(found.told)
            for line, reason in found.rejected:
                self.stage.reject(line.table, line.row, reason)
            done += len(rows)
            self.progress("orders", done, total)

    def _lines(self, of: lines.Lines) -> Iterator[tuple[str, orders.Line]]:
        for table, row, digest, key, *cells in self.stage.stream(of.sql):
            yield key or "", orders.Line(table, row, digest, dict(zip(of.names, cells, strict=True)))

    def _customers_in(self, of: lines.Lines) -> int:
        given = ", ".join(f"nullif(trim(\"{name}\"), '')" for name in WHO if name in of.names)
        who = f"regexp_replace(coalesce({given}), '\\.0+$', '')"
        return int(self.stage.value(f"SELECT count(DISTINCT {who}) FROM ({of.sql})"))  # noqa: S608 - our own query

    def _customers(self) -> None:
        read = self._read_times("customers")
        terms = people.Terms(read, self.place.now, self._latest, self._told_by, self.choices.consent_source)
        self._each("customers", lambda cells, others: people.facts(cells, others, terms))

    def _events(self) -> None:
        read = self._read_times("events")["time"]
        self._each("events", lambda cells, others: [events.fact(cells, others, read, self._latest)])

    def _reviews(self, of: lines.Lines) -> None:
        read = self._read_times("reviews")["time"]
        total = int(self.stage.value("SELECT count(*) FROM reviews"))
        for done, (table, row, _, _, *cells) in enumerate(self.stage.stream(of.sql), 1):
            known = dict(zip(of.names, cells, strict=True))
            self._try(table, row, partial(lambda c: [reviews.fact(c, read, self._latest)], known))
            self.progress("reviews", done, total)

    def _products(self, of: lines.Lines) -> None:
        read = self._read_times("products")["updated_time"]
        terms = products.Terms(read, self.place.now, self._latest, self.place.currency)
        done, total = 0, int(self.stage.value("SELECT count(*) FROM products"))
        for _, group in groupby(self._lines(of), key=lambda one: one[0]):
            rows = [line for _, line in group]
            try:
                self._take([products.fact([line.cells for line in rows], terms)])
            except Unusable as error:
                for line in rows:
                    self.stage.reject(line.table, line.row, str(error))
            done += len(rows)
            self.progress("products", done, total)

    def _visits(self, of: lines.Lines) -> None:
        terms = visits.Terms(self._read_times("visits")["time"], self._latest, self.choices.whole_addresses)
        self.visits.addresses = int(self.stage.value('SELECT count(DISTINCT "address") FROM visits'))
        sessions = visits.Sessions(settings.DANGOL.secret, self.visits)
        total = int(self.stage.value("SELECT count(*) FROM visits"))
        for done, (table, row, _, nth, *cells) in enumerate(self.stage.stream(of.sql), 1):
            known = dict(zip(of.names, cells, strict=True))
            self._try(table, row, partial(lambda c, n: visits.fact(c, n, terms, sessions), known, nth))
            self.progress("requests", done, total)

    def _each(self, role: str, tell: Callable[[Cells, Others], list[Told]]) -> None:
        """Row by row over the files of a role; the columns that are no field come along under their names."""
        for index, one in self.files:
            if one.role != role:
                continue
            columns = one.sample.columns
            used = {*one.places.values(), *one.left_out, *(n for n, column in enumerate(columns) if column == REASON)}
            rest = [(n, column) for n, column in enumerate(columns) if n not in used]
            total = self.stage.count(index)
            for done, (row, *cells) in enumerate(self.stage.rows(index), 1):
                known = {name: cells[place] for name, place in one.places.items()}
                others = [(column, cells[n]) for n, column in rest if cells[n]]
                self._try(index, row, partial(tell, known, others))
                self.progress(f"{role} of {one.sample.name}", done, total)

    # --- what they share

    def _try(self, table: int, row: int, tell: Callable[[], list[Told]]) -> None:
        try:
            told = tell()
        except Unusable as error:
            self.stage.reject(table, row, str(error))
        else:
            self._take(told)

    def _take(self, told: Sequence[Told]) -> None:
        for one in told:
            if one.name == "identify":
                if one.message_id in self._seen:
                    continue
                if len(self._seen) >= REPEATS:
                    self._seen.clear()
                self._seen.add(one.message_id)
            self.facts[one.name] += 1
            entry = Entry(self.place.source, one.message_id, to_us(self.place.now), one.body, imported=True)
            self._waiting.append(entry)
        if len(self._waiting) >= AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._waiting and not self.dry_run:
            fresh = sum(position is not None for position in self.place.log.append(self._waiting))
            self.appended += fresh
            self.known += len(self._waiting) - fresh
        self._waiting = []

    @property
    def _latest(self) -> datetime:
        return self.place.now + SOON

    @property
    def _told_by(self) -> dict[str, str]:
        """Field → the file and column that tell it, for evidence."""
        return {
            name: f"{one.sample.name}, column {one.sample.columns[place]}"
            for _, one in reversed(self.files)
            for name, place in one.places.items()
        }

    def _read_times(self, role: str) -> dict[str, values.Reader]:
        """A reader for each field of times, told by the whole column how 3/4/2024 is meant."""
        out = {}
        for name in TIMES:
            if name in ROLES[role]:
                out[name] = values.time_reader(self.place.zone, self._day_first(name))
        return out

    def _day_first(self, name: str) -> bool:
        """Whether the day stands first: some value above 12 says so; else the shop's place does, and the report."""
        first, second, found = 0, 0, ""
        for index, one in self.files:
            if name in one.places:
                a, b, example = self.stage.slashed(index, one.places[name])
                first, second, found = max(first, a), max(second, b), found or example
        told = values.day_first(first, second)
        if told is not None or not found:
            return bool(told)
        day = not str(self.place.zone).startswith(("America/", "US/"))
        order = "day, month, year" if day else "month, day, year"
        self.notes.append(f"times such as {found} were read as {order}: no value of the column says which it is")
        return day
