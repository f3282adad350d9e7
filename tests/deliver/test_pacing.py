"""What receiving domains bear: new senders grow day by day, and trouble with one domain holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import channels, outcomes, pace, pacing, steps
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery, OutboxMessage, Receiver, Warming
from dangol.deliver.outcomes import Outcome
from dangol.deliver.pace import Pace
from tests.conftest import NOON
from tests.deliver.post import customer, run, send

# --- the rules ------------------------------------------------------------------------------------------------------


def test_a_domain_that_puts_off_is_slowed_then_left_alone_longer_each_time() -> None:
    now, rates, rests = NOON, [], []
    found = Pace()
    for _ in range(pace.FEW - 1):
        found = found.put_off(1_200, now)
        rates.append(found.rate)
    assert (rates, found.until) == ([600, 300, 150, 75], None)
    for _ in range(8):
        found = found.put_off(1_200, now)
        assert found.until
        assert found.put_off(1_200, now) == found, "what was under way says nothing more"
        rests.append(found.until - now)
        now = found.until
    assert [rest.total_seconds() / 60 for rest in rests] == [5, 15, 30, 60, 120, 240, 240, 240]
    assert found.took(1_200) == Pace(pace.SLOWEST + 1)


@pytest.mark.parametrize("full", [0, 60, 1_200])
def test_what_is_taken_leads_back_to_full_speed(full: int) -> None:
    found, letters = Pace(pace.SLOWEST), 0
    while found.rate is not None:
        found, letters = found.took(full), letters + 1
    assert (found, letters < 100) == (Pace(), True)


@pytest.mark.parametrize(("first", "days", "most"), [(500, 1, 500), (500, 4, 4_000), (500, 15, None), (0, 1, None)])
def test_the_letters_of_a_new_sender(first: int, days: int, most: int | None) -> None:
    assert pace.allowance(first, days) == most


# --- on the ledger --------------------------------------------------------------------------------------------------


@dataclass
class Post:
    """A mail server behind which domains do as they are told; it touches no table."""

    answers: Callable[[str], Outcome] = lambda domain: outcomes.accepted("250 ok")
    tried: list[str] = field(default_factory=list)  # the domains of letters
    lanes = 2
    local = False
    paced = True

    def hand_over(self, delivery: Delivery, letter: Letter) -> Outcome:
        return next(self.hand_over_many([(delivery, letter)]))

    def hand_over_many(self, letters: Sequence[tuple[Delivery, Letter]]) -> Iterator[Outcome]:
        for _, letter in letters:
            domain = letter.to.rpartition("@")[2]
            self.tried.append(domain)
            yield self.answers(domain)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def post(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Post:
    settings.DANGOL = replace(settings.DANGOL, warm_up=0, receiving_rate=0)
    made = Post()
    monkeypatch.setitem(channels.CHANNELS, "email", lambda config: made)
    return made


def plan(numbers: range, now: datetime, domain: str, **more: Any) -> None:
    for number in numbers:
        customer(number, now, email=f"c{number}@{domain}")
    steps.plan([send(number, now, **more) for number in numbers], now)


def busy(domain: str) -> Outcome:
    refused = outcomes.of_reply("rcpt", 421, "4.7.0 c1@gmail.com: too many letters")
    return refused if domain == "gmail.com" else outcomes.accepted("250 ok")


def waiting(rule: str) -> int:
    return sum(row.decision[-1]["rules"] == [rule] for row in Delivery.objects.exclude(state="accepted"))


pytestmark = pytest.mark.django_db


def test_a_domain_that_puts_off_rests_and_no_other_waits_for_it(post: Post, clock: SetClock) -> None:
    post.answers = busy
    plan(range(1, 41), clock.now(), "gmail.com")
    plan(range(101, 141), clock.now(), "naver.com")
    run(clock)
    tried = post.tried.count("gmail.com")
    assert tried < 40
    assert post.tried.count("naver.com") == 40
    assert waiting("receiver_rests") == 40 - tried
    assert not Delivery.objects.filter(state__in=("bounced", "failed")).exists()
    row = Receiver.objects.get()
    assert (row.domain, row.answer, row.until) == ("gmail.com", "421 4.7.0", clock.now() + timedelta(minutes=5))
    assert [one.domain for one in pacing.in_trouble()] == ["gmail.com"]


def test_after_its_rest_one_letter_tries_a_domain_and_what_it_takes_opens_it(post: Post, clock: SetClock) -> None:
    post.answers = busy
    plan(range(1, 41), clock.now(), "gmail.com", message_class="transactional")
    run(clock)
    before = len(post.tried)
    clock.advance(timedelta(minutes=5))
    run(clock)
    assert len(post.tried) == before + 1, "still put off: one letter found out"
    assert Receiver.objects.get().until == clock.now() + timedelta(minutes=15)
    post.answers = lambda domain: outcomes.accepted("250 ok")
    for _ in range(6):
        clock.advance(timedelta(minutes=15))
        run(clock)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}
    row = Receiver.objects.get()
    assert (row.rests, row.until, (row.rate or 0) > 10 * pace.SLOWEST) == (0, None, True)


def test_trouble_with_our_own_server_is_no_domains_fault(post: Post, clock: SetClock) -> None:
    post.answers = lambda domain: outcomes.of_reply("mail", 451, "4.3.0 our own server is full")
    plan(range(1, 11), clock.now(), "gmail.com")
    run(clock)
    assert not Receiver.objects.exists()


def test_a_domain_gets_so_many_letters_a_minute(post: Post, clock: SetClock, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, receiving_rate=15)
    plan(range(1, 41), clock.now(), "gmail.com")
    plan(range(101, 111), clock.now(), "naver.com")
    left = []
    for _ in range(3):
        run(clock)
        left.append((post.tried.count("gmail.com"), post.tried.count("naver.com")))
        clock.advance(timedelta(minutes=1))
    assert left == [(15, 10), (30, 10), (40, 10)]


def test_a_new_sender_grows_by_the_day_and_orders_never_wait(post: Post, clock: SetClock, settings: Any) -> None:
    settings.DANGOL = replace(settings.DANGOL, warm_up=10)
    now = clock.now()
    plan(range(1, 61), now, "gmail.com", expires_at=None)
    plan(range(101, 104), now, "gmail.com", message_class="transactional")
    left = []
    for _ in range(3):
        run(clock)
        left.append(Delivery.objects.filter(state="accepted").count())
        shown = pacing.warming(clock.now())
        clock.advance(timedelta(days=1))
    assert left == [13, 33, 63]
    assert shown
    assert (shown[0].domain, shown[0].days, shown[1]) == ("shop.example", 3, 40)


def test_a_sender_that_sent_before_needs_no_warming_but_the_outbox_is_no_sending(
    post: Post, clock: SetClock, settings: Any
) -> None:
    plan(range(1, 21), clock.now(), "gmail.com")
    run(clock)
    clock.advance(timedelta(days=1))
    settings.DANGOL = replace(settings.DANGOL, warm_up=10)
    assert pacing._known(clock.now())
    for row in Delivery.objects.all()[:11]:
        OutboxMessage.objects.create(delivery=row, channel="email", to="", subject="", text="", html="", at=clock.now())
    assert not pacing._known(clock.now())
    assert not Warming.objects.exists()
