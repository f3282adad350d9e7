"""Store sale: staff write down what was sold at the counter or on the telephone, to whom, and what they agreed to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.core import Locale
from babel.numbers import NumberFormatError, parse_decimal
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.base.instants import parse_instant
from dangol.base.models import Shop
from dangol.collect import counter
from dangol.collect.steps import own_log
from dangol.identity import steps as identity
from dangol.profile import steps as profile
from dangol.profile.models import Profile
from dangol.web import amounts
from dangol.web import import_words as words
from dangol.web.page import Asked, go, show

LINES = 3  # empty lines that the form offers
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Who an identifier leads to, before anything is written."""

    kind: Any  # of the identifier, in words; empty where the text is none
    customer: Profile | None
    asked: bool


@dataclass(frozen=True, slots=True)
class SalePage:
    """The form with what it holds."""

    given: Mapping[str, Any]
    lines: list[dict[str, str]]
    faults: list[str]
    channels: list[tuple[str, Any]]
    consents: list[tuple[str, Any]]
    wording: str
    now_local: str
    found: Found
    now: datetime


def sale(request: Asked) -> HttpResponse:
    return _shown(request, {"channel": "store", "token": secrets.token_hex(8)})


def find(request: Asked) -> HttpResponse:
    """Who that would be."""
    return show(request, "parts/sale_found.html", _found(request.GET.get("who", "")))


def record(request: Asked) -> HttpResponse:
    shop = Shop.objects.get()
    try:
        told = _sale(request, shop)
        fresh = counter.record(told, own_log(), request.now)
    except Invalid as error:
        return _shown(request, request.POST, words.faults(error.faults), 422)
    total = amounts.money(told.total, shop.currency, get_language() or "en")
    if fresh:
        text = _("Written down: %(receipt)s, %(total)s.") % {"receipt": told.receipt, "total": total}
        messages.success(request, text)
    else:
        text = _("The receipt %(receipt)s is in already; nothing was added.") % {"receipt": told.receipt}
        messages.error(request, text)
    return go("sale")


# --- reading the form -------------------------------------------------------------------------------------------------


def _sale(request: Asked, shop: Shop) -> counter.Sale:
    """Raises Invalid with every fault of the form."""
    given, faults = request.POST, list[Fault]()
    typed = given.get("who", "").strip()
    who = counter.who_is(typed)
    if typed and who is None:
        faults.append(Fault("/who", repr(typed[:60]), _("an e-mail address, a phone number or a card number")))
    at = request.now
    if text := given.get("at", "").strip():
        read = parse_instant(text, shop.zone)
        at = read or at
        faults += [] if read else [Fault("/at", repr(text[:60]), _("a date and a time"))]
    told = counter.Sale(
        receipt=given.get("receipt", "").strip() or f"counter-{given.get('token', '')[:32] or secrets.token_hex(8)}",
        at=at,
        currency=shop.currency,
        channel=given.get("channel", ""),
        amount=_amount(given.get("amount", ""), "amount", faults),
        lines=_lines(request, faults),
        who=who,
        name=given.get("name", "").strip()[:200],
        consents=given.getlist("consents"),
        wording=given.get("wording", "").strip()[:2_000],
        by=request.user.email,
    )
    if faults:
        raise Invalid(faults)
    return told


def _lines(request: Asked, faults: list[Fault]) -> list[counter.Line]:
    given = request.POST
    rows = zip(given.getlist("product"), given.getlist("quantity"), given.getlist("price"), strict=False)
    found = []
    for n, (product, quantity, price) in enumerate(rows, 1):
        if n > MOST_LINES or not (product.strip() or price.strip()):
            continue
        many = int(quantity) if quantity.strip().isdecimal() and len(quantity) < 6 else 1 if not quantity.strip() else 0
        found.append(counter.Line(product.strip()[:200], many, _amount(price, f"line {n}", faults) or Decimal(0)))
    return found


def _amount(text: str, place: str, faults: list[Fault]) -> Decimal | None:
    """An amount as people of the page's language write it."""
    text = text.strip()
    if not text:
        return None
    try:
        locale = Locale.parse(amounts.locale_of(get_language()))
        return parse_decimal(text.replace(" ", ""), locale=locale, strict=True)
    except NumberFormatError:
        faults.append(Fault(f"/{place}", repr(text[:60]), _("an amount such as 12000 or 12.50")))
        return None


# --- what the page shows ----------------------------------------------------------------------------------------------


def _found(text: str) -> Found:
    who = counter.who_is(text)
    if who is None:
        return Found("", None, bool(text.strip()))
    customer = identity.find(*who)
    current = identity.current(customer) if customer is not None else None
    return Found(words.IDENTIFIERS[who[0]], profile.get(current) if current else None, asked=True)


def _shown(request: Asked, given: Any, faults: Sequence[str] = (), status: int = 200) -> HttpResponse:
    shop = Shop.objects.get()
    columns = [given.getlist(name) if hasattr(given, "getlist") else [] for name in ("product", "quantity", "price")]
    lines = [dict(zip(("product", "quantity", "price"), row, strict=True)) for row in zip(*columns, strict=False)]
    lines += [{"product": "", "quantity": "", "price": ""}] * max(LINES - len(lines), 0)
    wording = _("May %(shop)s write to you with news and offers? You can say no again at any time.") % {
        "shop": shop.name
    }
    page = SalePage(
        given=given,
        lines=lines[:MOST_LINES],
        faults=list(faults),
        channels=[(name, words.CHANNELS[name]) for name in counter.CHANNELS],
        consents=[(name, words.CONSENTS[name]) for name in counter.CONSENTS],
        wording=given.get("wording") or wording,
        now_local=request.now.astimezone(shop.zone).strftime("%Y-%m-%dT%H:%M"),
        found=_found(given.get("who", "")),
        now=request.now,
    )
    return show(request, "sale.html", page, status)
