"""What the monthly letter to the owner says, in plain words, in English and Korean. Pure."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_currency

from dangol.harvest.lifts import UNKNOWN, Lift

LOCALES = {"en": "en_US", "ko": "ko_KR"}
LANGUAGES = tuple(LOCALES)
FEW_ANSWERS = 10  # below, a share is told as a range only
Texts = Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Satisfied:
    """The share of answers that were 4 or 5 of 5, in per cent, with its 95 % interval."""

    answers: int = 0
    per_cent: float | None = None
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True, slots=True)
class Month:
    """What came in in one month."""

    net: float = 0.0
    orders: int = 0
    buyers: int = 0
    new: int = 0  # of these, who had never ordered before
    left: float | None = None  # goods and messages paid; empty where goods' costs are not known
    messages: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """Everything the letter is written from."""

    shop: str
    month: date  # its first day
    currency: str
    now: Month
    before: Month
    year_before: Month
    money: Lift = UNKNOWN  # what all campaigns brought up to the end of the month
    margins: bool = False  # whether goods are paid in it
    campaigns: Sequence[tuple[str, Texts]] = field(default_factory=list)  # name, what is known
    satisfied: Satisfied = field(default_factory=Satisfied)
    satisfied_before: Satisfied = field(default_factory=Satisfied)
    next: Sequence[tuple[Texts, Texts]] = field(default_factory=list)  # play, why


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its sentences."""

    title: str
    lines: list[str]


def written(told: Told) -> dict[str, dict[str, Any]]:
    """The letter by language: subject and sections."""
    return {language: _in(told, language) for language in LANGUAGES}


def _in(told: Told, language: str) -> dict[str, Any]:
    say, month = SAYS[language], _month(told.month, language)
    parts = (_came_in, _campaigns, _satisfied, _next)
    sections = [{"title": say[part.__name__], "lines": part(told, language)} for part in parts]
    return {"subject": say["subject"].format(shop=told.shop, month=month), "month": month, "sections": sections}


def _came_in(told: Told, language: str) -> list[str]:
    say, now = SAYS[language], told.now
    if not now.orders:
        return [say["no_orders"]]
    lines = [
        say["net"].format(
            net=_money(now.net, told, language), orders=_number(now.orders), buyers=_number(now.buyers),
            new=_number(now.new),
        )
    ]  # fmt: skip
    for name, other in (("before", told.before), ("year", told.year_before)):
        if other.orders:
            change = 100 * (now.net - other.net) / other.net if other.net else 0.0
            word = say["more"] if change >= 0 else say["less"]
            lines.append(
                say[name].format(net=_money(other.net, told, language), change=f"{abs(change):.0f}", word=word)
            )
    if now.left is None:
        lines.append(say["goods_unknown"].format(messages=_money(now.messages, told, language)))
    else:
        lines.append(say["left"].format(left=_money(now.left, told, language)))
    return lines


def _campaigns(told: Told, language: str) -> list[str]:
    say, money = SAYS[language], told.money
    if not told.campaigns:
        return [say["no_campaigns"]]
    lines = [say["unclear"]]
    if money.low is not None and money.high is not None:
        ends = {"low": _money(money.low, told, language), "high": _money(money.high, told, language)}
        sentence = say["margins" if told.margins else "revenue"].format(**ends)
        lines = [sentence if money.clear else f"{sentence} {say['zero_inside']}"]
    return lines + [f"{name}: {known.get(language, known['en'])}" for name, known in told.campaigns]


def _satisfied(told: Told, language: str) -> list[str]:
    say, now, before = SAYS[language], told.satisfied, told.satisfied_before
    if not now.answers or now.per_cent is None:
        return [say["no_answers"]]
    shown = f"{now.low:.0f}–{now.high:.0f} %" if now.answers < FEW_ANSWERS else f"{now.per_cent:.0f} %"
    lines = [say["csat"].format(shown=shown, answers=now.answers, low=f"{now.low:.0f}", high=f"{now.high:.0f}")]
    if before.per_cent is not None and min(now.answers, before.answers) >= FEW_ANSWERS:
        apart = now.low > before.high or now.high < before.low
        changed = "csat_changed" if apart else "csat_same"
        lines.append(say[changed].format(before=f"{before.per_cent:.0f}"))
    return lines


def _next(told: Told, language: str) -> list[str]:
    if not told.next:
        return [SAYS[language]["nothing_next"]]
    return [f"{name.get(language, name['en'])}: {why.get(language, why['en'])}" for name, why in told.next]


def _money(amount: float, told: Told, language: str) -> str:
    found = format_currency(round(amount), told.currency or "USD", "¤#,##0", LOCALES[language], currency_digits=False)
    return str(found).replace("-", "−")


def _number(count: int) -> str:
    return f"{count:,}"


def _month(month: date, language: str) -> str:
    return str(format_skeleton("yMMMM", month, locale=LOCALES[language]))


def as_text(letter: Mapping[str, Any], address: str, language: str) -> str:
    """The letter without markup."""
    parts = [f"{one['title']}\n" + "\n".join(f"- {line}" for line in one["lines"]) for one in letter["sections"]]
    return "\n\n".join([*parts, SAYS[language]["foot"].format(address=address)]) + "\n"


def as_html(letter: Mapping[str, Any], address: str, language: str) -> str:
    """The letter as mail programs show it: nothing is loaded, nothing is counted."""
    parts = "".join(
        f'<h2 style="font-size:16px;margin:24px 0 6px">{html.escape(one["title"])}</h2>'
        + '<ul style="margin:0;padding-left:20px">'
        + "".join(f'<li style="margin:4px 0">{html.escape(line)}</li>' for line in one["lines"])
        + "</ul>"
        for one in letter["sections"]
    )
    foot = SAYS[language]["foot"].format(address=f'<a href="{html.escape(address)}">{html.escape(address)}</a>')
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(letter["subject"])}'
        '</title></head><body style="margin:0 auto;max-width:600px;padding:16px;'
        "font:15px/1.65 -apple-system,'Segoe UI',"
        "'Apple SD Gothic Neo','Noto Sans KR',sans-serif;color:#1f2b29;word-break:keep-all\">"
        f'<h1 style="font-size:20px;margin:0">{html.escape(letter["subject"])}</h1>{parts}'
        f'<p style="margin:28px 0 0;color:#64716d;font-size:13px">{foot}</p></body></html>'
    )


SAYS: dict[str, dict[str, str]] = {
    "en": {
        "subject": "{shop}: {month} in plain words",
        "_came_in": "What came in",
        "_campaigns": "What the campaigns really brought",
        "_satisfied": "Are customers satisfied?",
        "_next": "What to do next",
        "no_orders": "No order came in that month.",
        "net": "{net} from {orders} orders of {buyers} customers, refunds taken off. {new} of them "
        "bought for the first "
        "time.",
        "before": "That is {change} % {word} than the month before ({net}).",
        "year": "In the same month a year ago it was {net}: {change} % {word} now.",
        "more": "more",
        "less": "less",
        "left": "With goods and messages paid, {left} is left.",
        "goods_unknown": "Messages cost {messages}. What is left once the goods are paid cannot be "
        "told: their cost is not "
        "known for every order, and no usual margin was said.",
        "no_campaigns": "No campaign has run yet.",
        "unclear": "There is not enough to say yet: it takes buyers among those who were left alone, too.",
        "margins": "Since they began, all together left between {low} and {high} that would not be "
        "there without them, "
        "goods, messages and coupons paid.",
        "revenue": "Since they began, all together brought between {low} and {high} that would not "
        "have come without them, "
        "messages and coupons paid. Goods are not paid in it.",
        "zero_inside": "Zero lies between them, so nothing is proved yet.",
        "no_answers": "Nobody answered a question in that month.",
        "csat": "{shown} were satisfied (4 or 5 of 5), of {answers} answers; the truth lies between "
        "{low} and {high} %.",
        "csat_changed": "The month before it was {before} %: that has changed.",
        "csat_same": "The month before it was {before} %: a difference that chance can explain.",
        "nothing_next": "All that the plan would begin with runs already.",
        "foot": "This letter comes on the first of each month. It can be switched off at {address}.",
    },
    "ko": {
        "subject": "{shop} {month} 이야기",
        "_came_in": "들어온 매출",
        "_campaigns": "캠페인이 실제로 더한 것",
        "_satisfied": "고객은 만족하셨나요",
        "_next": "다음에 하실 일",
        "no_orders": "그달에는 주문이 없었습니다.",
        "net": "환불을 빼고 {net}, 주문 {orders}건, 고객 {buyers}명입니다. 그중 {new}명이 처음 구매했습니다.",
        "before": "지난달({net})보다 {change}% {word}.",
        "year": "작년 같은 달은 {net}이었고, 그때보다 {change}% {word}.",
        "more": "많습니다",
        "less": "적습니다",
        "left": "상품 원가와 메시지 비용을 빼면 {left}이 남습니다.",
        "goods_unknown": "메시지 비용은 {messages}입니다. 상품 원가를 모르는 주문이 있고 평소 "
        "마진율도 적혀 있지 않아, 원가를 뺀 "
        "금액은 말씀드릴 수 없습니다.",
        "no_campaigns": "아직 실행한 캠페인이 없습니다.",
        "unclear": "아직 말씀드릴 만큼 쌓이지 않았습니다. 메시지를 보내지 않은 대조군에서도 구매가 있어야 합니다.",
        "margins": "시작한 뒤로 모두 합해, 캠페인이 없었다면 없었을 이익이 {low}~{high}입니다. 상품 "
        "원가와 메시지·쿠폰 비용을 뺀 "
        "금액입니다.",
        "revenue": "시작한 뒤로 모두 합해, 캠페인이 없었다면 없었을 매출이 {low}~{high}입니다. "
        "메시지·쿠폰 비용을 뺐고 상품 원가는 "
        "빼지 않았습니다.",
        "zero_inside": "0이 그 사이에 있으므로 아직 증명된 것은 없습니다.",
        "no_answers": "그달에 질문에 답한 고객이 없습니다.",
        "csat": "답변 {answers}건 중 {shown}가 만족(5점 중 4~5점)했습니다. 실제 값은 {low}~{high}% 사이입니다.",
        "csat_changed": "지난달은 {before}%였습니다. 달라졌다고 볼 수 있습니다.",
        "csat_same": "지난달은 {before}%였습니다. 우연으로 설명되는 차이입니다.",
        "nothing_next": "계획의 첫머리에 있는 일은 모두 이미 실행 중입니다.",
        "foot": "이 편지는 매달 1일에 보내 드립니다. {address} 에서 끌 수 있습니다.",
    },
}
