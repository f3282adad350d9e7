"""The monthly letter: once for each month, in the morning, to the owners, honest in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st

from dangol.base.models import Shop
from dangol.deliver import outcomes
from dangol.deliver.letter import Letter as Mail
from dangol.harvest import letter, letters, steps
from dangol.harvest.letter import Month, Satisfied, Told, written
from dangol.harvest.letters import Beside
from dangol.harvest.lifts import Lift
from dangol.harvest.models import Letter
from tests.harvest.test_steps import Books

SEOUL = ZoneInfo("Asia/Seoul")
FIRST = datetime(2026, 12, 1, 8, 0, tzinfo=SEOUL)
BESIDE = Beside(
    lambda since, until: Satisfied(20, 90.0, 70.0, 97.0),
    lambda now: [({"en": "Welcome", "ko": "환영"}, {"en": "Begin with it.", "ko": "먼저 시작하세요."})],
)
TOLD = Told("Lantern", date(2026, 11, 1), "KRW", Month(1_000, 10, 8, 3), Month(), Month())


class Post:
    """A mail server that takes letters, or does not."""

    local = False

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.works = True

    def hand_over(self, delivery: Any, message: Any) -> outcomes.Outcome:
        message.check()
        if not self.works:
            return outcomes.failed("550 no")
        self.sent.append(message)
        return outcomes.accepted("250 ok")

    def close(self) -> None:
        pass


@pytest.fixture
def books(shop: Shop) -> Books:
    return Books()


@pytest.fixture
def post(books: Books, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    found = Post()
    monkeypatch.setattr(letters, "open_channel", lambda name, config: found)
    monkeypatch.setattr(letters, "sends_email", lambda config: True)
    Shop.objects.update(sender_email="hello@lantern.example", name="Lantern")
    get_user_model().objects.create_superuser("owner", "owner@lantern.example", "x")
    get_user_model().objects.create_user("clerk", "clerk@lantern.example", "x")
    yield found


def settle(now: datetime) -> None:
    while letters.go_on(now, BESIDE):
        pass


@pytest.mark.django_db
def test_it_comes_once_in_the_morning_of_the_first_to_the_owners_only(books: Books, post: Post) -> None:
    books.order(1, FIRST - timedelta(days=3), "100")
    settle(FIRST - timedelta(seconds=1))
    assert not Letter.objects.exists()
    settle(FIRST)
    settle(FIRST)
    settle(FIRST + timedelta(days=20))
    (mail,) = post.sent
    assert (mail.to, mail.marketing) == ("owner@lantern.example", False)
    assert "2026" in mail.subject
    assert Letter.objects.get(pk="2026-11").sent_at == FIRST
    settle(datetime(2027, 1, 1, 9, tzinfo=SEOUL))
    assert len(post.sent) == 2
    assert len({mail.message_id for mail in post.sent}) == 2


@pytest.mark.django_db
def test_an_empty_shop_and_one_that_says_no_get_none(books: Books, post: Post) -> None:
    settle(FIRST)
    assert not Letter.objects.exists()
    books.order(1, FIRST - timedelta(days=3), "100")
    steps.say(None, letter=False, now=FIRST)
    settle(FIRST)
    assert not Letter.objects.exists()
    assert post.sent == []


@pytest.mark.django_db
def test_a_mail_server_that_is_down_is_tried_again_and_not_for_ever(books: Books, post: Post) -> None:
    books.order(1, FIRST - timedelta(days=3), "100")
    post.works = False
    settle(FIRST)
    settle(FIRST + timedelta(minutes=59))
    assert Letter.objects.get().attempts == 1
    post.works = True
    settle(FIRST + timedelta(hours=1))
    (mail,) = post.sent
    assert mail.message_id.startswith("letter.2026-11.")
    post.works = False
    Letter.objects.update(sent_at=None, to=[], attempts=0)
    for hour in range(2, 20):
        settle(FIRST + timedelta(hours=hour))
    assert Letter.objects.get().attempts == letters.MOST_TRIES


@pytest.mark.django_db
def test_a_second_owner_does_not_make_the_first_read_it_twice(books: Books, post: Post) -> None:
    books.order(1, FIRST - timedelta(days=3), "100")
    settle(FIRST)
    get_user_model().objects.create_superuser("other", "other@lantern.example", "x")
    Letter.objects.update(sent_at=None, attempts=0)
    settle(FIRST + timedelta(hours=3))
    assert [mail.to for mail in post.sent] == ["owner@lantern.example", "other@lantern.example"]


@pytest.mark.django_db
def test_a_preview_keeps_nothing(books: Books, post: Post) -> None:
    books.order(1, FIRST - timedelta(days=3), "100")
    month, body = letters.preview(FIRST, BESIDE)
    assert month == "2026-11"
    assert "₩100" in body["ko"]["sections"][0]["lines"][0]
    assert not Letter.objects.exists()


# --- what it says -----------------------------------------------------------------------------------------------------


def lines(told: Told, language: str = "en") -> str:
    return "\n".join(line for section in written(told)[language]["sections"] for line in section["lines"])


def test_a_month_without_orders_says_so() -> None:
    assert "No order came in" in lines(replace(TOLD, now=Month()))
    assert "주문이 없었습니다" in lines(replace(TOLD, now=Month()), "ko")


@pytest.mark.parametrize(
    ("before", "words"), [(500, "100 % more than the month before"), (2_000, "50 % less than the month before")]
)
def test_it_is_compared_with_the_month_before(before: float, words: str) -> None:
    assert words in lines(replace(TOLD, before=Month(before, 1, 1, 0)))


def test_what_campaigns_brought_is_a_range_and_says_when_nothing_is_proved() -> None:
    campaigns = [("Welcome", {"en": "Not enough evidence yet.", "ko": "아직 부족합니다."})]
    clear = lines(replace(TOLD, campaigns=campaigns, money=Lift(200, 100, 300), margins=True))
    assert "between ₩100 and ₩300" in clear
    assert "nothing is proved" not in clear
    unclear = lines(replace(TOLD, campaigns=campaigns, money=Lift(200, -100, 300)))
    assert "between −₩100 and ₩300" in unclear
    assert "nothing is proved" in unclear
    assert "not enough to say" in lines(replace(TOLD, campaigns=campaigns))


def test_satisfaction_is_called_changed_only_where_chance_cannot_explain_it() -> None:
    now, low, near = Satisfied(50, 90, 79, 96), Satisfied(50, 60, 46, 72), Satisfied(50, 84, 71, 92)
    assert "has changed" in lines(replace(TOLD, satisfied=now, satisfied_before=low))
    assert "chance can explain" in lines(replace(TOLD, satisfied=now, satisfied_before=near))
    assert "month before it was" not in lines(replace(TOLD, satisfied=now, satisfied_before=Satisfied(3, 30, 10, 60)))


@given(name=st.text(max_size=40), shop=st.text(max_size=40))
def test_whatever_a_campaign_is_called_is_text(name: str, shop: str) -> None:
    told = replace(TOLD, shop=shop, campaigns=[(f"<b>{name}", {"en": "x", "ko": "y"})])
    for language, said in written(told).items():
        assert "<b>" not in letter.as_html(said, "https://x.example/harvest/letters", language)
        assert letter.as_text(said, "https://x.example/harvest/letters", language)
