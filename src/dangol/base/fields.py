"""Column types that keep instants and amounts exact on SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

from dangol.base.clock import from_us, to_us

if TYPE_CHECKING:
    BigInteger = models.BigIntegerField[Any, Any]
else:
    BigInteger = models.BigIntegerField

AMOUNT_SCALE = 10_000  # four decimals: every ISO 4217 currency, and unit prices such as 0.001 in the wild


class InstantField(BigInteger):
    """An aware instant in Python, microseconds since 1970 in the database: exact and sortable on every engine."""

    _pyi_private_set_type: datetime  # type: ignore[assignment]
    _pyi_private_get_type: datetime  # type: ignore[assignment]
    _pyi_lookup_exact_type: datetime  # type: ignore[assignment]

    description = "instant (microseconds since 1970)"

    def from_db_value(self, value: int | None, *_: Any) -> datetime | None:
        return None if value is None else from_us(value)

    def to_python(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return from_us(int(value))

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return to_us(value.astimezone(UTC))
        return int(value)


class AmountField(BigInteger):
    """A Decimal in Python, ten-thousandths in the database, so that sums stay exact."""

    _pyi_private_set_type: Decimal | int  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]
    _pyi_lookup_exact_type: Decimal  # type: ignore[assignment]

    description = "amount of money (ten-thousandths)"

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        return None if value is None else Decimal(int(value)) / AMOUNT_SCALE

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        return ten_thousandths(Decimal(value))


def ten_thousandths(amount: Decimal) -> int:
    """An amount as an AmountField keeps it."""
    return int((amount * AMOUNT_SCALE).to_integral_value())
