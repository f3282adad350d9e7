"""Progressive profiling: the one thing not yet known of a customer that would help most, and the asking for it.

In: what is known of a customer; which traits the shop's active segments and campaigns use.
Out: one question, with the reason, and its answer as an ordinary `identify` fact.
Promise: one question at a time, never one that nothing in the shop would use, and never consent in disguise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from dangol.base.clock import to_us
from dangol.base.errors import Fault, Invalid
from dangol.campaign import steps as campaign
from dangol.campaign.book import plan_of
from dangol.campaign.models import Campaign
from dangol.collect.steps import emit_identify
from dangol.profile import steps as profile
from dangol.segment import reads as segments

LONGEST = 200  # characters of an answer
USED = re.compile(r"customer\.([A-Za-z_]\w*)")
SAME = {"first_name": "firstName", "last_name": "lastName"}  # a template's word → the trait


@dataclass(frozen=True, slots=True)
class Question:
    """How one trait is asked for, by language."""

    words: dict[str, str]
    kind: str = "text"  # of the form's field: text, date, email, tel
    worth: int = 0  # what knowing it brings by itself, in uses


QUESTIONS = {
    "email": Question({"en": "What is your e-mail address?", "ko": "이메일 주소를 알려 주세요."}, "email", 100),
    "firstName": Question({"en": "What may we call you?", "ko": "어떻게 불러 드릴까요?"}, worth=1),
    "birthday": Question({"en": "When is your birthday?", "ko": "생일이 언제인가요?"}, "date", 1),
    "phone": Question({"en": "What is your telephone number?", "ko": "전화번호를 알려 주세요."}, "tel"),
    "city": Question({"en": "Which city do you live in?", "ko": "어느 도시에 사시나요?"}),
}
ANY = Question({"en": "Please tell us: {trait}", "ko": "알려 주세요: {trait}"})
NOT_ASKED = {"language", "locale", "id", "name", "orders", "createdAt", "lastName", "avatar"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The one question for a customer."""

    trait: str
    question: dict[str, str]
    kind: str
    segments: int  # active ones whose rule looks at the trait
    campaigns: int  # active ones whose messages name it, or whose conditions look at it


@dataclass(frozen=True, slots=True)
class Uses:
    """How many active segments and campaigns use each trait."""

    segments: Mapping[str, int]
    campaigns: Mapping[str, int]


def uses() -> Uses:
    """What the shop would do with each trait."""
    named: Counter[str] = Counter()
    for definition in Campaign.objects.filter(state="active").values_list("definition", flat=True):
        asked = [segments.traits_in(rule) for rule in campaign.rules_of(plan_of(definition).definition)]
        named.update({SAME.get(word, word) for word in USED.findall(str(definition))}.union(*asked))
    return Uses(segments.traits_used(), named)


def choose(known: Mapping[str, Any], email: str, used: Uses) -> Asked | None:
    """The most useful of what is missing; None where all that would be used is known. Pure."""
    traits = {**known, **({"email": email} if email else {})}
    candidates = [
        trait
        for trait in {*QUESTIONS, *used.segments, *used.campaigns} - NOT_ASKED
        if traits.get(trait) in (None, "") and _worth(trait, used)
    ]
    if not candidates:
        return None
    trait = min(candidates, key=lambda one: (-_worth(one, used), one))
    asked = QUESTIONS.get(trait, ANY)
    words = {language: text.format(trait=trait) for language, text in asked.words.items()}
    return Asked(trait, words, asked.kind, used.segments.get(trait, 0), used.campaigns.get(trait, 0))


def _worth(trait: str, used: Uses) -> int:
    own = QUESTIONS[trait].worth if trait in QUESTIONS else 0
    return own + 10 * used.segments.get(trait, 0) + 10 * used.campaigns.get(trait, 0)


def next_question(customer_id: int, used: Uses | None = None) -> Asked | None:
    """What to ask a customer next."""
    row = profile.get(customer_id)
    return choose(row.traits, row.email, used or uses()) if row else None


def answer(customer_id: int, trait: str, text: str, channel: str, now: datetime) -> None:
    """Keep what a customer told us; an empty answer is none. Raises Invalid for what the question cannot take."""
    text = text.strip()
    if not text:
        return
    asked = QUESTIONS.get(trait, ANY)
    if len(text) > LONGEST:
        raise Invalid([Fault(f"/{trait}", f"{len(text)} characters", f"at most {LONGEST}")])
    if asked.kind == "date" and not _is_date(text):
        raise Invalid([Fault(f"/{trait}", text, "a date such as 1990-05-21")])
    with transaction.atomic():
        emit_identify(
            customer_id, {trait: text}, {"channel": channel}, message_id=f"told:{customer_id}:{trait}:{to_us(now)}",
            at=now,
        )  # fmt: skip


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
