"""The European Economic Area and the United Kingdom: GDPR and the ePrivacy Directive (UK: UK GDPR and PECR)."""

from __future__ import annotations

from datetime import date

from dangol.deliver.law.pack import Pack, Term

MEMBERS = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
# ePrivacy 13(2): own similar products, and the customer could refuse when the address was taken and in each message.
SOFT = Term(frozenset({"email", "sms"}), refusal_offered=True)
SHOWS = {
    "email": ("name", "address", "refusal"),
    "sms": ("name", "refusal"),
    "kakao": ("name", "refusal"),
    "webpush": ("name", "refusal"),
}

EU_2018 = Pack(
    key="eu-2018-05-25",
    since=date(2018, 5, 25),
    law={"en": "GDPR and ePrivacy Directive, article 13", "ko": "유럽 GDPR 및 ePrivacy 지침 제13조"},
    countries=MEMBERS,
    implied={"soft_opt_in": SOFT},
    shows=SHOWS,
    opt_out_days=0,
)
GB_2021 = Pack(
    key="gb-2021-01-01",
    since=date(2021, 1, 1),
    law={"en": "UK GDPR and PECR, regulation 22", "ko": "영국 UK GDPR 및 PECR 제22조"},
    countries=frozenset({"GB"}),
    implied={"soft_opt_in": SOFT},
    shows=SHOWS,
    opt_out_days=0,
)

PACKS = (EU_2018, GB_2021)
