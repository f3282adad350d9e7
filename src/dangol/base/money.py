"""Money: an exact amount and its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision

LARGEST = Decimal(10) ** 14  # what an AmountField holds with room to sum


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def as_json(self) -> dict[str, str]:
        """The shape of money in the API: {"amount": "12.50", "currency": "USD"}.

        At least as many decimals as the currency has, and never fewer than the amount needs.
        """
        digits = get_currency_precision(self.currency)
        whole = self.amount.normalize()
        least = Decimal(1).scaleb(-digits)
        shown = whole.quantize(least) if -int(whole.as_tuple().exponent) < digits else whole
        return {"amount": format(shown, "f"), "currency": self.currency}


def parse_amount(value: Any) -> Decimal | None:
    """A finite Decimal from a JSON number or a numeric string; None for anything else, never an exception."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < LARGEST else None
