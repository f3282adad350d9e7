"""Asking, looking, answering, changing one's mind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Conflict, Invalid, NotFound
from dangol.base.links import sign
from dangol.collect.models import Outgoing
from dangol.deliver import contents
from dangol.deliver.models import Delivery
from dangol.identity.rules import Moves
from dangol.profile.models import Fact
from dangol.survey import rules, steps
from dangol.survey.models import Answer, Survey
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def asked(kit: Kit, clock: SetClock) -> Delivery:
    """A message with the question, accepted by the channel, for a customer of the shop."""
    steps.ensure_ready(clock.now())
    kit.identify("ann", {"email": "ann@example.com"})
    kit.run()
    return ask(kit.customer("ann"), clock)


def ask(customer: int, clock: SetClock, campaign: str = "thanks", survey: str = "csat") -> Delivery:
    return Delivery.objects.create(
        campaign=campaign, step="thanks", customer_id=customer, home=customer, trigger=f"t{customer}", channel="email",
        message_class="transactional", content=contents.keep([{"survey": survey}])[0], state="accepted",
        planned_at=clock.now(), due_at=clock.now(),
    )  # fmt: skip


def told(customer: int) -> list[dict[str, Any]]:
    rows = Fact.objects.filter(customer_id=customer, name="Survey Answered").order_by("at", "position")
    return [msgspec.json.decode(row.properties) for row in rows]


def test_the_question_is_there_once_however_often_the_shop_opens(shop: object, clock: SetClock) -> None:
    steps.ensure_ready(clock.now())
    Survey.objects.filter(key="csat").update(question={"en": "Our own words?"})
    steps.ensure_ready(clock.now())
    assert Survey.objects.get().question == {"en": "Our own words?"}, "what people wrote is not overwritten"


def test_looking_changes_nothing(asked: Delivery, kit: Kit) -> None:
    for score in (1, 5, 1):
        page = steps.page(steps.link(asked.pk, score))
        assert (page.score, page.answered) == (score, None)
    assert [mark for mark, _ in page.choices] == [1, 2, 3, 4, 5]
    assert {steps.page(token).score for _, token in page.choices} == {1, 2, 3, 4, 5}
    kit.run()
    assert not Answer.objects.exists()
    assert not Outgoing.objects.exists()


def test_an_answer_is_kept_and_becomes_a_fact(asked: Delivery, kit: Kit, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 4), 4, "잘 받았어요", clock.now())
    kit.run()
    answer = Answer.objects.get()
    assert (answer.score, answer.answer, answer.campaign, answer.at) == (4, "잘 받았어요", "thanks", clock.now())
    assert told(asked.customer_id) == [
        {"survey": "csat", "score": 4, "answer": "잘 받았어요", "campaign": "thanks", "delivery": asked.pk}
    ]


def test_the_mark_that_was_confirmed_counts_not_the_one_in_the_link(asked: Delivery, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 5), 2, "", clock.now())
    assert Answer.objects.get().score == 2


def test_a_second_answer_replaces_the_first_and_is_told_too(asked: Delivery, kit: Kit, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 1), 1, "", clock.now())
    clock.advance(3 * DAY)
    steps.answer(steps.link(asked.pk, 5), 5, "settled", clock.now())
    kit.run()
    assert Answer.objects.get().score == 5
    assert [fact["score"] for fact in told(asked.customer_id)] == [1, 5]


def test_the_same_answer_sent_twice_is_one(asked: Delivery, kit: Kit, clock: SetClock) -> None:
    for _ in range(3):
        steps.answer(steps.link(asked.pk, 3), 3, "ok", clock.now())
        clock.advance(timedelta(seconds=2))
    kit.run()
    assert len(told(asked.customer_id)) == 1


def test_after_thirty_days_an_answer_stands(asked: Delivery, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 1), 1, "", clock.now())
    clock.advance(rules.OPEN_FOR)
    steps.answer(steps.link(asked.pk, 2), 2, "", clock.now())
    clock.advance(rules.OPEN_FOR + timedelta(microseconds=1))
    with pytest.raises(Conflict):
        steps.answer(steps.link(asked.pk, 5), 5, "", clock.now())
    assert Answer.objects.get().score == 2


@pytest.mark.parametrize("score", [0, 6, -1, 100])
def test_marks_are_one_to_five(asked: Delivery, clock: SetClock, score: int) -> None:
    with pytest.raises(Invalid):
        steps.answer(steps.link(asked.pk, 5), score, "", clock.now())
    assert not Answer.objects.exists()


def test_links_that_lead_nowhere(asked: Delivery, clock: SetClock, settings: Any) -> None:
    secret = settings.DANGOL.secret
    silent = ask(99, clock, survey="")
    wrong = [
        "", "x", "é", steps.link(asked.pk, 3)[:-1] + "!", steps.link(asked.pk + 1_000, 3), steps.link(silent.pk, 3),
        sign(secret, "u", asked.pk, 3), sign(secret, "s", asked.pk), sign(secret, "s", asked.pk, 9),
        sign(b"another secret", "s", asked.pk, 3),
    ]  # fmt: skip
    for token in wrong:
        with pytest.raises(NotFound):
            steps.page(token)
        with pytest.raises(NotFound):
            steps.answer(token, 3, "", clock.now())
    assert not Answer.objects.exists()


def test_a_novel_is_cut(asked: Delivery, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 3), 3, "가" * 5_000, clock.now())
    assert len(Answer.objects.get().answer) == steps.LONGEST_TEXT


def test_results_overall_and_of_one_campaign(asked: Delivery, clock: SetClock) -> None:
    for customer, score, campaign in ((11, 5, "thanks"), (12, 1, "thanks"), (13, 4, "autumn")):
        delivery = ask(customer, clock, campaign)
        steps.answer(steps.link(delivery.pk, score), score, "", clock.now())
    everything, autumn = steps.results("csat"), steps.results("csat", "autumn")
    assert (everything.asked, everything.csat.answers, everything.csat.satisfied) == (4, 3, 2)
    assert (autumn.asked, autumn.csat.answers, autumn.csat.per_cent) == (1, 1, 100)
    assert [answer.customer_id for answer in autumn.latest] == [13]
    with pytest.raises(NotFound):
        steps.results("nps")


def test_answers_follow_a_merge(asked: Delivery, clock: SetClock) -> None:
    steps.answer(steps.link(asked.pk, 3), 3, "", clock.now())
    steps.rehome(Moves(homes=[(asked.customer_id, asked.customer_id, 77)]))
    assert Answer.objects.get().customer_id == 77
