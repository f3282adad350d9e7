"""Reads the terms of an offer as they were written, and notes each fault with its place: all of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import is_currency

from dangol.base.errors import Invalid
from dangol.base.money import parse_amount
from dangol.base.shapes import ShapeReader
from dangol.offer import codes
from dangol.offer.terms import CANCELLED, CODES, COMES_BACK, GIVES, MADE, SHARED, Terms

KEY = re.compile(r"[a-z0-9-]{1,64}")
KNOWN = (
    "gives", "currency", "codes", "code", "needs", "limits", "valid", "tied", "comes_back",
)  # fmt: skip
GIVES_KNOWN = (*GIVES, "at_most", "worth")
NEEDS = ("order", "products", "categories", "first_order")
LIMITS = ("per_customer", "total", "budget")
VALID = ("from", "until", "days")
MOST_LISTED = 200
LONGEST_VALID = 3650  # days


class Reader(ShapeReader):
    """Knows what terms and points hold."""

    def amount(self, given: object, at: str, *, most: int = 10**12) -> Decimal:
        found = parse_amount(given)
        if found is None or not 0 < found <= most:
            self.fault(at, given, f"a number above 0, at most {most}")
            return Decimal(1)
        return found

    def maybe(self, shape: Mapping[str, Any], name: str, at: str) -> Decimal | None:
        return None if shape.get(name) is None else self.amount(shape[name], f"{at}/{name}")

    def whole(self, given: object, at: str, *, least: int, most: int) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
            self.fault(at, given, f"a whole number from {least} to {most}")
            return least
        return given

    def day(self, shape: Mapping[str, Any], name: str, at: str) -> date | None:
        given = shape.get(name)
        if given is None:
            return None
        try:
            return date.fromisoformat(str(given))
        except ValueError:
            self.fault(f"{at}/{name}", given, "a day such as 2026-12-31")
            return None

    def texts(self, shape: Mapping[str, Any], name: str, at: str) -> frozenset[str]:
        given = shape.get(name)
        if given is None:
            return frozenset()
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_LISTED:
            self.fault(f"{at}/{name}", given, f"a list of 1 to {MOST_LISTED}")
            return frozenset()
        for number, one in enumerate(given):
            if not isinstance(one, str | int) or isinstance(one, bool) or not str(one).strip():
                self.fault(f"{at}/{name}/{number}", one, "a text")
        return frozenset(str(one).strip() for one in given)


def parse(given: object, currency: str, at: str = "") -> Terms:
    """Read terms; amounts are in `currency` where they name none. Raises Invalid with every fault."""
    read = Reader()
    found = _terms(read, given, currency, at)
    if read.faults:
        raise Invalid(read.faults)
    return found


def _terms(read: Reader, given: object, currency: str, at: str) -> Terms:
    shape = read.mapping(given, at, KNOWN)
    needs = read.mapping(shape.get("needs") or {}, f"{at}/needs", NEEDS)
    limits = read.mapping(shape.get("limits") or {}, f"{at}/limits", LIMITS)
    valid = read.mapping(shape.get("valid") or {}, f"{at}/valid", VALID)
    named = shape.get("currency", currency)
    if not isinstance(named, str) or not is_currency(named):
        read.fault(f"{at}/currency", named, "a currency of ISO 4217, such as KRW")
    kind = read.choice(shape.get("codes", SHARED if shape.get("code") else MADE), f"{at}/codes", CODES)
    begins, ends = read.day(valid, "from", f"{at}/valid"), read.day(valid, "until", f"{at}/valid")
    if begins and ends and ends < begins:
        read.fault(f"{at}/valid/until", ends.isoformat(), f"a day from {begins.isoformat()} on")
    of_days = valid.get("days")
    return Terms(
        **_gives(read, shape.get("gives"), f"{at}/gives"),
        currency=str(named),
        codes=kind,
        code=_code(read, shape.get("code"), kind, f"{at}/code"),
        least=read.maybe(needs, "order", f"{at}/needs"),
        products=read.texts(needs, "products", f"{at}/needs"),
        categories=frozenset(one.casefold() for one in read.texts(needs, "categories", f"{at}/needs")),
        first_order=read.flag(needs, "first_order", f"{at}/needs"),
        per_customer=read.whole(limits.get("per_customer", 1), f"{at}/limits/per_customer", least=0, most=1000),
        total=None if limits.get("total") is None else read.whole(
            limits["total"], f"{at}/limits/total", least=1, most=10**9
        ),
        budget=read.maybe(limits, "budget", f"{at}/limits"),
        begins=begins,
        ends=ends,
        days=None if of_days is None else read.whole(of_days, f"{at}/valid/days", least=1, most=LONGEST_VALID),
        tied=read.flag(shape, "tied", at),
        comes_back=read.choice(shape.get("comes_back", CANCELLED), f"{at}/comes_back", COMES_BACK),
    )  # fmt: skip


def _code(read: Reader, given: object, kind: str, at: str) -> str:
    if kind != SHARED:
        if given is not None:
            read.fault(at, given, "nothing: only a code for everybody (codes: shared) is written here")
        return ""
    if not isinstance(given, str) or not codes.ALLOWED.fullmatch(given) or not codes.fold(given):
        read.fault(at, given, "4 to 64 signs without blanks, commas and quotes")
        return ""
    return given


def _gives(read: Reader, given: object, at: str) -> dict[str, Any]:
    """`{percent, at_most}`, `{amount}`, `{shipping: true}` or `{gift: product, worth}`."""
    shape = read.mapping(given, at, GIVES_KNOWN)
    kinds = [kind for kind in GIVES if kind in shape]
    beside = {"percent": ("at_most",), "gift": ("worth",)}
    if len(kinds) != 1:
        if isinstance(given, Mapping):
            read.fault(at, dict(given), "one of " + ", ".join(GIVES))
        return {"gives": GIVES[0]}
    [kind] = kinds
    for name in shape:
        if name in GIVES_KNOWN and name not in (kind, *beside.get(kind, ())):
            read.fault(f"{at}/{name}", name, f"beside {kind}: {', '.join(beside.get(kind, ())) or 'nothing'}")
    match kind:
        case "percent":
            worth = read.amount(shape["percent"], f"{at}/percent", most=100)
            return {"gives": kind, "worth": worth, "at_most": read.maybe(shape, "at_most", at)}
        case "amount":
            return {"gives": kind, "worth": read.amount(shape["amount"], f"{at}/amount")}
        case "shipping":
            if shape["shipping"] is not True:
                read.fault(f"{at}/shipping", shape["shipping"], "true")
            return {"gives": kind}
        case _:
            product = shape["gift"]
            if not isinstance(product, str) or not product.strip() or len(product) > 300:
                read.fault(f"{at}/gift", product, "the id of a product")
                product = ""
            return {"gives": kind, "product": product, "worth": read.maybe(shape, "worth", at) or Decimal(0)}
