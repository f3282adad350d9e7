"""How values are shown to people: in the language of the page, the shop's zone and the shop's currency. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from babel import dates, numbers

from dangol.base.models import Shop

LOCALES = {"ko": "ko_KR", "en": "en_US"}
NONE = "–"
JUST_NOW = {"en_US": "just now", "ko_KR": "방금"}
MINUS = "−"
DAY = timedelta(days=1)


def locale_of(language: str | None) -> str:
    return LOCALES.get((language or "en")[:2], "en_US")


def money(amount: Decimal | float | None, currency: str, language: str) -> str:
    """An amount with the decimals its currency has; the cents of round amounts are left out."""
    if amount is None:
        return NONE
    value, code = Decimal(str(amount)), currency or "USD"
    digits = 0 if value == value.to_integral_value() else numbers.get_currency_precision(code)
    pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
    text = numbers.format_currency(value, code, format=pattern, locale=locale_of(language), currency_digits=False)
    return str(text).replace("-", MINUS)


def about_money(amount: Decimal | float | None, currency: str, language: str) -> str:
    """An estimate: no more digits than it deserves."""
    return money(None if amount is None else Decimal(f"{float(amount):.2g}"), currency, language)


def number(value: float | int | Decimal | None, language: str, digits: int = 0) -> str:
    """A number with the language's separators."""
    if value is None:
        return NONE
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return str(numbers.format_decimal(value, format=pattern, locale=locale_of(language))).replace("-", MINUS)


def percent(value: float | None, language: str, digits: int = 0) -> str:
    """A share given in per cent."""
    return NONE if value is None else f"{number(value, language, digits)}%"


def points(value: float | None, language: str) -> str:
    """A difference of two shares, in percentage points."""
    return NONE if value is None else number(value, language, 1) + ("%p" if language.startswith("ko") else " pp")


def moment(at: datetime | None, shop: Shop, language: str) -> str:
    """Day and time in the shop's zone."""
    if at is None:
        return NONE
    return f"{day(at, shop, language)} {at.astimezone(shop.zone):%H:%M}"


def day_of_year(month: int, number: int, language: str | None) -> str:
    """A day of any year: Dec 2, 12월 2일."""
    return str(dates.format_skeleton("MMMd", date(2024, month, number), locale=locale_of(language)))


def day(at: datetime | None, shop: Shop, language: str) -> str:
    if at is None:
        return NONE
    return str(dates.format_date(at.astimezone(shop.zone), "medium", locale=locale_of(language)))


def clock(at: datetime, shop: Shop, now: datetime, language: str) -> str:
    """For lists that run: the time of day with seconds, or the day where it was another."""
    local = at.astimezone(shop.zone)
    if local.date() == now.astimezone(shop.zone).date():
        return local.strftime("%H:%M:%S")
    return str(dates.format_skeleton("MMMd", local, locale=locale_of(language)))


def ago(at: datetime | None, now: datetime, language: str) -> str:
    """How long before (or after) now, in words; what is less than a second away is just now."""
    if at is None:
        return NONE
    if abs(at - now) < timedelta(seconds=1):
        return JUST_NOW[locale_of(language)]
    return span(at - now, language, direction=True)


def span(length: timedelta | None, language: str, *, direction: bool = False) -> str:
    """A length of time in its largest unit."""
    if length is None:
        return NONE
    return str(dates.format_timedelta(length, threshold=1.2, add_direction=direction, locale=locale_of(language)))
