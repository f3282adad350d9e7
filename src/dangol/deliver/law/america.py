"""The United States: CAN-SPAM for e-mail, TCPA for text messages."""

from __future__ import annotations

from datetime import date, time

from dangol.deliver.law.pack import IMPLIED, Night, Pack, Term

EMAIL = frozenset({"email", "webpush"})

US_2004 = Pack(
    key="us-2004-01-01",
    since=date(2004, 1, 1),
    law={"en": "CAN-SPAM Act and TCPA", "ko": "미국 CAN-SPAM 법 및 TCPA"},
    countries=frozenset({"US"}),
    implied=dict.fromkeys(sorted(IMPLIED), Term(EMAIL)),  # for e-mail the law asks for no consent; Dangol still does
    nights=(Night(frozenset({"sms"}), time(21), time(8), consent_lifts=False),),  # TCPA: 8:00 to 21:00 over there
    shows={"email": ("name", "address", "refusal"), "sms": ("name", "refusal"), "webpush": ("name", "refusal")},
    opt_out_days=14,  # ten business days
    written=frozenset({"sms"}),  # TCPA: prior express written consent
)

PACKS = (US_2004,)
