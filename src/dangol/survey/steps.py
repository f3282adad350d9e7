"""Satisfaction.

In: the links of a message that asked, and what the customer confirmed.
Out: answers, and a `Survey Answered` fact for each, which moves the customer in the same moment.
Promise: only a confirmation answers, never a look; one delivery has one answer, which may be changed for thirty days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.functional import cached_property

from dangol.base.clock import to_us
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.links import sign, unsign
from dangol.base.parts import parts
from dangol.collect.steps import emit
from dangol.deliver import contents
from dangol.deliver.models import Delivery
from dangol.identity.rules import Moves
from dangol.survey import rules
from dangol.survey.models import Answer, Survey

ROUTE = "s"
CSAT = "csat"
QUESTION = {
    "en": "How satisfied are you with your order?",
    "ko": "이번 주문은 만족스러우셨나요?",
}
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Page:
    """What the page behind a survey link shows."""

    survey: Survey
    delivery: Delivery
    score: int  # the mark the link carries
    answered: Answer | None

    @cached_property
    def choices(self) -> list[tuple[int, str]]:
        """Each mark with the token that chooses it."""
        return [(mark, link(self.delivery.pk, mark)) for mark in range(rules.LOWEST, rules.HIGHEST + 1)]


@dataclass(frozen=True, slots=True)
class Results:
    """What came back on a question."""

    survey: Survey
    asked: int  # messages with the question that went out
    csat: rules.Csat
    latest: list[Answer]


def ensure_ready(now: datetime) -> None:
    """The question every shop starts with; does nothing where it is there."""
    Survey.objects.get_or_create(key=CSAT, defaults={"kind": "csat", "question": QUESTION, "created_at": now})


def link(delivery_id: int, score: int) -> str:
    """The token that a message carries for one mark."""
    return sign(settings.DANGOL.secret, ROUTE, delivery_id, score)


def page(token: str) -> Page:
    """What a survey link leads to; changes nothing. Raises NotFound for a link that is not ours."""
    numbers = unsign(settings.DANGOL.secret, ROUTE, token)
    if numbers is None or len(numbers) != 2 or not rules.LOWEST <= numbers[1] <= rules.HIGHEST:
        raise NotFound("this link leads nowhere")
    delivery = Delivery.objects.filter(pk=numbers[0]).first()
    survey = Survey.objects.filter(key=delivery.message.get("survey", "")).first() if delivery else None
    if delivery is None or survey is None:
        raise NotFound("this link leads nowhere")
    return Page(survey, delivery, numbers[1], Answer.objects.filter(delivery_id=delivery.pk).first())


def answer(token: str, score: int, text: str, now: datetime) -> Answer:
    """Record what the customer confirmed: a mark from 1 to 5 and, if they like, words.

    Raises NotFound for a link that is not ours, Invalid for another mark, Conflict when it is too late to change.
    """
    if not rules.LOWEST <= score <= rules.HIGHEST:
        raise Invalid([Fault("/score", repr(score), f"a whole number from {rules.LOWEST} to {rules.HIGHEST}")])
    with transaction.atomic():
        asked = page(token)
        delivery, before = asked.delivery, asked.answered
        if before and now - before.at > rules.OPEN_FOR:
            raise Conflict("this question was answered a while ago and is closed")
        if before and (before.score, before.answer) == (score, text[:LONGEST_TEXT]):
            return before
        row, _ = Answer.objects.update_or_create(
            delivery_id=delivery.pk,
            defaults={
                "survey": asked.survey,
                "customer_id": delivery.customer_id,
                "home": delivery.home,
                "campaign": delivery.campaign,
                "score": score,
                "answer": text[:LONGEST_TEXT],
                "at": now,
            },
        )
        told = {"survey": asked.survey.key, "score": score, "answer": row.answer}
        emit(
            "Survey Answered",
            delivery.customer_id,
            told | {"campaign": delivery.campaign, "delivery": delivery.pk},
            message_id=f"answer:{delivery.pk}:{to_us(now)}",
            at=now,
        )
        return row


def results(key: str, campaign: str = "") -> Results:
    """What came back on a question, of one campaign or of all. Raises NotFound."""
    survey = Survey.objects.filter(key=key).first()
    if survey is None:
        raise NotFound(f"no survey is called {key}")
    answers = Answer.objects.filter(survey=survey)
    asked = Delivery.objects.filter(state="accepted", content__in=contents.asking(key))
    if campaign:
        answers, asked = answers.filter(campaign=campaign), asked.filter(campaign=campaign)
    scores = list(answers.values_list("score", flat=True))
    return Results(survey, asked.count(), rules.csat(scores), list(answers.order_by("-at")[:20]))


def between(key: str, since: datetime, until: datetime) -> rules.Csat:
    """What came back on a question from `since` on and before `until`."""
    scores = Answer.objects.filter(survey__key=key, at__gte=since, at__lt=until).values_list("score", flat=True)
    return rules.csat(list(scores))


def rehome(moves: Moves) -> None:
    """Give answers to the customers that their homes lead to now."""
    for (before, after), (_, homes) in moves.pairs().items():
        for part in parts(homes):
            Answer.objects.filter(customer_id=before, home__in=part).update(customer_id=after)
