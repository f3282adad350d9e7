"""Canada: the anti-spam legislation (CASL)."""

from __future__ import annotations

from datetime import date

from dangol.deliver.law.pack import Pack, Term

MESSAGES = frozenset({"email", "sms", "kakao", "webpush"})
SHOWS = ("name", "address", "contact", "refusal")

CA_2014 = Pack(
    key="ca-2014-07-01",
    since=date(2014, 7, 1),
    law={"en": "CASL, section 10", "ko": "캐나다 CASL 제10조"},
    countries=frozenset({"CA"}),
    implied={
        "casl_purchase": Term(MESSAGES, months=24),
        "casl_inquiry": Term(MESSAGES, months=6),
    },
    shows=dict.fromkeys(sorted(MESSAGES), SHOWS),
    opt_out_days=14,  # ten business days
)

PACKS = (CA_2014,)
