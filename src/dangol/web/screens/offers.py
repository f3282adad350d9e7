"""Offers: what is given and on what terms, their codes, what was redeemed and what it cost."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseForbidden, StreamingHttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.offer import giving, offers, shelves
from dangol.offer.models import Batch, Coupon, Redemption
from dangol.offer.shelves import Shelf
from dangol.profile import reads as profile
from dangol.web import offering
from dangol.web.page import Asked, go, show, wants_part

SHOWN = 50
MOST_TEXT = 8_000_000


@dataclass(frozen=True, slots=True)
class Form:
    """An offer as its form shows it; without a key a new one."""

    key: str
    name: str
    typed: Mapping[str, Any]
    fixed: bool = False  # codes are out: what they promise stays
    faults: tuple[str, ...] = ()
    gives: Mapping[str, Any] = field(default_factory=lambda: offering.GIVES)
    codes: Mapping[str, Any] = field(default_factory=lambda: offering.CODES)
    comes_back: Mapping[str, Any] = field(default_factory=lambda: offering.COMES_BACK)


@dataclass(frozen=True, slots=True)
class Line:
    """One offer in the list."""

    shelf: Shelf
    value: str


@dataclass(frozen=True, slots=True)
class OffersPage:
    """Every offer, and the form of a new one."""

    rows: list[Line]
    new: Form


@dataclass(frozen=True, slots=True)
class Issued:
    """A code that a customer got, and who that is."""

    coupon: Coupon
    who: str
    state: str


@dataclass(frozen=True, slots=True)
class Used:
    """A redemption, whose it is and what speaks against it."""

    row: Redemption
    who: str
    state: str
    against: str


@dataclass(frozen=True, slots=True)
class OfferPage:
    """One offer."""

    shelf: Shelf
    value: str
    conditions: list[str]
    codes: str
    form: Form
    batches: list[Batch]
    issued: list[Issued]
    used: list[Used]
    owner: bool  # may take the codes with them
    faults: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class BatchesPart:
    """The batches of an offer while some are being made."""

    shelf: Shelf
    batches: list[Batch]


def all_offers(request: Asked) -> HttpResponse:
    return _list(request)


def one(request: Asked, key: str) -> HttpResponse:
    if wants_part(request):
        return show(request, "parts/offer_batches.html", _batches(request, key))
    return _one(request, key)


def _batches(request: Asked, key: str) -> BatchesPart:
    return BatchesPart(shelves.one(key, request.now), shelves.batches(offers.get(key)))


def save(request: Asked) -> HttpResponse:
    """Make an offer, or change it."""
    told = request.POST.dict()
    key, name = str(told.get("key", "")).strip(), str(told.get("name", "")).strip()
    new = bool(told.get("new"))
    try:
        if new and any(shelf.offer.key == key for shelf in shelves.all_of_them(request.now)):
            raise Invalid([Fault("/key", key, "a key that no other offer has")])
        offers.put(key, {"name": name or key, "terms": _terms(key, told, new=new)}, request.now)
    except Invalid as error:
        return _refused(request, key, name, told, [offering.said(fault) for fault in error.faults])
    except Conflict:
        return _refused(request, key, name, told, [_("Codes are out: what they promise stays as it is.")])
    messages.success(request, _("Saved."))
    return go("offer", key)


def _terms(key: str, told: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """What the form says; of an offer whose codes are out only what may be changed."""
    terms = offering.written(told)
    if new:
        return terms
    before = offers.get(key)
    kept = {word: before.terms[word] for word in offers.PROMISED if word in before.terms}
    return terms | kept if offers.out(before) else {**terms, "currency": before.terms["currency"]}


def _refused(request: Asked, key: str, name: str, told: Mapping[str, Any], faults: Sequence[str]) -> HttpResponse:
    new = bool(told.get("new"))
    form = _form(key, name, told, faults=tuple(faults), fixed=not new and offers.out(offers.get(key)))
    return _list(request, form, 422) if new else _one(request, key, form=form, status=422)


def archive(request: Asked, key: str) -> HttpResponse:
    offers.archive(key, request.now)
    messages.success(request, _("The offer gives nothing any more. Codes that customers have hold to their end."))
    return go("offers")


def add_codes(request: Asked, key: str) -> HttpResponse:
    """Have codes made, or bring those of the shop's platform."""
    by, count = request.user.get_username(), request.POST.get("count", "").strip()
    try:
        if count:
            prefix = request.POST.get("prefix", "").strip()
            offers.order_batch(key, int(count) if count.isdecimal() else 0, request.now, prefix=prefix, by=by)
            messages.success(request, _("The codes are being made."))
        else:
            batch = offers.bring(key, _text(request), request.now, by=by)
            messages.success(request, _("%(count)s codes are in.") % {"count": batch.wanted})
    except (Invalid, Conflict) as error:
        faults = error.faults if isinstance(error, Invalid) else [Fault("/codes", "", "a code that is not there yet")]
        return _one(request, key, faults=tuple(map(offering.said, faults[:20])), status=422)
    return go("offer", key)


def _text(request: Asked) -> str:
    file = request.FILES.get("file")
    if file is not None and file.size and file.size <= MOST_TEXT:
        return str(file.read(), "utf-8-sig", "replace")
    return request.POST.get("codes", "")[:MOST_TEXT]


def download(request: Asked, key: str) -> HttpResponseBase:
    """Every code as CSV: whoever holds them can spend them, so that only the owner may."""
    offer, state = offers.get(key), request.GET.get("state", "")
    if not request.user.is_superuser:
        return HttpResponseForbidden(_("Only the owner may take codes out of the shop."), content_type="text/plain")
    lines = csv.writer(Echo())
    rows = _rows(lines, shelves.every_code(offer, state))
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="codes-{key}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


class Echo:
    """What a CSV writer writes to, to be sent as it comes."""

    def write(self, text: str) -> str:
        return text


def _rows(lines: Any, coupons: Iterator[Coupon]) -> Iterator[str]:
    yield lines.writerow(shelves.COLUMNS)
    for row in coupons:
        yield lines.writerow(shelves.as_columns(row))


def give(request: Asked, customer_id: int) -> HttpResponse:
    """Staff give one customer a coupon, on the customer's page."""
    key = request.POST.get("offer", "")
    wish = giving.Wish(key, customer_id, "by hand", by=request.user.get_username())
    [given] = giving.issue([wish], request.now)
    if given.coupon is None:
        messages.error(request, _("No coupon: %(why)s.") % {"why": offering.reason(given.reason)})
    elif given.again:
        messages.success(request, _("They have it already: %(code)s") % {"code": given.coupon.code})
    else:
        messages.success(request, _("Given: %(code)s") % {"code": given.coupon.code})
    return go("customer", customer_id)


# --- pages ----------------------------------------------------------------------------------------------------------


def _list(request: Asked, form: Form | None = None, status: int = 200) -> HttpResponse:
    rows = [Line(shelf, offering.value(shelf.terms)) for shelf in shelves.all_of_them(request.now)]
    new = form or _form("", "", offering.typed({"gives": {"percent": 10}, "codes": "made", "valid": {"days": 14}}))
    return show(request, "offers.html", OffersPage(rows, new), status)


def _form(key: str, name: str, typed: Mapping[str, Any], *, faults: tuple[str, ...] = (), fixed: bool = False) -> Form:
    return Form(key, name, typed, fixed, faults)


def _one(
    request: Asked, key: str, *, form: Form | None = None, faults: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    shelf = shelves.one(key, request.now)
    offer, terms = shelf.offer, shelf.terms
    coupons, used = shelves.newest(offer, limit=SHOWN), shelves.redeemed_last(offer, SHOWN)
    who = [*(row.customer_id for row in coupons), *(row.customer_id for row in used)]
    names = profile.names({one for one in who if one})
    page = OfferPage(
        shelf=shelf,
        value=offering.value(terms),
        conditions=list(offering.conditions(terms)),
        codes=str(offering.CODES[terms.codes]),
        form=form or _form(key, offer.name, offering.typed(offer.terms), fixed=offers.out(offer)),
        batches=shelves.batches(offer),
        issued=[Issued(row, names.get(row.customer_id or 0, ""), offering.state(row.state)) for row in coupons],
        used=[
            Used(row, names.get(row.customer_id or 0, ""), offering.state(row.state), offering.reason(row.against))
            for row in used
        ],
        owner=request.user.is_superuser,
        faults=faults,
        now=request.now,
    )
    return show(request, "offer.html", page, status)
