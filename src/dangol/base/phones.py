"""Telephone numbers in the one form that everybody can dial: E.164."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

FEWEST, MOST = 7, 15  # digits of a number


@lru_cache(maxsize=4096)
def e164(text: str, region: str = "") -> str:
    """A number as +CCNNN…; as digits where its country is not known; empty where it is no number.

    `region` is the ISO 3166 code of the country that a number without one is from.
    """
    digits = "".join(c for c in text if c.isdigit() and c.isascii())
    if not FEWEST <= len(digits) <= MOST:
        return ""
    plus = "+" if text.lstrip().startswith("+") else ""
    try:
        number = phonenumbers.parse(plus + digits, region or None)
    except phonenumbers.NumberParseException:
        return plus + digits
    if not phonenumbers.is_possible_number(number):
        return plus + digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def country_of(number: str) -> str:
    """The ISO 3166 code of the country of a number in E.164; empty where it has none of its own."""
    if not number.startswith("+"):
        return ""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
