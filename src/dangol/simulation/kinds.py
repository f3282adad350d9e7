"""The kinds of shop, and one shop drawn from its kind. Pure: the same seed, the same shop.

Nobody has measured these numbers for your shop: they are assumptions, and docs/simulator.md says what each rests on.
Every shop draws effects of its own around them, some of which are nothing or harm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from dangol.base.errors import Fault, Invalid

# Orders that one message adds, where it meets somebody it is made for (who has an open cart, who has just come …).
# Half of what the plays' priors expect or less, but for the win-back, of which a randomised test is public.
EFFECTS = MappingProxyType(
    {
        "welcome": 0.007,
        "abandoned-cart": 0.018,
        "checkout-abandonment": 0.022,
        "browse-abandonment": 0.004,
        "win-back": 0.005,
        "replenishment": 0.010,
        "thanks": 0.003,
        "vip": 0.004,
        "birthday": 0.004,
        "review-request": 0.001,
        "price-drop": 0.012,
        "back-in-stock": 0.030,
        "second-order": 0.006,
        "cross-sell": 0.004,
        "wish-list": 0.010,
        "monthly-letter": 0.003,
        "chuseok": 0.004,
        "seollal": 0.004,
        "year-end": 0.004,
        "sunset": 0.0,
        "dissatisfied-care": 0.0,  # works by orders that are not lost
    }
)
OTHER = 0.0005  # any other message
SPREAD = 0.7  # of the logarithm of an effect, from shop to shop
REVERSED, IDLE = 0.10, 0.10  # of all effects of a shop: does harm; does nothing
LIFT_OF_TEN = 0.8  # a discount of ten per cent adds so much of an effect, in the middle shop


@dataclass(frozen=True, slots=True)
class Kind:
    """What shops of a kind have in common. Shares are of one, times in days, money in the shop's currency."""

    key: str
    says: str
    order_value: float  # median
    margin: float  # of the list price
    carts: float  # of visits, fill a cart
    orders: float  # of visits, end in an order
    signs_up: float  # of first visits, leave an address
    agrees: float  # of those, to marketing
    visits: float  # by somebody who comes again, in 30 days
    interval: float  # between two orders of a regular
    stays: float  # of buyers, who buy again at all
    refunded: float = 0.03  # of orders
    displeased: float = 0.08  # of orders
    weekend: float = 1.0  # visits on Saturday and Sunday, against other days
    payday: float = 1.0  # visits around the 25th, against other days
    year: float = 0.2  # how far the year swings
    regular: bool = False  # orders come at nearly even intervals, as of a subscription
    country: str = "GB"
    zone: str = "Europe/London"
    currency: str = "GBP"
    scale: float = 1.0  # of all effects: 0 for messages that do nothing, below it for messages that do harm
    annoys: float = 1.0  # of opting out, and of orders lost through messages


KINDS = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            Kind("fashion", "clothes: seasons, many returns, looking more than buying",
                 55, 0.50, 0.10, 0.022, 0.16, 0.65, 2.2, 60, 0.35, refunded=0.18, weekend=1.3, payday=1.3, year=0.35),
            Kind("grocery", "food: small margins, short intervals, people who stay",
                 38, 0.24, 0.16, 0.060, 0.22, 0.55, 3.5, 12, 0.60, refunded=0.01, weekend=0.9, year=0.1),
            Kind("cosmetics", "cosmetics in Korea: refills, consent at sign-up, no advertising at night",
                 42_000, 0.60, 0.12, 0.030, 0.30, 0.70, 2.5, 40, 0.45, payday=1.4, country="KR", zone="Asia/Seoul",
                 currency="KRW"),
            Kind("wholesale", "traders: few, large orders on working days",
                 320, 0.20, 0.14, 0.050, 0.30, 0.45, 3.0, 21, 0.65, displeased=0.05, weekend=0.25, year=0.1),
            Kind("subscription", "boxes that come by themselves until somebody cancels",
                 29, 0.45, 0.08, 0.025, 0.20, 0.70, 1.5, 30, 0.80, regular=True, year=0.1),
            Kind("gifts", "presents: bought once, at seasons",
                 34, 0.52, 0.11, 0.028, 0.14, 0.60, 1.2, 120, 0.20, year=0.6, country="US", zone="America/New_York",
                 currency="USD"),
            Kind("placebo", "a shop in which messages do nothing, neither good nor harm",
                 45, 0.50, 0.12, 0.035, 0.22, 0.65, 2.5, 35, 0.45, scale=0.0, annoys=0.0),
            Kind("touchy", "a shop whose customers buy less the more it writes",
                 45, 0.50, 0.12, 0.035, 0.22, 0.65, 2.5, 35, 0.45, scale=-1.0, annoys=2.5),
        )
    }
)  # fmt: skip
ORDINARY = tuple(key for key in KINDS if key not in ("placebo", "touchy"))


@dataclass(frozen=True, slots=True)
class World:
    """One shop: its kind, and the truth about its customers that nobody else knows."""

    kind: Kind
    seed: int
    days: int
    visitors: float  # newcomers a day
    effects: Mapping[str, float] = field(default_factory=dict)
    lift_of_ten: float = 0.0  # what ten per cent of discount add to an effect, as a share of it
    pulled: float = 0.0  # of orders that a message brings, came instead of one that would have come later
    tires: float = 0.0  # how fast one message wears the next out
    hurts: float = 0.0  # of a customer's orders of the next weeks, lost by one message too many
    opts_out: float = 0.0  # of those who get a message while they are fresh
    begins: float = 0.0  # day of the year, of one, on which the simulation begins

    def effect(self, play: str) -> float:
        """Orders that one message of a play adds in this shop, with a fresh customer it is made for."""
        return self.effects.get(play, self.effects.get("", 0.0))


def kind(key: str) -> Kind:
    """A kind by its name. Raises Invalid."""
    if key not in KINDS:
        raise Invalid([Fault("--kind", key, f"mixed, {', '.join(KINDS)}")])
    return KINDS[key]


def draw(of: Kind, seed: int, days: int = 90, visitors: float = 20.0) -> World:
    """The shop of a seed."""
    rng = np.random.default_rng([seed, 1])
    effects = {play: of.scale * base * _own(rng) for play, base in EFFECTS.items()} | {"": of.scale * OTHER}
    return World(
        kind=of,
        seed=seed,
        days=days,
        visitors=visitors,
        effects=effects,
        lift_of_ten=LIFT_OF_TEN * math.exp(0.6 * rng.standard_normal()) if of.scale > 0 else 0.0,
        pulled=float(rng.uniform(0.05, 0.35)),
        tires=float(rng.uniform(0.15, 0.6)),
        hurts=of.annoys * float(rng.uniform(0.001, 0.008)),
        opts_out=of.annoys * float(rng.uniform(0.001, 0.006)),
        begins=float(rng.uniform(0, 1)),
    )


def _own(rng: np.random.Generator) -> float:
    """By how much a shop's effect differs from the usual one: on average one where it helps at all."""
    size, sort = math.exp(SPREAD * rng.standard_normal() - SPREAD**2 / 2), rng.uniform()
    if sort < REVERSED:
        return -size
    return 0.0 if sort < REVERSED + IDLE else size
