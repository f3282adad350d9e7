"""What is known of a campaign, in plain words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dangol.harvest.lifts import Lift
from dangol.harvest.margins import UNKNOWN_COST

if TYPE_CHECKING:
    from dangol.harvest.rules import Harvest

ENOUGH, NOT_YET, NONE = "enough", "not_yet", "none"


def sentences(told: Harvest) -> dict[str, str]:
    """What is known, in plain words."""
    said = _said(told)
    if not told.still_open:
        return said
    return {language: f"{text} {STILL_OPEN[language].format(open=told.still_open)}" for language, text in said.items()}


def _said(told: Harvest) -> dict[str, str]:
    if told.evidence == NONE:
        return dict(NOTHING)
    if told.evidence == NOT_YET:
        return {lang: text.format(treated=told.treated, held_out=told.held_out) for lang, text in TOO_EARLY.items()}
    if told.money.clear:
        goods = told.basis != UNKNOWN_COST
        return _about_money(told.money, told.currency, (LEFT, LOST) if goods else (BROUGHT, COST))
    return _about_conversions(told.conversion)


def _about_money(extra: Lift, currency: str, said: tuple[dict[str, str], dict[str, str]]) -> dict[str, str]:
    low, high = extra.low or 0.0, extra.high or 0.0
    words, ends = (said[0], (low, high)) if low > 0 else (said[1], (-high, -low))
    few, much = (f"{end:,.0f}" for end in ends)
    return {language: text.format(low=few, high=much, currency=currency) for language, text in words.items()}


def _about_conversions(conversion: Lift) -> dict[str, str]:
    low, high = 100 * (conversion.low or 0.0), 100 * (conversion.high or 0.0)
    words, ends = (MORE_OFTEN, (low, high)) if low > 0 else (LESS_OFTEN, (-high, -low))
    return {language: text.format(low=ends[0], high=ends[1]) for language, text in words.items()}


NOTHING = {
    "en": "Nothing to compare yet: there must be customers both treated and held out.",
    "ko": "아직 비교할 수 없습니다. 메시지 대상 고객과 대조군 고객이 모두 있어야 합니다.",
}
TOO_EARLY = {
    "en": "Not enough evidence yet: {treated.conversions} of {treated.customers} treated and {held_out.conversions} of "
    "{held_out.customers} held-out customers reached the goal.",
    "ko": "아직 근거가 부족합니다. 메시지 대상 {treated.customers}명 중 {treated.conversions}명, "
    "대조군 {held_out.customers}명 중 {held_out.conversions}명이 목표를 달성했습니다.",
}
BROUGHT = {
    "en": "It brought between {low} and {high} {currency} that would not have come without it.",
    "ko": "이 캠페인이 없었다면 없었을 매출이 {low}~{high} {currency}입니다.",
}
COST = {
    "en": "Treated customers spent less, by {low} to {high} {currency} in all. Consider switching it off.",
    "ko": "메시지 대상 고객의 구매액이 오히려 모두 {low}~{high} {currency} 적습니다. 중지를 검토하세요.",
}
LEFT = {
    "en": "With goods, messages and coupons paid, it left between {low} and {high} {currency} "
    "that would not be there without it.",
    "ko": "상품 원가와 메시지·쿠폰 비용을 빼고도, 이 캠페인이 없었다면 없었을 이익이 {low}~{high} {currency}입니다.",
}
LOST = {
    "en": "With goods, messages and coupons paid, it cost {low} to {high} {currency} more than it brought. "
    "Consider switching it off.",
    "ko": "상품 원가와 메시지·쿠폰 비용을 빼면 오히려 {low}~{high} {currency} 손해입니다. 중지를 검토하세요.",
}
MORE_OFTEN = {
    "en": "Treated customers reached the goal more often, by {low:.1f} to {high:.1f} percentage points; "
    "in money it is not clear yet.",
    "ko": "메시지 대상 고객의 목표 달성률이 {low:.1f}~{high:.1f}%p 높습니다. 금액으로는 아직 분명하지 않습니다.",
}
LESS_OFTEN = {
    "en": "Treated customers reached the goal less often, by {low:.1f} to {high:.1f} percentage points. "
    "Consider switching it off.",
    "ko": "메시지 대상 고객의 목표 달성률이 {low:.1f}~{high:.1f}%p 낮습니다. 중지를 검토하세요.",
}
STILL_OPEN = {
    "en": "{open} of them still have time.",
    "ko": "그중 {open}명은 아직 기간이 남아 있습니다.",
}
