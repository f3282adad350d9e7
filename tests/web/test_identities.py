"""Who is who in the console: merges with their reason, and the way back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dangol.identity.models import Merge
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
PAGE = {"page": {"url": "https://shop.example/", "referrer": "https://search.example/"}}


@pytest.fixture
def merged(happened: Kit) -> Kit:
    """A visitor who looked, filled a cart and then signed in as u1; and a tablet that seven people use."""
    for event in ("Product Viewed", "Product Added"):
        happened.send(
            {"type": "track", "event": event, "anonymousId": "b", "properties": {"name": "백자"}, "context": PAGE}
        )
    happened.run()
    happened.send({"type": "identify", "anonymousId": "b", "userId": "u1"})
    for n in range(7):
        happened.send({"type": "identify", "anonymousId": "tablet", "userId": f"u{n}"})
    happened.run()
    return happened


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_merge_stands_on_the_customers_page_and_in_the_list(merged: Kit, console: Client, language: str) -> None:
    console.cookies["language"] = language
    merge = Merge.objects.get()
    customer = console.get(reverse("customer", args=[merged.customer("u1")])).content.decode()
    listed = console.get(reverse("identities")).content.decode()
    for page in (customer, listed):
        assert reverse("merge-undo", args=[merge.pk]) in page
    assert "백자 × 1" in customer
    assert "search.example" in customer
    assert "tablet" in listed


def test_an_undone_merge_gives_each_their_own(merged: Kit, console: Client) -> None:
    merge = Merge.objects.get()
    assert console.get(reverse("merge-undo", args=[merge.pk])).status_code == 405, "looking changes nothing"
    told = console.post(reverse("merge-undo", args=[merge.pk]), follow=True)
    assert told.status_code == 200
    visitor = console.get(reverse("customer", args=[merge.absorbed_id])).content.decode()
    assert "백자 × 1" in visitor
    assert "백자 × 1" not in console.get(reverse("customer", args=[merge.survivor_id])).content.decode()


@pytest.mark.parametrize(
    ("only", "shown", "hidden"), [("orders", "Order Completed", "Consent Changed"), ("consent", "Consent", "Order")]
)
def test_a_timeline_is_narrowed(merged: Kit, console: Client, only: str, shown: str, hidden: str) -> None:
    page = console.get(reverse("customer-facts", args=[merged.customer("u1")]), {"only": only}).content.decode()
    assert shown in page
    assert hidden not in page
