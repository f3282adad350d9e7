"""Korea: 정보통신망법 제50조 with its decree (시행령 61, 62, 62의2, 62의3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

from dangol.deliver.law.pack import Night, Pack, Term

LABEL = "(광고)"  # exactly so; look-alikes such as [광고] are violations
ASKED = frozenset({"email", "sms", "kakao", "webpush"})

KR_2014 = Pack(
    key="kr-2014-11-29",
    since=date(2014, 11, 29),
    law={
        "en": "Network Act, article 50, with its decree",
        "ko": "정보통신망법 제50조 및 시행령",
    },
    countries=frozenset({"KR"}),
    zone=ZoneInfo("Asia/Seoul"),
    implied={"kr_existing_trade": Term(ASKED, months=6)},  # 영 61조 1항: the same kind of goods, six months after
    nights=(
        Night(frozenset({"sms", "webpush"}), time(21), time(8), consent_lifts=True),  # 영 61조 2항: not e-mail
        Night(frozenset({"kakao"}), time(20, 50), time(8), consent_lifts=False),  # Kakao's own window is narrower
    ),
    label=dict.fromkeys(sorted(ASKED), LABEL),
    shows={
        "email": ("name", "email", "phone", "address", "refusal"),
        "sms": ("name", "phone", "free_refusal"),
        "kakao": ("name", "phone", "free_refusal"),
        "webpush": ("name", "refusal"),
    },
    languages={"email": ("ko", "en"), "sms": ("ko",), "kakao": ("ko",), "webpush": ("ko",)},
    opt_out_days=0,
    result_days=14,  # 제50조 7항, 영 62의2
    reconfirm_years=2,  # 영 62의3
)
# The text of Act 21305 asks nothing further of the gate; what it adds for delegates and fines is no rule of sending.
KR_2026 = replace(KR_2014, key="kr-2026-07-07", since=date(2026, 7, 7))

PACKS = (KR_2014, KR_2026)
