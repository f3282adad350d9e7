"""Which column is which field: guessed from names, then from values; any guess can be overridden. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dangol.base.errors import Fault, Invalid
from dangol.collect.files import values
from dangol.collect.files.fields import IGNORE, PECULIAR, REASON, ROLES, names_of, plain

EXAMPLES = 3
_DAY = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIMES = {"time", "created_time", "updated_time", "consent_time", "cancelled_time"}
_AMOUNTS = {"price", "total", "revenue", "line_total", "quantity", "score", "refunded"}


@dataclass(frozen=True, slots=True)
class Sample:
    """A file's columns with their first values."""

    name: str  # of the file
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    headed: bool = True  # whether the first line named the columns

    def values(self, column: int) -> list[str]:
        return [row[column] for row in self.rows if row[column].strip()]


@dataclass(frozen=True, slots=True)
class Mapped:
    """How one file is read."""

    role: str  # orders, items, customers, products, reviews, events
    places: Mapping[str, int]  # field → column
    sample: Sample = field(repr=False)

    def named(self) -> dict[str, str]:
        """Column → field, for people."""
        return {self.sample.columns[place]: name for name, place in self.places.items()}

    def examples(self, column: int) -> list[str]:
        return list(dict.fromkeys(self.sample.values(column)))[:EXAMPLES]


def mapped(sample: Sample, role: str, overrides: Mapping[str, str]) -> Mapped:
    """The mapping of one file in a role. Raises Invalid for an override that names no field of it."""
    own = {column: name for column, name in overrides.items() if column in sample.columns}
    allowed = [*ROLES[role], IGNORE]
    faults = [
        Fault(f"/{sample.name}/{column}", f"the field {name!r}", ", ".join(allowed))
        for column, name in own.items()
        if name not in allowed
    ]
    if faults:
        raise Invalid(faults)
    taken = {sample.columns.index(column): name for column, name in own.items()}
    places = {name: place for place, name in taken.items() if name != IGNORE}
    free = [n for n, column in enumerate(sample.columns) if n not in taken and plain(column) != plain(REASON)]
    guess = _by_name(sample, role, free, set(places))
    places |= guess
    free = [n for n in free if n not in guess.values()]
    places |= _by_value(sample, role, free, places)
    return Mapped(role, {name: places[name] for name in ROLES[role] if name in places}, sample)


def _by_name(sample: Sample, role: str, free: Sequence[int], have: set[str]) -> dict[str, int]:
    plains = [plain(column) for column in sample.columns]
    found: dict[str, int] = {}
    for proof, column, name in PECULIAR.get(role, ()):
        if proof in plains and column in plains and name not in have:
            place = plains.index(column)
            free = [n for n in free if n != place] if place in free else free
            if name != IGNORE:
                found[name] = place
    for name, aliases in names_of(role).items():
        if name in have or name in found:
            continue
        fitting = [(aliases.index(plains[n]), n) for n in free if plains[n] in aliases and _fits(sample, n, name)]
        if fitting:
            found[name] = min(fitting)[1]
            free = [n for n in free if n != found[name]]
    return found


def _fits(sample: Sample, column: int, name: str) -> bool:
    """Whether the first values can be what the column's name says: a `date` of words is no time."""
    given = sample.values(column)[:50]
    if not given:
        return True
    if name in _TIMES:
        return values.all_times(given[:10]) or _mostly([values.all_times([text]) for text in given])
    if name in _AMOUNTS:
        return _mostly([values.amount(text) is not None for text in given])
    if name == "email":
        return _mostly(["@" in text for text in given])
    return True


def _mostly(verdicts: Sequence[bool]) -> bool:
    return sum(verdicts) * 2 > len(verdicts)


def _by_value(sample: Sample, role: str, free: Sequence[int], have: Mapping[str, int]) -> dict[str, int]:
    """What the names left open: an address, a time; in a file without names also ids, quantities and amounts."""
    found: dict[str, int] = {}
    fields = ROLES[role]
    for n in free:
        given = sample.values(n)[:50]
        if not given:
            continue
        if "email" in fields and not {"email"} & {*have, *found} and all("@" in text for text in given):
            found["email"] = n
        elif "time" in fields and not {"time"} & {*have, *found} and _looks_timed(given):
            found["time"] = n
    if not sample.headed and role == "orders":
        found |= _unnamed_orders(sample, [n for n in free if n not in found.values()], {**have, **found})
    return found


def _looks_timed(given: Sequence[str]) -> bool:
    if all(values.amount(text) is not None for text in given):
        return all(_DAY.fullmatch(text.strip()) for text in given)
    return values.all_times(given)


def _unnamed_orders(sample: Sample, free: Sequence[int], have: Mapping[str, int]) -> dict[str, int]:
    """A log such as `00004 0001 19970101 2 29.33`: whose first, then when, how many, how much."""
    numbers = {n: [values.amount(text) for text in sample.values(n)] for n in free}
    money = [n for n, given in numbers.items() if given and all(a is not None for a in given) and _decimals(sample, n)]
    found: dict[str, int] = {}
    if money and not {"total", "price", "revenue", "line_total"} & set(have):
        found["total"] = money[-1]
    rest = [n for n in free if n not in found.values()]
    if rest and "customer_id" not in have:
        found["customer_id"] = rest[0]
        rest = rest[1:]
    after = [n for n in rest if n > have.get("time", -1) and all(a and a == int(a) < 1_000 for a in numbers[n])]
    if after and "quantity" not in have:
        found["quantity"] = after[0]
    return found


def _decimals(sample: Sample, column: int) -> bool:
    return any("." in text for text in sample.values(column))


# --- roles and what they must have ------------------------------------------------------------------------------------

WHO = ("customer_id", "person_id", "email", "phone")
MONEY = ("price", "line_total", "total", "revenue")


def has_any(places: Mapping[str, int], names: Sequence[str]) -> bool:
    return any(name in places for name in names)


def role_of(sample: Sample, overrides: Mapping[str, str]) -> str | None:
    """What a file holds among several that are imported together; None where its columns do not say."""

    def places(role: str) -> Mapping[str, int]:
        known = {c: f for c, f in overrides.items() if c in sample.columns and (f in ROLES[role] or f == IGNORE)}
        return mapped(sample, role, known).places

    orders, reviews = places("orders"), places("reviews")
    if "score" in reviews and has_any(reviews, ("order_id", *WHO)):
        return "reviews"
    if "order_id" in orders and "time" in orders and has_any(orders, WHO):
        return "orders"
    items = places("items")
    if "order_id" in items and has_any(items, ("price", "line_total")):
        return "items"
    if "order_id" not in orders and has_any(places("customers"), WHO):
        return "customers"
    products = places("products")
    return "products" if "product_id" in products and has_any(products, ("product", "category")) else None


def faults_of(one: Mapped, *, with_items: bool = False, with_orders: bool = False) -> list[Fault]:
    """Why a mapping cannot work, each fault with what there is and what would do."""
    places, name = one.places, one.sample.name
    there = ", ".join(one.sample.columns)
    faults: list[Fault] = []

    def ask(place: str, fine: bool, allowed: str) -> None:
        if not fine:
            faults.append(Fault(f"/{name}/{place}", f"none among the columns {there}", allowed))

    other = {"reviews": "orders", "orders": "customers"}.get(one.role)
    together = f"; or give the file of {other} in the same command" if other else ""
    if one.role in {"orders", "customers"} or (one.role == "reviews" and not with_orders):
        ask("customer_id", has_any(places, WHO), f"a column that names the customer: {_map(WHO)}{together}")
    if one.role == "orders":
        money = "a column with the money: " + _map(MONEY) + "; or give the file of items in the same command"
        ask("total", with_items or has_any(places, MONEY), money)
        ask("time", "time" in places, f"a column that says when: {_map(('time',))}")
    if one.role == "reviews":
        ask("score", "score" in places, f"a column of scores: {_map(('score',))}")
        ask("time", "time" in places, f"a column that says when: {_map(('time',))}")
        if with_orders and not has_any(places, WHO):
            ask("order_id", "order_id" in places, f"a column that names the order: {_map(('order_id',))}")
    if one.role == "events":
        ask("event", has_any(places, ("event", "type")), f"a column with the event's name: {_map(('event',))}")
        who = ("user_id", "anonymous_id", "email")
        ask("user_id", has_any(places, who), f"a column that names the customer: {_map(who)}")
        ask("time", "time" in places, f"a column that says when: {_map(('time',))}")
    return faults


def _map(names: Sequence[str]) -> str:
    return " or ".join(f"--map COLUMN={name}" for name in names)
