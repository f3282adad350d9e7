"""Which fact would help most: what knowing it could bring in a month, for one play. Pure.

Two kinds of facts are weighed in the same money. One lets the play reach more people (consent, an address, a trait,
the fact that starts it): what those people would bring, if one in five gave it. The other says whether the play pays
(what goods cost, what orders are worth): the value of deciding with it instead of without it, that of
perfect information about a normal quantity, spread · φ(z) - |mean| · Φ(-z) with z = |mean| / spread. Where no such fact
is worth a fiftieth of the play, what is missing is its own result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dangol.strategy.earning import Share, Worth
from dangol.strategy.rules import LANGUAGES, Earnings, Play, Reach, Ready

GIVES = 0.2  # of those who are asked for consent or a fact
SMALL = 0.02  # of what a play should bring: a fact that is worth less is not worth asking for
Texts = Mapping[str, str]


def perfect(mean: float, spread: float) -> float:
    """What knowing a normal quantity brings to whoever may take it or leave it."""
    if spread <= 0:
        return 0.0
    z = abs(mean) / spread
    return spread * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - abs(mean) * math.erfc(z / math.sqrt(2)) / 2


def most(
    play: Play, reach: Reach, earnings: Earnings, share: Share, found: Worth, ready: Sequence[Ready]
) -> Texts | None:
    """The one thing that would help most to know of a play, in a sentence; None where nothing would."""
    missing = next((one for one in ready if not one.customers), None)
    if missing is not None and not reach.month:
        return _said("starts" if missing.kind == "fact" else "trait" if missing.kind == "trait" else "consent",
                     what=missing.what)  # fmt: skip
    if reach.month and not reach.reachable:
        return _said("consent" if play.message_class == "marketing" else "address", people=reach.month)
    if found.margin is None:
        return _said("orders")
    values = {**_people(play, reach, found), **_doubts(found, share, earnings)}
    told = {key: value for key, value in values.items() if value >= SMALL * abs(float(found.margin))}
    name = max(told, key=lambda key: (told[key], key), default="")
    if not name and perfect(float(found.margin), found.doubts.get("uplift", 0.0)) > 0:
        name = "measure"  # no fact that somebody could tell: only trying says more
    if not name:
        return None
    return _said(name, people=reach.month - reach.reachable, customers=reach.reachable)


def _people(play: Play, reach: Reach, found: Worth) -> dict[str, float]:
    lacking = reach.month - reach.reachable
    if lacking <= 0 or not reach.reachable or found.margin is None:
        return {}
    each = max(float(found.margin), 0.0) / reach.reachable
    return {"consent" if play.message_class == "marketing" else "address": GIVES * lacking * each}


def _doubts(found: Worth, share: Share, earnings: Earnings) -> dict[str, float]:
    mean = float(found.margin or 0)
    told = {"value": found.doubts.get("value", 0.0)}
    if share.basis != "orders":
        told["cost"] = found.doubts.get("margin", 0.0)
    return {name: perfect(mean, spread) for name, spread in told.items()}


def _said(name: str, **figures: object) -> Texts:
    told = {"people": "", "what": "", "customers": "", **figures}
    return {language: SENTENCES[name][language].format(**told) for language in LANGUAGES}


SENTENCES: Mapping[str, Mapping[str, str]] = {
    "starts": {
        "en": "The fact {what}: without it nobody comes this way.",
        "ko": "{what} 사실: 이것이 있어야 대상 고객이 생깁니다.",
    },
    "trait": {
        "en": "The {what} of your customers: ask for it once, on the sign-up form or their own page.",
        "ko": "고객의 {what} 정보: 가입 양식이나 고객 페이지에서 한 번 여쭤 보세요.",
    },
    "consent": {
        "en": "Consent: {people} who came this way may not be written to.",
        "ko": "수신 동의: 해당 고객 중 {people}명에게는 보낼 수 없습니다.",
    },
    "address": {
        "en": "An address: {people} who came this way cannot be reached.",
        "ko": "연락처: 해당 고객 중 {people}명에게는 닿을 수 없습니다.",
    },
    "orders": {
        "en": "The first orders: until then nothing can be said in money.",
        "ko": "첫 주문: 그전에는 금액으로 말할 수 없습니다.",
    },
    "measure": {
        "en": "Its own result: run it with its holdout; nothing else says whether it works here.",
        "ko": "이 전략의 실제 결과: 대조군을 두고 실행해 봐야 이 가게에서 효과가 있는지 알 수 있습니다.",
    },
    "value": {
        "en": "More orders: what one is worth is known from few.",
        "ko": "더 많은 주문: 주문 한 건의 가치를 아직 적은 수로 짐작하고 있습니다.",
    },
    "cost": {
        "en": "What your products cost: in the catalogue, or your usual margin.",
        "ko": "상품 원가: 상품 정보에 넣거나 평소 마진율을 알려 주세요.",
    },
}
