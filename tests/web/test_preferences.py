"""The customer's own page: topics, channels, how often, nothing any more; no sign-in, and nothing by a look."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dangol import loop
from dangol.base.clock import SetClock
from dangol.deliver import gate, preferences, rules
from dangol.deliver.models import Content, Delivery
from dangol.profile import consents
from dangol.profile import topics as words
from dangol.profile.models import Fact, Profile
from dangol.segment import topics
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
AGENT = {"User-Agent": "Mozilla/5.0 (X11) Firefox/140"}


def page_of(delivery: Delivery, kind: str = "p") -> str:
    if kind == "p":
        return f"/p/{preferences.link(delivery.pk)}"
    return next(iter(re.findall(rf"/{kind}/[\w-]+", delivery.outbox.html)))


def post(delivery: Delivery, told: dict[str, Any], kind: str = "p") -> str:
    answer = Client(enforce_csrf_checks=True).post(page_of(delivery, kind), told, headers=AGENT)
    assert (answer.status_code, dict(answer.cookies)) == (200, {})
    return answer.content.decode()


def states(customer: int) -> dict[tuple[str, str], str]:
    return {(row.channel, row.purpose): row.state for row in consents.Consent.objects.filter(customer_id=customer)}


def newest(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Fact.objects.filter(name=name).order_by("-position")[0].properties)
    return told


@pytest.fixture
def about_news(letter: Delivery, clock: SetClock) -> Delivery:
    """The letter, about a topic that is opt-out; the shop has another, to which nobody is subscribed."""
    topics.save("news", {"name": {"en": "The news", "ko": "새 소식"}, "kind": "opt_out"}, clock.now())
    topics.save("sales", {"name": {"en": "Sales"}, "description": {"en": "Twice a year"}}, clock.now())
    body = Content.objects.get(pk=letter.content).body
    Content.objects.create(key="about-news", body={**body, "topic": "news"})
    letter.content = "about-news"
    letter.save(update_fields=["content"])
    return letter


def test_a_look_shows_what_stands_and_changes_nothing(happened: Kit, about_news: Delivery) -> None:
    before = Fact.objects.count()
    for kind in ("p", "u"):
        for method in ("get", "head"):
            assert getattr(Client(), method)(page_of(about_news, kind)).status_code == 200
    page = Client().get(page_of(about_news)).content.decode()
    assert 'lang="ko"' in page
    assert re.search(r'name="topic" value="news"\s+checked', page)
    assert re.search(r'name="topic" value="sales">', page)
    assert "새 소식" in page
    assert re.search(r'name="channel" value="email"\s+checked', page)
    happened.run()
    assert Fact.objects.count() == before


def test_topics_are_chosen_with_proof_and_count_at_once(happened: Kit, about_news: Delivery) -> None:
    customer = about_news.customer_id
    shown = {"topic.shown": ["news", "sales"], "topic": ["sales"], "channel.shown": ["email"], "channel": ["email"]}
    page = post(about_news, shown)
    assert re.search(r'name="topic" value="sales"\s+checked', page)
    assert words.subscribed([customer], ["news", "sales"]) == {(customer, "news"): False, (customer, "sales"): True}
    assert not gate.questions([about_news], happened.clock.now())[0].subscribed, "before the loop has seen it"
    happened.run()
    told = newest("Topic Changed")
    assert (told["form"], told["user_agent"], told["delivery"]) == ("preferences", AGENT["User-Agent"], about_news.pk)
    assert told["ip"]
    assert Fact.objects.filter(name="Topic Changed").count() == 2
    assert states(customer)["email", "marketing"] == "granted", "what stays as it stands is no word"
    post(about_news, shown)
    happened.run()
    assert Fact.objects.filter(name="Topic Changed").count() == 2


def test_what_the_page_did_not_show_is_not_refused(happened: Kit, about_news: Delivery) -> None:
    post(about_news, {})
    post(about_news, {"topic.shown": ["nonsense"], "topic": ["nonsense"], "channel.shown": ["pigeon"]})
    happened.run()
    assert Fact.objects.filter(name="Topic Changed").count() == 0
    assert states(about_news.customer_id) == {("email", "marketing"): "granted"}


def test_each_channel_is_chosen_for_itself(happened: Kit, about_news: Delivery, clock: SetClock) -> None:
    kit, customer = happened, about_news.customer_id
    kit.identify(Profile.objects.get(pk=customer).user_id, {"phone": "+82 10-1234-5678"})
    kit.run()
    both = {"channel.shown": ["email", "sms", "kakao"]}
    post(about_news, {**both, "channel": ["email", "sms"]})
    kit.run()
    assert states(customer) == {("email", "marketing"): "granted", ("sms", "marketing"): "granted"}
    told = newest("Consent Changed")
    assert (told["channel"], told["basis"], told["form"]) == ("sms", "explicit", "preferences")
    assert told["wording"]
    clock.advance(timedelta(minutes=1))
    page = post(about_news, {**both, "channel": ["email"]})
    assert re.search(r'name="channel" value="sms">', page)
    assert re.search(r'name="channel" value="sms">', Client().get(page_of(about_news)).content.decode()), "at once"
    kit.run()
    assert states(customer) == {("email", "marketing"): "granted", ("sms", "marketing"): "withdrawn"}


def test_nothing_any_more_ends_every_channel_and_keeps_topics(happened: Kit, about_news: Delivery) -> None:
    page = post(about_news, {"do": "nothing"})
    assert 'value="nothing"' not in page, "there is nothing left to refuse"
    decision = gate.decide([about_news], happened.clock.now())[0].decision
    assert "suppressed_unsubscribe" in decision.rules, "before the loop has seen it"
    happened.run()
    assert states(about_news.customer_id) == {("email", "marketing"): "withdrawn"}
    assert newest("Consent Changed")["form"] == "preferences"
    assert Fact.objects.filter(name="Topic Changed").count() == 0
    assert 'value="nothing"' not in Client().get(page_of(about_news)).content.decode()


def test_how_often_is_chosen_and_taken_back(happened: Kit, about_news: Delivery, clock: SetClock) -> None:
    post(about_news, {"often": "fewer"})
    loop.settle(happened.log, clock)
    assert states(about_news.customer_id)["email", "frequent"] == "denied"
    assert gate.FEWER in gate.questions([about_news], clock.now())[0].caps
    assert re.search(r'value="fewer"\s+checked', Client().get(page_of(about_news)).content.decode())
    clock.advance(timedelta(minutes=1))
    post(about_news, {"often": "usual"})
    loop.settle(happened.log, clock)
    assert gate.FEWER not in gate.questions([about_news], clock.now())[0].caps


def test_only_this_topic_is_a_second_button(happened: Kit, about_news: Delivery) -> None:
    page = Client().get(page_of(about_news, "u")).content.decode()
    assert "새 소식" in page
    done = post(about_news, {"do": "topic"}, "u")
    assert "새 소식" in done
    happened.run()
    assert newest("Topic Changed")["form"] == "unsubscribe"
    assert states(about_news.customer_id) == {("email", "marketing"): "granted"}
    decision = gate.decide([about_news], happened.clock.now())[0].decision
    assert decision.rules == ("topic_refused",)


def test_one_click_means_all_marketing_on_the_channel_whatever_the_topic(happened: Kit, about_news: Delivery) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        page_of(about_news, "u"), {"List-Unsubscribe": "One-Click", "do": "topic"}, headers=AGENT
    )
    assert (answer.status_code, answer.content) == (200, b"")
    happened.run()
    assert states(about_news.customer_id) == {("email", "marketing"): "withdrawn"}
    assert (newest("Consent Changed")["form"], newest("Consent Changed")["user_agent"]) == (
        "one-click", AGENT["User-Agent"],
    )  # fmt: skip
    assert Fact.objects.filter(name="Topic Changed").count() == 0


def test_a_letter_of_no_topic_has_no_second_button(happened: Kit, letter: Delivery) -> None:
    assert 'value="topic"' not in Client().get(page_of(letter, "u")).content.decode()
    post(letter, {"do": "topic"}, "u")
    happened.run()
    assert states(letter.customer_id) == {("email", "marketing"): "withdrawn"}, "whatever it says, it is a refusal"


def test_the_page_of_a_message_that_told_leads_to_the_same_choices(happened: Kit, question: Delivery) -> None:
    assert question.message_class == rules.TRANSACTIONAL
    assert 'name="channel" value="email"' in Client().get(page_of(question)).content.decode()
