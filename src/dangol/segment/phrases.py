"""The words that rules are told in, English and Korean: comparisons, windows, measures, states."""

from __future__ import annotations

UNITS = {
    "en": {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"},
    "ko": {"s": "초", "m": "분", "h": "시간", "d": "일", "w": "주"},
}
JOIN = {"en": {"all": " and ", "any": " or "}, "ko": {"all": " 그리고 ", "any": " 또는 "}}
EMPTY = {"en": {"all": "everyone", "any": "nobody"}, "ko": {"all": "모든 고객", "any": "아무도 아님"}}

COMPARISONS: dict[str, tuple[str, str]] = {
    "is": ("is {}", "{}임"),
    "is_not": ("is not {}", "{} 아님"),
    "in": ("is one of {}", "{} 중 하나임"),
    "not_in": ("is none of {}", "{} 중 어느 것도 아님"),
    "at_least": ("is at least {}", "{} 이상"),
    "at_most": ("is at most {}", "{} 이하"),
    "over": ("is over {}", "{} 초과"),
    "under": ("is under {}", "{} 미만"),
    "between": ("is between {} and {}", "{}에서 {} 사이"),
    "contains": ("contains {}", "{} 포함"),
    "not_contains": ("does not contain {}", "{} 포함하지 않음"),
    "starts_with": ("begins with {}", "{}(으)로 시작"),
    "not_starts_with": ("does not begin with {}", "{}(으)로 시작하지 않음"),
    "ends_with": ("ends with {}", "{}(으)로 끝남"),
    "not_ends_with": ("does not end with {}", "{}(으)로 끝나지 않음"),
    "matches": ("matches {}", "{} 패턴과 일치"),
    "not_matches": ("does not match {}", "{} 패턴과 불일치"),
    "includes": ("includes {}", "{} 포함"),
    "includes_any": ("includes any of {}", "{} 중 하나 이상 포함"),
    "includes_all": ("includes all of {}", "{} 모두 포함"),
    "includes_none": ("includes none of {}", "{} 중 어느 것도 포함하지 않음"),
    "before": ("is before {}", "{} 전"),
    "after": ("is after {}", "{} 후"),
    "within": ("is within the last {}", "최근 {} 이내"),
    "older_than": ("is more than {} ago", "{}보다 오래됨"),
    "in_next": ("is within the next {}", "앞으로 {} 이내"),
}
HELD: dict[str, tuple[str, str]] = {
    "at_least": ("has been the same for at least {}", "{} 이상 그대로"),
    "at_most": ("has been the same for at most {}", "{} 이하 그대로"),
    "over": ("has been the same for over {}", "{} 넘게 그대로"),
    "under": ("has been the same for under {}", "{} 미만 그대로"),
    "between": ("has been the same for {} to {}", "{}에서 {} 동안 그대로"),
}
WINDOWS: dict[str, tuple[str, str]] = {
    "within": ("in the last {}", "최근 {} 동안"),
    "between": ("between {} and {}", "{}부터 {}까지"),
    "since": ("since {}", "{}부터"),
    "until": ("until {}", "{}까지"),
    "ago": ("{} to {} ago", "{}~{} 전"),
}
PERIODS: dict[str, tuple[str, str]] = {
    "today": ("today", "오늘"),
    "yesterday": ("yesterday", "어제"),
    "this_week": ("this week", "이번 주"),
    "last_week": ("last week", "지난주"),
    "this_month": ("this month", "이번 달"),
    "last_month": ("last month", "지난달"),
    "this_year": ("this year", "올해"),
    "last_year": ("last year", "지난해"),
}
GOT: dict[str, tuple[str, str]] = {
    "sent": ("was sent", "발송됨"),
    "delivered": ("was delivered", "도착함"),
    "opened": ("was opened", "열어 봄"),
    "clicked": ("was clicked", "클릭함"),
    "replied": ("was replied to", "답장함"),
    "bounced": ("bounced", "반송됨"),
    "complained": ("was reported as spam", "스팸 신고됨"),
}
STATES: dict[str, tuple[str, str]] = {
    "granted": ("has consented to", "수신에 동의함"),
    "expired": ("consented once, and no longer, to", "수신 동의 기간이 끝남"),
    "denied": ("has refused", "수신을 거부함"),
    "withdrawn": ("has withdrawn the consent to", "수신 동의를 철회함"),
    "none": ("has never said anything on", "수신 여부를 밝힌 적 없음"),
}
MEASURES: dict[str, tuple[str, str]] = {
    "sum": ("{} in total", "{} 합계"),
    "average": ("{} on average", "{} 평균"),
    "min": ("the least {}", "{} 최솟값"),
    "max": ("the greatest {}", "{} 최댓값"),
    "distinct": ("different values of {}", "서로 다른 {}의 수"),
}

FIGURES: dict[str, tuple[str, str]] = {
    "value_365d": ("the value expected over 365 days", "365일 예상 가치"),
    "churn": ("the chance never to come back", "이탈 확률"),
    "orders_90d": ("the orders expected in 90 days", "90일 예상 주문 수"),
    "next_order_days": ("the days expected to the next order", "다음 주문까지 예상 일수"),
}
CELLS = {
    "champions": "최우수",
    "loyal": "단골",
    "potential-loyalist": "단골 후보",
    "new": "신규",
    "promising": "유망",
    "needs-attention": "관심 필요",
    "about-to-sleep": "휴면 직전",
    "at-risk": "이탈 위험",
    "cant-lose": "놓치면 안 되는",
    "hibernating": "휴면",
    "lost": "이탈",
}
