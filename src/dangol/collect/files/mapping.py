"""Which column is which field: what was said, what a named mapping remembers, then what is guessed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dangol.base.errors import Fault, Invalid
from dangol.collect.files.fields import IGNORE, REASON, ROLES, plain
from dangol.collect.files.guess import MONEY, WHO, Sample, guessed

EXAMPLES = 3
SAID = "you said so"
KEPT = ""  # in a named mapping: a column that is no field


@dataclass(frozen=True, slots=True)
class Mapped:
    """How one file is read."""

    role: str  # orders, items, customers, products, reviews, events
    places: Mapping[str, int]  # field → column
    sample: Sample = field(repr=False)
    why: Mapping[str, str] = field(default_factory=dict)  # field → what it rests on
    known_as: str = ""  # the named mapping that it follows
    left_out: frozenset[int] = frozenset()  # columns that were to be ignored

    def named(self) -> dict[str, str]:
        """Column → field, for people."""
        return {self.sample.columns[place]: name for name, place in self.places.items()}

    def kept(self) -> dict[str, str]:
        """Every column with its field, `ignore` or KEPT: what a named mapping remembers."""
        named, out = self.named(), self.left_out
        return {column: named.get(column, IGNORE if n in out else KEPT) for n, column in enumerate(self.sample.columns)}

    def examples(self, column: int) -> list[str]:
        return list(dict.fromkeys(self.sample.values(column)))[:EXAMPLES]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A named mapping, as far as it concerns one file: column → field, or KEPT for a column that is no field."""

    name: str
    columns: Mapping[str, str]


NOTHING = Remembered("", {})


def mapped(
    sample: Sample,
    role: str,
    overrides: Mapping[str, str],
    remembered: Remembered = NOTHING,
    *,
    alone: bool = True,
) -> Mapped:
    """The mapping of one file in a role. Raises Invalid for an override that names no field of it."""
    own = said_of(sample, overrides)
    allowed = [*ROLES[role], IGNORE]
    faults = [
        Fault(f"/{sample.name}/{column}", f"the field {name!r}", ", ".join(allowed))
        for column, name in own.items()
        if name not in {*allowed, KEPT}
    ]
    twice = [name for name in ROLES[role] if list(own.values()).count(name) > 1]
    faults += [
        Fault(f"/{sample.name}/{name}", ", ".join(c for c, f in own.items() if f == name), "one column for a field")
        for name in twice
    ]
    if faults:
        raise Invalid(faults)
    places, why = _settled(sample, own, remembered)
    taken = {n for n, column in enumerate(sample.columns) if column in own or column in remembered.columns}
    free = [n for n, column in enumerate(sample.columns) if n not in taken and plain(column) != plain(REASON)]
    for name, (place, reason) in guessed(sample, role, free, set(places), alone=alone).items():
        places[name], why[name] = place, reason
    ignored = {column for column, name in {**remembered.columns, **own}.items() if name == IGNORE}
    return Mapped(
        role,
        {name: places[name] for name in ROLES[role] if name in places},
        sample,
        why,
        remembered.name,
        frozenset(n for n, column in enumerate(sample.columns) if column in ignored),
    )


def said_of(sample: Sample, overrides: Mapping[str, str]) -> dict[str, str]:
    """What is said about a file's columns: as `column`, or as `file:column` where several files have such a one."""
    named = ((column, overrides.get(f"{sample.name}:{column}", overrides.get(column))) for column in sample.columns)
    return {column: field for column, field in named if field is not None}


def _settled(sample: Sample, own: Mapping[str, str], remembered: Remembered) -> tuple[dict[str, int], dict[str, str]]:
    """The fields that need no guess, and why; what is said now outranks what was said once."""
    places: dict[str, int] = {}
    why: dict[str, str] = {}
    for columns, reason in ((own, SAID), (remembered.columns, f"the mapping {remembered.name!r}")):
        for column, name in columns.items():
            fresh = name not in {KEPT, IGNORE, *places} and column in sample.columns
            if fresh and (columns is own or column not in own):
                places[name], why[name] = sample.columns.index(column), reason
    return places, why


# --- roles and what they must have ------------------------------------------------------------------------------------


def has_any(places: Mapping[str, int], names: Sequence[str]) -> bool:
    return any(name in places for name in names)


def role_of(sample: Sample, overrides: Mapping[str, str]) -> str | None:
    """What a file holds among several that are imported together; None where its columns do not say."""

    def places(role: str) -> Mapping[str, int]:
        said = said_of(sample, overrides).items()
        known = {column: name for column, name in said if name in {*ROLES[role], IGNORE, KEPT}}
        return mapped(sample, role, known, alone=False).places

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
    if one.role == "products" and not with_orders:
        ask("product_id", "product_id" in places, f"a column with the product's number: {_map(('product_id',))}")
        told = ("product", "price", "category")
        ask("product", has_any(places, told), f"a column that says something about it: {_map(told)}")
    if one.role == "visits":
        for field_, what in (("address", "whose it was"), ("time", "when"), ("path", "what was asked for")):
            ask(field_, field_ in places, f"an access log, or a column that says {what}: {_map((field_,))}")
    return faults


def _map(names: Sequence[str]) -> str:
    return " or ".join(f"--map COLUMN={name}" for name in names)
