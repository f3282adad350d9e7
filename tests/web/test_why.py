"""Why and why not, on the console and over the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver import rules
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.web import gate_words
from dangol.web.api.keys import make_api_key
from dangol.web.wording import GATE_RULES
from tests.privacy.test_notices import ADVERT
from tests.shopkit import Kit
from tests.web.test_pages import look

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(opened: Kit, clock: SetClock) -> list[Delivery]:
    """A customer's two orders of one day: the first advertisement left, the second waits for tomorrow."""
    campaign.put("advert", {"name": "Advert", "definition": {**ADVERT, "holdout_percent": 0}}, clock.now())
    campaign.activate("advert", clock.now())
    opened.identify("c", {"email": "c@mail.example", "name": "Minji"})
    opened.consent("c")
    opened.order("c", "o1", 10)
    opened.run()
    clock.advance(timedelta(hours=1))
    opened.order("c", "o2", 10)
    opened.run()
    return list(Delivery.objects.filter(campaign="advert").order_by("pk"))


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_message_that_waits_says_for_what(two: list[Delivery], console: Client) -> None:
    first, second = two
    told = text_of(look(console, f"/why/{second.pk}"))
    assert "Has the customer heard enough?" in told
    assert "1 of 1 today, on any channel" in told
    assert "What would change it: Time alone, or a higher cap under Caps." in told
    assert f'href="/why/{first.pk}"' in console.get(f"/why/{second.pk}").content.decode(), "the message that counted"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_that_leads_there(two: list[Delivery], console: Client, language: str) -> None:
    first, second = two
    outbox = OutboxMessage.objects.get(delivery=first)
    assert f"/why/{first.pk}" in look(console, f"/outbox/{outbox.pk}", language)
    assert f"/why/{second.pk}" in look(console, f"/customers/{first.customer_id}", language)
    assert f"/campaigns/advert/why/{first.customer_id}" in look(console, f"/customers/{first.customer_id}", language)
    assert f"/why/{second.pk}" in look(console, f"/campaigns/advert/steps/{second.step}/under-way", language)
    look(console, f"/why/{first.pk}", language)
    look(console, f"/campaigns/advert/why/{first.customer_id}", language)


def test_a_campaign_the_customer_never_came_into(two: list[Delivery], console: Client, clock: SetClock) -> None:
    campaign.put("other", {"name": "Other", "definition": {**ADVERT, "holdout_percent": 0}}, clock.now())
    who = two[0].customer_id
    assert (
        console.get(f"/customers/{who}/campaigns?campaign=other").headers["Location"] == f"/campaigns/other/why/{who}"
    )
    told = text_of(look(console, f"/campaigns/other/why/{who}"))
    assert "Never came in" in told
    assert "The campaign does not let anybody in." in told
    assert console.get(f"/campaigns/other/why/{10**9}").status_code == 404
    assert console.get("/why/999999").status_code == 404


def test_over_the_api(two: list[Delivery], clock: SetClock) -> None:
    _, secret = make_api_key("t", ["read"], clock.now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    first, second = two
    told: dict[str, Any] = client.get(f"/api/deliveries/{second.pk}/why").json()
    assert (told["says"], told["state"]) == ("waits", "planned")
    caps = next(one for one in told["answers"] if one["about"] == "caps")
    assert caps["looked"]["caps"][0]["deliveries"] == [first.pk]
    assert caps["rules"] == ["daily_cap"]
    assert caps["change"]
    pair = client.get(f"/api/campaigns/advert/why?customer={first.customer_id}").json()
    assert pair["deliveries"] == [str(second.pk), str(first.pk)]
    assert [one["delivery"] for one in pair["steps"]] == [None]
    assert client.get("/api/deliveries/999999/why").status_code == 404
    assert client.get("/api/campaigns/none/why?customer=1").status_code == 404
    assert client.get("/api/campaigns/advert/why").status_code == 422


def test_every_question_and_every_rule_has_words(shop: Shop) -> None:
    assert set(gate_words.ASKED) == {*rules.DENIALS, *rules.HOLDS}
    passing = {"consent_granted", "no_consent_needed", "transactional"}
    kept = {"no_consent", "unsubscribed", "hard_bounce", "complaint"}  # of ledgers of former versions
    for rule in set(GATE_RULES) - passing - kept:
        assert gate_words.change(rule), rule
    assert gate_words.change("sender_address:us-2004-01-01") == gate_words.change("sender")
    assert gate_words.change("consent_withdrawn") == gate_words.change("consent")
