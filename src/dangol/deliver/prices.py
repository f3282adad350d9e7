"""What a message costs the shop, by the price list in its settings."""

from __future__ import annotations

import re
from functools import lru_cache

from dangol.base.errors import Misconfigured
from dangol.base.money import Money, parse_amount

_ENTRY = re.compile(r"\s*([a-z]+)\s*=\s*([0-9.]+)\s+([A-Z]{3})\s*")
FORMS = ("email", "sms", "lms", "alimtalk", "brand", "webpush", "onsite", "webhook", "call", "letter", "visit")


@lru_cache(maxsize=16)
def listed(text: str) -> dict[str, Money]:
    """The price of each form of message: `sms=20 KRW, lms=50 KRW`. Raises Misconfigured."""
    found = {}
    for entry in filter(str.strip, text.split(",")):
        match = _ENTRY.fullmatch(entry)
        amount = parse_amount(match[2]) if match else None
        if match is None or amount is None or match[1] not in FORMS:
            allowed = f"sms=20 KRW, lms=50 KRW …; of {', '.join(FORMS)}"
            raise Misconfigured(f"setting message_prices: found {entry.strip()!r}; allowed: {allowed}")
        found[match[1]] = Money(amount, match[3])
    return found


def price(prices: str, form: str) -> Money | None:
    """What one message of this form costs; None where the list does not say."""
    return listed(prices).get(form)
