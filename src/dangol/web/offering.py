"""Offers as people read and write them: a form that becomes terms, terms that become sentences, refusals in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import Fault
from dangol.base.money import parse_amount
from dangol.offer.terms import Terms
from dangol.web import amounts
from dangol.web.builder.fault_words import formed
from dangol.web.journey import fault_words

GIVES = {
    "percent": lazy("per cent off"),
    "amount": lazy("an amount off"),
    "shipping": lazy("free shipping"),
    "gift": lazy("a gift"),
}
CODES = {
    "made": lazy("a code of its own for each customer, made when it is needed"),
    "batches": lazy("a code of its own for each customer, out of batches for the shop’s platform"),
    "shared": lazy("one code for everybody"),
}
COMES_BACK = {
    "cancelled": lazy("when its order is cancelled"),
    "refunded": lazy("when its order is cancelled or wholly paid back"),
    "never": lazy("never"),
}
REASONS = {
    "unknown": lazy("there is no such code"),
    "too_many": lazy("too many wrong codes were tried"),
    "archived": lazy("the offer is archived"),
    "not_yet": lazy("the offer has not begun"),
    "expired": lazy("its time is over"),
    "used": lazy("it was used before"),
    "held": lazy("it is held for another order"),
    "not_yours": lazy("it is somebody else’s"),
    "who": lazy("it is not known who orders"),
    "currency": lazy("the order is in another currency"),
    "minimum": lazy("the order is too small"),
    "products": lazy("nothing in the order is meant"),
    "first_order": lazy("it is not the first order"),
    "per_customer": lazy("the customer had theirs"),
    "total": lazy("the limit is reached"),
    "budget": lazy("the budget is spent"),
    "empty": lazy("no code is left"),
    "points": lazy("too few points"),
}
STATES = {
    "free": lazy("free"), "issued": lazy("issued"), "redeemed": lazy("redeemed"), "expired": lazy("expired"),
    "void": lazy("void"), "held": lazy("held for an order"), "released": lazy("released"),
    "undone": lazy("order undone"),
}  # fmt: skip
PLACES = {
    "/key": lazy("Key"), "/name": lazy("Name"), "/terms/gives": lazy("What it gives"), "/terms/code": lazy("The code"),
    "/terms/needs": lazy("What an order needs"), "/terms/limits": lazy("Limits"), "/terms/valid": lazy("When it holds"),
    "/rules/earn": lazy("What an order earns"), "/rules/facts": lazy("Other facts"),
    "/rules/spend": lazy("What they buy"),
    "/rules/tiers": lazy("Tiers"), "/rules/expires_days": lazy("When points expire"),
    "/codes": lazy("Codes"), "/count": lazy("How many"), "/prefix": lazy("Begins with"),
}  # fmt: skip
ALLOWED: dict[str, Any] = {
    "4 to 64 signs without blanks, commas and quotes": lazy("4 to 64 signs without blanks, commas and quotes"),
    "a code that no other offer has": lazy("a code that no other offer has"),
    "a code that is not there yet": lazy("a code that is not there yet"),
    "stands in this list twice": lazy("each code once"),
    "a day such as 2026-12-31": lazy("a day such as 2026-12-31"),
    "a fact that points do not cause; orders earn by earn": lazy("a fact that points do not cause, and no order"),
    "the id of a product": lazy("the id of a product"),
    "a text of at most 200 characters": lazy("a text of at most 200 characters"),
    "at most 12 signs without blanks, commas and quotes": lazy("at most 12 signs without blanks, commas and quotes"),
}
FORMS = (
    (re.compile(r"a number above 0, at most (?P<most>\d+)"), lazy("a number above 0, at most %(most)s")),
    (re.compile(r"a whole number from (?P<least>\d+) to (?P<most>\d+)"),
     lazy("a whole number from %(least)s to %(most)s")),
    (re.compile(r"a day from (?P<day>\S+) on"), lazy("a day from %(day)s on")),
    (re.compile(r"(?P<least>\d+) to (?P<most>\d+) codes"), lazy("%(least)s to %(most)s codes")),
)  # fmt: skip


MOVEMENTS = {
    "earned": lazy("earned"), "taken_back": lazy("taken back for refunds"), "spent": lazy("spent"),
    "expired": lazy("expired unspent"), "adjusted": lazy("adjusted by staff"),
    "levelled": lazy("levelled after an undone merge"),
}  # fmt: skip


def movement(kind: str) -> str:
    """What became of points."""
    return str(MOVEMENTS.get(kind, kind))


def said(fault: Fault) -> str:
    """A fault in a line: where, what was found, what is allowed."""
    place = next((str(words) for at, words in PLACES.items() if fault.path.startswith(at)), fault.path)
    number = fault.path.removeprefix("/codes/")
    if fault.path.startswith("/codes/") and number.isdecimal():
        place = _("Line %(number)s") % {"number": number}
    allowed = str(ALLOWED.get(fault.allowed) or formed(FORMS, fault.allowed) or fault_words.in_words(fault.allowed))
    return _("%(place)s: found %(found)s; allowed: %(allowed)s") % {
        "place": place, "found": fault.found if fault.found != "nothing" else _("nothing"), "allowed": allowed,
    }  # fmt: skip


def reason(word: str) -> str:
    return str(REASONS.get(word, word))


def state(word: str) -> str:
    return str(STATES.get(word, word))


# --- the form -------------------------------------------------------------------------------------------------------


def written(told: Mapping[str, str]) -> dict[str, Any]:
    """The terms that a form says. What is left empty is left out; what is no number stays as it was typed."""
    kind = told.get("gives", "percent")
    gives: dict[str, Any] = {kind: _number(told.get("worth", ""))}
    if kind == "percent" and told.get("at_most"):
        gives["at_most"] = _number(told["at_most"])
    if kind == "shipping":
        gives = {"shipping": True}
    if kind == "gift":
        gives = {"gift": told.get("product", ""), "worth": _number(told.get("worth", ""))}
    terms: dict[str, Any] = {"gives": gives, "codes": told.get("codes", "made")}
    if terms["codes"] == "shared":
        terms["code"] = told.get("code", "")
    for part, names in PARTS.items():
        found = {name: _read(name, told) for name in names if _read(name, told) not in (None, "", [], False)}
        if found:
            terms[part] = found
    if told.get("tied") == "on":
        terms["tied"] = True
    if told.get("comes_back", "cancelled") != "cancelled":
        terms["comes_back"] = told["comes_back"]
    return terms


PARTS = {
    "needs": ("order", "products", "categories", "first_order"),
    "limits": ("per_customer", "total", "budget"),
    "valid": ("from", "until", "days"),
}


def _read(name: str, told: Mapping[str, str]) -> Any:
    text = told.get(name, "").strip()
    if name == "first_order":
        return text == "on"
    if name in {"products", "categories"}:
        return [one.strip() for one in re.split(r"[,\n]", text) if one.strip()]
    return text if name in {"from", "until"} else _number(text)


def _number(text: str) -> Any:
    found = parse_amount(text.replace(",", ""))
    if found is None:
        return text.strip() or None
    return int(found) if found == found.to_integral_value() else float(found)


def typed(terms: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the form of an offer."""
    gives = terms.get("gives") or {}
    kind = next((one for one in GIVES if one in gives), "percent")
    shown = {"gives": kind, "at_most": gives.get("at_most", ""), "product": gives.get("gift", "")}
    shown["worth"] = gives.get("worth", "") if kind == "gift" else "" if kind == "shipping" else gives.get(kind, "")
    for part, names in PARTS.items():
        for name in names:
            value = (terms.get(part) or {}).get(name, "")
            shown[name] = ", ".join(map(str, value)) if isinstance(value, list) else value
    return shown | {name: terms.get(name, "") for name in ("codes", "code", "tied", "comes_back")}


# --- sentences ------------------------------------------------------------------------------------------------------


def value(terms: Terms) -> str:
    """What it gives, in a few words."""
    match terms.gives:
        case "percent":
            most = terms.at_most
            off = _("%(percent)s%% off") % {"percent": amounts.number(terms.worth, _language(), _digits(terms.worth))}
            return off if most is None else _("%(off)s, at most %(most)s") % {"off": off, "most": _money(most, terms)}
        case "amount":
            return _("%(amount)s off") % {"amount": _money(terms.worth, terms)}
        case "shipping":
            return str(GIVES["shipping"])
        case _:
            return _("a gift: %(product)s") % {"product": terms.product}


def conditions(terms: Terms) -> Iterator[str]:
    """What an order needs and how long and how often it holds, a sentence each."""
    if terms.least is not None:
        yield _("for orders from %(amount)s on") % {"amount": _money(terms.least, terms)}
    if terms.products:
        yield _("on these products: %(products)s") % {"products": ", ".join(sorted(terms.products))}
    if terms.categories:
        yield _("on these categories: %(categories)s") % {"categories": ", ".join(sorted(terms.categories))}
    if terms.first_order:
        yield _("for the first order only")
    if terms.tied:
        yield _("only for who got the code")
    if terms.per_customer:
        yield (
            _("%(times)s times for each customer") % {"times": terms.per_customer}
            if terms.per_customer > 1
            else _("once for each customer")
        )
    if terms.total is not None:
        yield _("%(total)s times in all") % {"total": amounts.number(terms.total, _language())}
    if terms.budget is not None:
        yield _("up to a budget of %(amount)s") % {"amount": _money(terms.budget, terms)}
    if terms.begins:
        yield _("from %(day)s") % {"day": date_format(terms.begins)}
    if terms.ends:
        yield _("until %(day)s") % {"day": date_format(terms.ends)}
    if terms.days is not None:
        yield _("%(days)s days from when it is given") % {"days": terms.days}
    yield _("the code comes back: %(when)s") % {"when": COMES_BACK[terms.comes_back]}


def _money(amount: Any, terms: Terms) -> str:
    return amounts.money(amount, terms.currency, _language())


def _digits(amount: Any) -> int:
    return 0 if amount == amount.to_integral_value() else 1


def _language() -> str:
    return get_language() or "en"
