"""Japan: 特定電子メール法, which holds for e-mail and for text messages."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from dangol.deliver.law.pack import Pack

JP_2008 = Pack(
    key="jp-2008-12-01",
    since=date(2008, 12, 1),
    law={"en": "Act on Regulation of Specified Electronic Mail", "ko": "일본 특정전자메일법"},
    countries=frozenset({"JP"}),
    zone=ZoneInfo("Asia/Tokyo"),
    shows={
        "email": ("name", "address", "contact", "refusal"),
        "sms": ("name", "address", "contact", "refusal"),
    },
    opt_out_days=0,
)

PACKS = (JP_2008,)
