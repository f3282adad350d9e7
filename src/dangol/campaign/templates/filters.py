"""Filters that people know from shop platforms: money, dates, words in the plural. In the customer's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from liquid import RenderContext
from liquid.filter import liquid_filter, with_context
from liquid.undefined import is_undefined

NAMED = frozenset({"short", "medium", "long", "full"})
LONGEST_DATE, LONGEST_FORMAT = 64, 100
WORDS = {"%a": "EEE", "%A": "EEEE", "%b": "MMM", "%B": "MMMM", "%p": "a"}  # these differ from language to language


def _dangol(context: RenderContext, name: str) -> Any:
    told = context.scope.get("dangol")
    return told.get(name) if isinstance(told, Mapping) else None


def _locale(context: RenderContext) -> Locale:
    return locale_of(str(_dangol(context, "language") or "en"))


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """The locale of a language tag; of its language alone where the whole tag is not known, else English."""
    parts = language.replace("_", "-").split("-")
    for size in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:size]), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def amount(value: Any) -> Decimal | None:
    """A number from what facts hold: numbers, and texts that are one."""
    if isinstance(value, bool) or is_undefined(value):
        return None
    try:
        found = Decimal(str(value).strip()[:40])
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < Decimal(10) ** 18 else None


def _currency(context: RenderContext, given: Any) -> str:
    shop = context.scope.get("shop")
    told = given or (shop.get("currency") if isinstance(shop, Mapping) else "")
    return str(told or "USD")[:3].upper()


@lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, locale: Locale) -> str:
    """The same prices stand in many messages."""
    return str(format_currency(amount, currency, locale=locale))


@with_context
@liquid_filter
def money(value: Any, currency: Any = "", *, context: RenderContext) -> str:
    """An amount in the shop's currency, or in the one that is given: 12500 → ₩12,500."""
    found = amount(value)
    return "" if found is None else _money(found, _currency(context, currency), _locale(context))


@with_context
@liquid_filter
def money_with_currency(value: Any, currency: Any = "", *, context: RenderContext) -> str:
    """An amount with its sign and its currency's code: 12.5 → $12.50 USD."""
    shown = money(value, currency, context=context)
    return f"{shown} {_currency(context, currency)}" if shown else ""


@with_context
@liquid_filter
def money_without_currency(value: Any, currency: Any = "", *, context: RenderContext) -> str:
    """An amount alone, with as many digits as the currency has: 12.5 → 12.50."""
    found, code = amount(value), _currency(context, currency)
    if found is None:
        return ""
    return str(format_currency(found, code, format="#,##0.00", locale=_locale(context))).strip()


@with_context
@liquid_filter
def number(value: Any, *, context: RenderContext) -> str:
    """A number as the customer's language writes it: 1234.5 → 1,234.5."""
    found = amount(value)
    return "" if found is None else str(format_decimal(found, locale=_locale(context)))


@liquid_filter
def floatformat(value: Any, digits: Any = 1) -> str:
    """A number rounded to so many digits behind the point: 3.14159 → 3.1."""
    found, wanted = amount(value), amount(digits)
    if found is None:
        return ""
    places = min(max(int(wanted or 0), 0), 10)
    return f"{found:.{places}f}"


@liquid_filter
def pluralize(value: Any, one: Any = "", many: Any = "s") -> str:
    """The first word for one, the second for any other number."""
    return str(one if amount(value) == 1 else many)


@liquid_filter
def lookup(value: Any, name: Any) -> Any:
    """What an object holds under a name that has blanks or dots in it."""
    return value.get(str(name), "") if isinstance(value, Mapping) and not is_undefined(value) else ""


@with_context
@liquid_filter
def shown_date(value: Any, form: Any = "medium", *, context: RenderContext) -> str:
    """A day or an instant in the customer's language and zone: short, medium, long, full, or strftime's signs."""
    when = _instant(value, context)
    if when is None:
        return "" if is_undefined(value) or value is None else str(value)
    form, locale = str(form)[:LONGEST_FORMAT] or "medium", _locale(context)
    if form in NAMED:
        return str(format_date(when, form, locale=locale))
    if form == "time":
        return str(format_time(when, "short", locale=locale)) if isinstance(when, datetime) else ""
    return _strftime(when, form, locale)


def _strftime(when: date, form: str, locale: Locale) -> str:
    for sign, pattern in WORDS.items():
        if sign in form:
            at = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)
            zone = at.tzinfo or UTC
            form = form.replace(sign, str(format_datetime(at, pattern, tzinfo=zone, locale=locale)).replace("%", "%%"))
    return when.strftime(form)


def _instant(value: Any, context: RenderContext) -> date | None:
    if value in ("now", "today"):
        value = _dangol(context, "now")
    zone = _dangol(context, "zone")
    zone = zone if isinstance(zone, tzinfo) else UTC
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11:
        return datetime.fromtimestamp(value, zone)
    return _read(value, zone) if isinstance(value, str) and len(value) <= LONGEST_DATE else None


def _read(text: str, zone: tzinfo) -> date | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if len(text.strip()) <= 10:
        return found.date()  # a day is the same day everywhere
    return found.astimezone(zone) if found.tzinfo else found


OURS: dict[str, Callable[..., Any]] = {
    "money": money,
    "money_with_currency": money_with_currency,
    "money_without_currency": money_without_currency,
    "number": number,
    "floatformat": floatformat,
    "pluralize": pluralize,
    "lookup": lookup,
    "date": shown_date,
}
