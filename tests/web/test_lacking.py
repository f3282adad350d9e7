"""Advertising that waits because Settings do not tell who sends it: people see it where they look."""

from __future__ import annotations

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver.models import Delivery
from tests.privacy.test_notices import ADVERT
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db


def ordered(opened: Kit, clock: SetClock, **traits: str) -> Delivery:
    """Somebody who agreed orders, and the campaign writes to them."""
    campaign.put("advert", {"name": "Advert", "definition": ADVERT}, clock.now())
    campaign.activate("advert", clock.now())
    opened.identify("c", {"email": "c@mail.example", **traits})
    opened.consent("c")
    opened.order("c", "o1", 10)
    opened.run()
    return Delivery.objects.get(campaign="advert")


def test_a_letter_waits_for_the_postal_address_and_leaves_once_it_is_told(opened: Kit, clock: SetClock) -> None:
    Shop.objects.update(country="US", postal_address="")
    held = ordered(opened, clock)
    assert (held.state, held.decision[-1]["rules"]) == ("planned", ["sender_address:us-2004-01-01"])
    Shop.objects.update(postal_address="1 Road, Town")
    clock.set(held.due_at)
    opened.run()
    assert Delivery.objects.get(pk=held.pk).state == "accepted"


def test_the_law_of_the_customers_country_counts(opened: Kit, clock: SetClock) -> None:
    Shop.objects.update(country="", postal_address="")
    assert ordered(opened, clock, country="US").decision[-1]["rules"] == ["sender_address:us-2004-01-01"]


def test_the_console_says_what_is_missing_and_what_waits(opened: Kit, clock: SetClock, console: Client) -> None:
    Shop.objects.update(phone="")
    ordered(opened, clock)
    console.cookies["language"] = "en"
    page = console.get("/campaigns/advert").content.decode()
    assert "Advertising waits" in page
    assert "e-mail: the phone" in page
    assert "the law wants advertising to say the sender&#x27;s telephone" in page, "what holds the message back"
    assert "text message: the phone" in console.get("/settings").content.decode()
    Shop.objects.update(phone="02-000-0000")
    assert "Advertising waits" not in console.get("/campaigns/advert").content.decode()


def test_letting_a_campaign_run_says_that_its_advertising_waits(opened: Kit, clock: SetClock, console: Client) -> None:
    Shop.objects.update(phone="")
    campaign.put("advert", {"name": "Advert", "definition": ADVERT}, clock.now())
    console.cookies["language"] = "en"
    warned = console.post("/campaigns/advert/activate", follow=True).content.decode()
    assert "Its advertising waits until Settings tell" in warned
    Shop.objects.update(phone="02-000-0000")
    campaign.pause("advert", clock.now())
    told = console.post("/campaigns/advert/activate", follow=True).content.decode()
    assert "Its advertising waits" not in told
