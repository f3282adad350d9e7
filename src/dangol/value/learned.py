"""What a shop's forecast knows, in numbers that people can read: before its own data and with them."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from dangol.value import known
from dangol.value.models import Forecast
from dangol.value.words import Learned, Range

Z80 = 1.2816  # standard deviations on either side that hold 80 %


def numbers(forecast: Forecast) -> list[Learned]:
    """Weeks between orders, the share that leaves after one, and an order's amount where it is known."""
    told, (means, spreads) = known.of_told(forecast.known), forecast.prior["purchases"]
    errors = np.sqrt(np.diag(told.covariance))
    found = [
        Learned("weeks_between", _weeks(means[0], spreads[0]), _weeks(told.at[0], errors[0])),
        Learned("leaving", _share(means[2], spreads[2]), _share(told.at[2], errors[2])),
    ]
    if told.money_at is not None and told.money_covariance is not None:
        (means, spreads), error = forecast.prior["money"], float(np.sqrt(told.money_covariance[0, 0]))
        found.append(Learned("order_amount", _amount(means[0], spreads[0]), _amount(told.money_at[0], error)))
    return found


def _weeks(rate: float, error: float) -> Range:
    """From the logarithm of a rate to the time between: what is fast is short, so the ends change places."""
    return Range(float(np.exp(-rate)), float(np.exp(-rate - Z80 * error)), float(np.exp(-rate + Z80 * error)))


def _share(odds: float, error: float) -> Range:
    return Range(float(expit(odds)), float(expit(odds - Z80 * error)), float(expit(odds + Z80 * error)))


def _amount(log: float, error: float) -> Range:
    return Range(float(np.exp(log)), float(np.exp(log - Z80 * error)), float(np.exp(log + Z80 * error)))
