"""How several files become one stream of lines: joined on the order's, the customer's and the product's id.

The rule: a file's role follows from its columns. Items find their order by order_id, an order its customer by
customer_id (whose person_id, where there is one, is who they are), a line its product by product_id, a review its
order by order_id. Of rows with the same id in a file that is looked up, the first counts. Several files in one role are
read as one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dangol.collect.files.fields import ROLES
from dangol.collect.files.mapping import Mapped
from dangol.collect.files.shape import WHO
from dangol.collect.files.stage import Stage

Fields = Mapping[str, Sequence[str]]  # role → the fields it has

KEYS = {"k_order": ("order_id",), "k_customer": ("customer_id",), "k_product": ("product_id",)}
PLACE = 40  # bits for the row within its file

_PERSON = tuple(ROLES["customers"])
_FROM = {  # which fields an order's line may take from which role
    "items": tuple(ROLES["items"]),
    "orders": tuple(ROLES["orders"]),
    "customers": tuple(name for name in _PERSON if name in ROLES["orders"] and name != "customer_id"),
    "products": ("product", "category"),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """A query that gives t, row, h, k and then these fields; rows with the same k come together."""

    names: Sequence[str]
    sql: str


def _key(expression: str) -> str:
    return f"regexp_replace(trim({expression}), '^(\\d+)\\.0+$', '\\1')"


def make_views(stage: Stage, files: Sequence[tuple[int, Mapped]]) -> Fields:
    """A view for each role over the files in it; role → the fields it has."""
    fields: dict[str, list[str]] = {}
    for role in dict.fromkeys(one.role for _, one in files):
        parts = [_part(index, one) for index, one in files if one.role == role]
        stage.execute(f"CREATE VIEW {role} AS " + " UNION ALL BY NAME ".join(parts))
        fields[role] = [n for n in ROLES[role] if any(n in one.places for _, one in files if one.role == role)]
    return fields


def _part(index: int, one: Mapped) -> str:
    chosen = [f'c{place} AS "{name}"' for name, place in one.places.items()]
    keys = [
        (_key(f"c{one.places[name]}") if name in one.places else "NULL") + f" AS {key}" for key, (name,) in KEYS.items()
    ]
    selected = ", ".join([f"{index} AS t", "row", "h", f"({index}::BIGINT << {PLACE}) + row AS place", *keys, *chosen])
    return f"SELECT {selected} FROM t{index} WHERE fault IS NULL"  # noqa: S608 - numbers and our own names


def _first(role: str, key: str) -> str:
    """Each id once: what other files look up."""
    return (
        f"(SELECT * FROM {role} WHERE {key} <> ''"  # noqa: S608 - our own names
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY place) = 1)"
    )


def _nearest(name: str, sources: Sequence[tuple[str, str]], fields: Fields) -> str | None:
    """A field from the first of (alias, role) that has it and is not empty; None where none has it."""
    having = [f"nullif({alias}.\"{name}\", '')" for alias, role in sources if name in fields.get(role, ())]
    return f"coalesce({', '.join(having)}, '') AS \"{name}\"" if having else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def order_lines(fields: Fields) -> Lines:
    """The lines of orders, in the order of their file."""
    sources = [("i", "items"), ("o", "orders"), ("c", "customers"), ("p", "products")]
    able = {role: [name for name in _FROM.get(role, ()) if name in fields[role]] for role in fields}
    chosen = {name: sql for name in ROLES["orders"] if (sql := _nearest(name, sources, able))}
    lookups = []
    if "customers" in fields:
        lookups.append(f"LEFT JOIN {_first('customers', 'k_customer')} c ON c.k_customer = o.k_customer")
    if "products" in fields:
        product = "coalesce(i.k_product, o.k_product)" if "items" in fields else "o.k_product"
        lookups.append(f"LEFT JOIN {_first('products', 'k_product')} p ON p.k_product = {product}")
    if "items" in fields:
        base = f"{_first('orders', 'k_order')} o LEFT JOIN items i ON i.k_order = o.k_order"
        head = "coalesce(i.t, o.t) AS t, coalesce(i.row, o.row) AS row, coalesce(i.h, o.h) AS h, o.k_order AS k,"
        head += " o.place AS first, coalesce(i.place, 0) AS place"
    else:
        base = f"(SELECT *, {_own_key(fields)} AS k FROM orders) o"  # noqa: S608
        head = "o.t, o.row, o.h, o.k AS k, min(o.place) OVER (PARTITION BY o.k) AS first, o.place AS place"
    inner = f"SELECT {head}, {', '.join(chosen.values())} FROM {base} {' '.join(lookups)}"  # noqa: S608
    return Lines(
        list(chosen),
        f"SELECT t, row, h, k, {_listed(list(chosen))} FROM ({inner}) ORDER BY first, place",  # noqa: S608
    )


def _own_key(fields: Fields) -> str:
    """An order's id, or where a file has none: whose, when, and the how-manieth of that time."""
    if "order_id" in fields["orders"]:
        return "k_order"
    who = next(f'"{name}"' for name in WHO if name in fields["orders"])
    parts = f"{_key(who)} || '-' || regexp_replace(\"time\", '\\D', '', 'g')"
    return f"{parts} || '-' || row_number() OVER (PARTITION BY {parts} ORDER BY place)"


def spoilt_orders(stage: Stage, files: Sequence[tuple[int, Mapped]]) -> set[str]:
    """The ids of orders of which some row could not be read."""
    found: set[str] = set()
    for index, one in files:
        if one.role in {"orders", "items"} and "order_id" in one.places:
            key = _key(f"c{one.places['order_id']}")
            rows = stage.stream(f"SELECT DISTINCT {key} FROM t{index} WHERE fault IS NOT NULL")  # noqa: S608
            found |= {row[0] for row in rows if row[0]}
    return found


def reject_orphans(stage: Stage, fields: Fields) -> None:
    """Items without their order cannot be facts; nor can the second row of an order in a file of orders."""
    if "items" in fields:
        stage.execute(
            "INSERT INTO rejects SELECT t, row, 'its order is not in the file of orders' FROM items"
            " WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.k_order = items.k_order)"
        )
        stage.execute(
            "INSERT INTO rejects SELECT t, row, 'the same order again' FROM orders WHERE k_order <> ''"
            " QUALIFY row_number() OVER (PARTITION BY k_order ORDER BY place) > 1"
        )


def review_lines(fields: Fields) -> Lines:
    """Reviews, with the customer of their order where they name none themselves."""
    lookups, sources = [], [("r", "reviews")]
    if "orders" in fields and "order_id" in fields["reviews"]:
        lookups.append(f"LEFT JOIN {_first('orders', 'k_order')} o ON o.k_order = r.k_order")
        if "customers" in fields:
            customer = "coalesce(nullif(r.k_customer, ''), o.k_customer)"
            lookups.append(f"LEFT JOIN {_first('customers', 'k_customer')} c ON c.k_customer = {customer}")
            sources.append(("c", "customers"))
        sources.append(("o", "orders"))
    chosen = {
        name: sql
        for name in ROLES["reviews"]
        if (sql := _nearest(name, sources if name in WHO else sources[:1], fields))
    }
    columns = ", ".join(chosen.values())
    return Lines(
        list(chosen),
        f"SELECT r.t, r.row, r.h, '', {columns} FROM reviews r {' '.join(lookups)} ORDER BY r.place",  # noqa: S608
    )


def product_lines(fields: Fields) -> Lines:
    """The rows of a catalogue, those of one product together, in the order of their file."""
    names = [name for name in ROLES["products"] if name in fields["products"]]
    first = "min(place) OVER (PARTITION BY coalesce(nullif(k_product, ''), place::VARCHAR))"
    return Lines(
        names,
        f"SELECT t, row, h, coalesce(nullif(k_product, ''), '#' || place) AS k, {_listed(names)}"  # noqa: S608
        f" FROM products ORDER BY {first}, place",
    )


def visit_lines(fields: Fields) -> Lines:
    """Requests, visitor by visitor in the order of time; k tells those of one file that are alike in every letter."""
    names = [name for name in ROLES["visits"] if name in fields["visits"]]
    agent = '"agent"' if "agent" in names else "''"
    return Lines(
        names,
        f"SELECT t, row, h, row_number() OVER (PARTITION BY t, {_listed(names)} ORDER BY row) AS k, {_listed(names)}"  # noqa: S608
        f' FROM visits ORDER BY "address", {agent}, "time", place',
    )
