"""What a column holds, guessed from its name first, then from its values; each guess says what it rests on. Pure.

Consents are never guessed from values: a column of yes and no is a consent only where its name says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dangol.collect.files import values
from dangol.collect.files.fields import IGNORE, PECULIAR, ROLES, names_of, plain

NAME = "its name"
Found = dict[str, tuple[int, str]]  # field → column and what the guess rests on

WHO = ("customer_id", "person_id", "loyalty_card", "email", "phone")
MONEY = ("price", "line_total", "total", "revenue")
LOOKED_AT = 50

_WRITTEN = re.compile(r"[.,]\d{2}(?!\d)|[₩$€£¥원]|\d,\d{3}")  # as money is
_DAY = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_PHONE = re.compile(r"'?(?:\+|0|\()[\d\s().-]{7,18}")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_BARE = re.compile(r"\d+(?:[.,]\d+)?")  # a number, and as good a count or an amount as a time
_ID = re.compile(r"(?=.*\d)[\w#/-]{4,40}")
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


def guessed(sample: Sample, role: str, free: Sequence[int], have: set[str], *, alone: bool = True) -> Found:
    """Fields for the columns in `free`; `have` are the fields that are settled already.

    Of a file that is read together with others, ids are not guessed from values: any of its ids may be the others'.
    """
    found = _by_name(sample, role, free, have)
    taken = {place for place, _ in found.values()}
    left = [n for n in free if n not in taken and n not in _left_out(sample, role)]
    named = {name for name, _ in found.items() if name != IGNORE}
    found |= _by_value(sample, role, left, have | named, {name: place for name, (place, _) in found.items()})
    if alone and role == "orders" and sample.headed:
        taken = {place for place, _ in found.values()}
        found |= _ids(sample, [n for n in left if n not in taken], have | set(found))
    return found


# --- by name ----------------------------------------------------------------------------------------------------------


def _left_out(sample: Sample, role: str) -> set[int]:
    plains = [plain(column) for column in sample.columns]
    return {
        plains.index(column)
        for proof, column, name in PECULIAR.get(role, ())
        if name == IGNORE and proof in plains and column in plains
    }


def _by_name(sample: Sample, role: str, free: Sequence[int], have: set[str]) -> Found:
    plains = [plain(column) for column in sample.columns]
    found: Found = {}
    out = _left_out(sample, role)
    free = [n for n in free if n not in out]
    for proof, column, name in PECULIAR.get(role, ()):
        if name != IGNORE and name not in have and proof in plains and column in plains:
            place = plains.index(column)
            if place in free:
                found[name] = (place, NAME)
                free = [n for n in free if n != place]
    for name, aliases in names_of(role).items():
        if name in have or name in found:
            continue
        fitting = [(aliases.index(plains[n]), n) for n in free if plains[n] in aliases and _fits(sample, n, name)]
        if fitting:
            found[name] = (min(fitting)[1], NAME)
            free = [n for n in free if n != found[name][0]]
    return found


def _fits(sample: Sample, column: int, name: str) -> bool:
    """Whether the first values can be what the column's name says: a `date` of words is no time."""
    given = sample.values(column)[:LOOKED_AT]
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


def _nearly_all(verdicts: Sequence[bool]) -> bool:
    """Nine of ten: a few cells of every export are wrong."""
    return sum(verdicts) * 10 >= len(verdicts) * 9


# --- by value ---------------------------------------------------------------------------------------------------------


def _by_value(sample: Sample, role: str, free: Sequence[int], have: set[str], places: Mapping[str, int]) -> Found:
    """What the names left open: an address, a time, a telephone, money, ids that repeat."""
    found: Found = {}
    for name, looks, why in (
        ("email", _looks_like_addresses, "values such as e-mail addresses"),
        ("time", _looks_timed, "values such as times"),
        ("phone", _looks_like_phones, "values such as telephone numbers"),
    ):
        if name in ROLES[role] and name not in have:
            column = next((n for n in free if (given := sample.values(n)[:LOOKED_AT]) and looks(given)), None)
            if column is not None:
                found[name] = (column, why)
                free = [n for n in free if n != column]
    if not sample.headed and role == "orders":
        return found | _unnamed_orders(
            sample, free, have | set(found), {**places, **{k: v[0] for k, v in found.items()}}
        )
    if role == "orders":
        found |= _money(sample, free, have)
    return found


def _looks_like_addresses(given: Sequence[str]) -> bool:
    return _nearly_all([_ADDRESS.fullmatch(text.strip()) is not None for text in given])


def _looks_timed(given: Sequence[str]) -> bool:
    if all(_BARE.fullmatch(text.strip()) for text in given):
        return _nearly_all([_DAY.fullmatch(text.strip()) is not None for text in given])
    return _nearly_all([values.all_times([text]) for text in given])


def _looks_like_phones(given: Sequence[str]) -> bool:
    if all(values.amount(text) is not None and "." in text for text in given):
        return False
    return _nearly_all([_PHONE.fullmatch(text.strip()) is not None and 8 <= _digits(text) <= 15 for text in given])


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _money(sample: Sample, free: Sequence[int], have: set[str]) -> Found:
    """One column of money and no other is what an order cost."""
    if have & set(MONEY):
        return {}
    money = [n for n in free if _looks_like_money(sample.values(n)[:LOOKED_AT])]
    return {"total": (money[0], "values such as money")} if len(money) == 1 else {}


def _looks_like_money(given: Sequence[str]) -> bool:
    if _looks_timed(given):
        return False
    return bool(given) and _nearly_all(
        [_WRITTEN.search(text) is not None and values.amount(text) is not None for text in given]
    )


def _ids(sample: Sample, free: Sequence[int], have: set[str]) -> Found:
    """Ids that come once are orders'; ids that repeat are customers', where nothing else says whose it was."""
    once: list[int] = []
    repeated: list[int] = []
    for n in free:
        given = [text.strip() for text in sample.values(n)]
        if len(given) >= 3 and _looks_like_ids(given):
            (once if len(set(given)) == len(given) else repeated).append(n)
    found: Found = {}
    if "order_id" not in have and len(once) == 1:
        found["order_id"] = (once[0], "ids that never repeat")
    if not have & set(WHO) and len(repeated) == 1:
        found["customer_id"] = (repeated[0], "ids that repeat")
    return found


def _looks_like_ids(given: Sequence[str]) -> bool:
    """Four signs or more with a digit among them; bare numbers only where all are as long, or they are counts."""
    fitting = [text for text in given if _ID.fullmatch(text)]
    if len(fitting) * 10 < len(given) * 9 or _looks_timed(given):
        return False
    return not all(text.isdigit() for text in fitting) or len({len(text) for text in fitting}) == 1


def _unnamed_orders(sample: Sample, free: Sequence[int], have: set[str], places: Mapping[str, int]) -> Found:
    """A log such as `00004 0001 19970101 2 29.33`: whose first, then when, how many, how much."""
    why = "its place among columns without names"
    numbers = {n: [values.amount(text) for text in sample.values(n)] for n in free}
    money = [n for n, given in numbers.items() if given and all(a is not None for a in given) and _decimals(sample, n)]
    found: Found = {}
    if money and not have & set(MONEY):
        found["total"] = (money[-1], why)
    rest = [n for n in free if n not in {place for place, _ in found.values()}]
    if rest and "customer_id" not in have:
        found["customer_id"] = (rest[0], why)
        rest = rest[1:]
    after = [n for n in rest if n > places.get("time", -1) and all(a and a == int(a) < 1_000 for a in numbers[n])]
    if after and "quantity" not in have:
        found["quantity"] = (after[0], why)
    return found


def _decimals(sample: Sample, column: int) -> bool:
    return any("." in text for text in sample.values(column))
