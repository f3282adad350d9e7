"""Offers are saved, looked up and put away; their codes come in batches."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.offer import codes
from dangol.offer.models import Batch, Coupon, Offer, Redemption
from dangol.offer.parsing import KEY, parse
from dangol.offer.terms import BATCHES, MADE, SHARED, Terms

MOST_MADE = 1_000_000  # codes of one batch
AT_ONCE = 2_000  # made in one transaction
PROMISED = ("gives", "needs", "currency", "codes", "code", "tied")  # what letters said, and customers count on
TRIES = 5


def put(key: str, shape: Mapping[str, Any], now: datetime) -> Offer:
    """Save an offer: {"name", "terms"}, or the terms' own words beside the name.

    Raises Invalid with every fault, Conflict where it would change what was promised with codes that are out.
    """
    name, terms = checked(key, shape)
    terms = whole(terms)
    code = terms_of_written(terms).code
    with transaction.atomic():
        offer = Offer.objects.select_for_update().filter(key=key).first()
        if offer is not None:
            _keep_promises(offer, terms)
        offer = offer or Offer(key=key, created_at=now)
        _check_code(offer, code)
        offer.name, offer.terms, offer.code = name or offer.name or key, terms, code
        offer.folded = codes.fold(code) if code else None
        offer.save()
    return offer


def checked(key: str, shape: object) -> tuple[str, dict[str, Any]]:
    """The name and terms of a shape. Raises Invalid with every fault."""
    if not isinstance(shape, Mapping):
        raise Invalid([Fault("", type(shape).__name__, "an object with name and terms")])
    faults = [] if KEY.fullmatch(key) else [Fault("/key", key, "1 to 64 of a-z, 0-9 and -")]
    name = shape.get("name", "")
    if not isinstance(name, str) or len(name) > 200:
        faults.append(Fault("/name", str(name)[:200], "a text of at most 200 characters"))
    if "terms" in shape:
        place, terms = "/terms", shape["terms"]
        unknown = [word for word in shape if word not in {"key", "name", "terms"}]
        faults += [Fault(f"/{word}", word, "one of key, name, terms") for word in unknown]
    else:
        place, terms = "", {word: value for word, value in shape.items() if word not in {"key", "name"}}
    try:
        parse(terms, _money(), place)
    except Invalid as error:
        faults += error.faults
    if faults:
        raise Invalid(faults)
    return str(name), _plain(terms)


def whole(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Terms with their currency, so that they mean the same when the shop's changes."""
    return {**terms, "currency": terms_of_written(terms).currency}


def _plain(value: Any) -> Any:
    """The same without days, which YAML has and JSON has not."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _keep_promises(offer: Offer, terms: Mapping[str, Any]) -> None:
    if not out(offer):
        return
    changed = [word for word in PROMISED if offer.terms.get(word) != terms.get(word)]
    if changed:
        raise Conflict(
            f"codes of {offer.key} are out: {', '.join(changed)} stay as they are; make another offer, "
            "or change its name, limits, validity and what brings a code back"
        )


def out(offer: Offer) -> bool:
    """Whether anybody was promised anything."""
    return Coupon.objects.filter(offer=offer).exclude(state="free").exists() or Redemption.objects.filter(
        offer=offer
    ).exists()  # fmt: skip


def _check_code(offer: Offer, code: str) -> None:
    folded = codes.fold(code)
    if code and (
        Offer.objects.filter(folded=folded).exclude(pk=offer.pk).exists()
        or Coupon.objects.filter(folded=folded, shared=False).exists()
    ):
        raise Invalid([Fault("/terms/code", code, "a code that no other offer has")])


def get(key: str) -> Offer:
    """One offer. Raises NotFound."""
    offer = Offer.objects.filter(key=key).first()
    if offer is None:
        raise NotFound(f"no offer is called {key}")
    return offer


def giving_now() -> list[Offer]:
    """Offers that are not archived, by name."""
    return list(Offer.objects.filter(archived_at=None).order_by("name", "key"))


def archive(key: str, now: datetime) -> Offer:
    """Give no more of it. Codes of customers hold to their end; one for everybody ends at once. Raises NotFound."""
    Offer.objects.filter(key=key, archived_at=None).update(archived_at=now)
    return get(key)


def terms_of(offer: Offer) -> Terms:
    """The terms of an offer as values."""
    return terms_of_written(offer.terms)


def terms_of_written(terms: Mapping[str, Any]) -> Terms:
    return parse(terms, _money())


def _money() -> str:
    return Shop.objects.values_list("currency", flat=True).first() or "KRW"


def rehearsed() -> list[dict[str, Any]]:
    """Offers for a shop in which nothing is real: where codes are in batches, as many are made as are free now."""
    found = []
    for offer in Offer.objects.filter(archived_at=None).order_by("key"):
        terms = dict(offer.terms)
        if terms.get("codes") == BATCHES:
            free = Coupon.objects.filter(offer=offer, state="free").count()
            terms |= {"codes": MADE, "limits": {**(terms.get("limits") or {}), "total": max(free, 1)}}
        found.append({"key": offer.key, "name": offer.name, "terms": terms})
    return found


# --- codes in batches -----------------------------------------------------------------------------------------------


def order_batch(key: str, count: int, now: datetime, *, prefix: str = "", by: str = "") -> Batch:
    """Have codes made; they come in small parts (make_some), the first at once. Raises Invalid, NotFound."""
    offer = get(key)
    faults = []
    if isinstance(count, bool) or not 1 <= count <= MOST_MADE:
        faults.append(Fault("/count", str(count), f"a whole number from 1 to {MOST_MADE}"))
    if prefix and not (codes.ALLOWED.fullmatch(prefix + "AAAA") and len(prefix) <= 12):
        faults.append(Fault("/prefix", prefix, "at most 12 signs without blanks, commas and quotes"))
    if terms_of(offer).codes == SHARED:
        faults.append(Fault("/key", key, "an offer whose customers have a code each"))
    if faults:
        raise Invalid(faults)
    batch = Batch.objects.create(offer=offer, made_here=True, prefix=prefix.upper(), wanted=count, by=by[:254], at=now)
    make_some(batch.pk)
    batch.refresh_from_db()
    return batch


def unfinished() -> Sequence[int]:
    """Batches of which codes are still to be made."""
    return list(Batch.objects.filter(made_here=True, there__lt=F("wanted")).order_by("pk").values_list("pk", flat=True))


def make_some(batch_id: int) -> int:
    """Make the next codes of a batch; how many. Two who do it at once do not make too many."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        count = min(batch.wanted - batch.there, AT_ONCE)
        if count > 0:
            add_codes(batch, fresh(count, batch.prefix))
            batch.there += count
            batch.save(update_fields=["there"])
    return max(count, 0)


def fresh(count: int, prefix: str = "") -> list[str]:
    """So many codes that nobody has had."""
    found: dict[str, str] = {}
    for _ in range(TRIES):
        drawn = (codes.make(secrets.randbelow, prefix) for _ in range(count - len(found)))
        new = {codes.fold(code): code for code in drawn}
        had = taken(list(new))
        found |= {folded: code for folded, code in new.items() if folded not in had}
        if len(found) == count:
            return list(found.values())
    raise RuntimeError("no new codes could be drawn")


def taken(folded: Sequence[str]) -> set[str]:
    """Those of these that are codes already, of whatever offer."""
    found: set[str] = set()
    for some in parts(folded):
        found.update(Coupon.objects.filter(folded__in=some, shared=False).values_list("folded", flat=True))
        shared = Offer.objects.filter(folded__in=some).values_list("folded", flat=True)
        found.update(code for code in shared if code)
    return found


def add_codes(batch: Batch, new: Sequence[str]) -> None:
    Coupon.objects.bulk_create(
        [Coupon(offer_id=batch.offer_id, batch=batch, code=code, folded=codes.fold(code)) for code in new],
        batch_size=500,
    )


def bring(key: str, text: str, now: datetime, *, by: str = "") -> Batch:
    """Take in codes of the shop's platform: a pasted list or a file's text, one code a line.

    All or none of them: raises Invalid with the lines that are wrong, and NotFound.
    """
    offer = get(key)
    if terms_of(offer).codes != BATCHES:
        raise Invalid([Fault("/codes", "codes", f"an offer of codes in batches; {key} has none")])
    lines = list(codes.read_list(text))
    faults = [Fault(f"/codes/{line.number}", line.code, line.fault) for line in lines if line.fault]
    there = taken([codes.fold(line.code) for line in lines])
    faults += [
        Fault(f"/codes/{line.number}", line.code, "a code that is not there yet")
        for line in lines
        if not line.fault and codes.fold(line.code) in there
    ]
    if not lines or len(lines) > MOST_MADE:
        faults.append(Fault("/codes", str(len(lines)), f"1 to {MOST_MADE} codes"))
    if faults:
        raise Invalid(faults[:100])
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                offer=offer, made_here=False, wanted=len(lines), there=len(lines), by=by[:254], at=now
            )
            add_codes(batch, [line.code for line in lines])
    except IntegrityError:
        raise Conflict("somebody brought some of these codes just now") from None
    return batch
