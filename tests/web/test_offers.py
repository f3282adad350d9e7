"""The console's offers: made in a form, codes added, given by hand, taken out by the owner alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dangol.base.clock import SetClock
from dangol.offer import loyalty, offers, redeeming
from dangol.offer.models import Coupon
from tests.offer.giving import use
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
FORM = {
    "new": "1", "key": "welcome", "name": "Welcome", "gives": "percent", "worth": "12.5", "at_most": "5,000",
    "codes": "batches", "order": "30000", "categories": "Tea, Cups", "first_order": "on", "per_customer": "",
    "total": "100", "until": "2026-12-31", "days": "14", "tied": "on", "comes_back": "never",
}  # fmt: skip


def test_an_offer_is_made_by_a_form_and_shown_as_it_was_meant(console: Client, happened: Kit) -> None:
    assert console.post("/offers/save", FORM).headers["Location"] == "/offers/of/welcome"
    assert offers.get("welcome").terms == {
        "gives": {"percent": 12.5, "at_most": 5000}, "codes": "batches", "currency": "KRW",
        "needs": {"order": 30000, "categories": ["Tea", "Cups"], "first_order": True}, "limits": {"total": 100},
        "valid": {"until": "2026-12-31", "days": 14}, "tied": True, "comes_back": "never",
    }  # fmt: skip
    page: Any = console.get("/offers/of/welcome")
    assert (page.context["page"].form.typed["categories"], page.context["page"].shelf.running_dry) == (
        "Tea, Cups",
        True,
    )
    assert "12.5" in page.content.decode()
    assert "Welcome" in console.get("/offers").content.decode()


def test_what_is_refused_keeps_what_was_typed(console: Client, happened: Kit) -> None:
    refused = console.post("/offers/save", FORM | {"worth": "a lot", "until": "soon"})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert 'value="a lot"' in text
    assert len(refused.context["page"].new.faults) == 2
    console.post("/offers/save", FORM)
    assert console.post("/offers/save", FORM).status_code == 422, "a key that is taken"


def test_codes_are_made_brought_and_given_by_hand(console: Client, happened: Kit, clock: SetClock) -> None:
    console.post("/offers/save", FORM | {"first_order": "", "order": "", "categories": ""})
    console.post("/offers/of/welcome/codes/add", {"codes": "AAAA-1\nBBBB-2"})
    twice = console.post("/offers/of/welcome/codes/add", {"codes": "CCCC-3\naaaa1"})
    assert twice.status_code == 422
    assert len(twice.context["page"].faults) == 1
    assert console.post("/offers/of/welcome/codes/add", {"count": "30", "prefix": "xm"}).status_code == 303
    assert console.post("/offers/of/welcome/codes/add", {"count": "0"}).status_code == 422
    who = happened.customer("u1")
    console.post(f"/customers/{who}/coupons", {"offer": "welcome"})
    console.post(f"/customers/{who}/coupons", {"offer": "welcome"})
    [coupon] = Coupon.objects.filter(state="issued")
    assert (coupon.code, coupon.customer_id) == ("AAAA-1", who)
    assert "AAAA-1" in console.get(f"/customers/{who}").content.decode()
    redeeming.redeem(use("AAAA1", who, "77"), clock.now())
    text = console.get("/offers/of/welcome").content.decode()
    assert f"/customers/{who}" in text
    assert "77" in text
    changed = {"key": "welcome", "name": "Hello", "total": "500", "comes_back": "never", "days": "7"}
    assert console.post("/offers/save", changed).status_code == 303
    row = offers.get("welcome")
    assert (row.name, row.terms["gives"], row.terms["limits"]) == (
        "Hello",
        {"percent": 12.5, "at_most": 5000},
        {"total": 500},
    )
    console.post("/offers/of/welcome/archive")
    assert offers.get("welcome").archived_at == clock.now()


def test_only_the_owner_takes_codes_out(console: Client, happened: Kit) -> None:
    console.post("/offers/save", FORM)
    console.post("/offers/of/welcome/codes/add", {"codes": "AAAA-1\n=EVIL"})
    User.objects.update(is_superuser=False)
    assert console.get("/offers/of/welcome/codes").status_code == 403
    assert "CSV" not in console.get("/offers/of/welcome").content.decode().split("batch-file")[0]
    User.objects.update(is_superuser=True)
    answer: Any = console.get("/offers/of/welcome/codes?state=free")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines == ["code,state,issued_at,expires_at,customer", "AAAA-1,free,,,", "'=EVIL,free,,,"]


def test_points_have_a_page_and_staff_adjust_them(console: Client, happened: Kit, clock: SetClock) -> None:
    console.post("/offers/save", FORM | {"codes": "made", "tied": ""})
    told = {"points": "1", "each": "100", "facts": "Survey Answered: 50\nSigned Up: 10 once", "expires_days": "365",
            "spend": "welcome: 500", "tiers": "gold: 5,000\nsilver: 1000", "tiers_by": "points"}  # fmt: skip
    assert console.post("/loyalty/save", told | {"spend": "nothing: 500", "each": "much"}).status_code == 422
    assert console.post("/loyalty/save", told).headers["Location"] == "/loyalty"
    page: Any = console.get("/loyalty")
    assert page.context["page"].typed["facts"] == "Signed Up: 10 once\nSurvey Answered: 50"
    assert [key for key, _ in page.context["page"].tiers] == ["gold", "silver"]
    who = happened.customer("u1")
    console.post(f"/customers/{who}/points", {"points": "300", "reason": "a late parcel"})
    console.post(f"/customers/{who}/points", {"points": "-301", "reason": "too many"})
    console.post(f"/customers/{who}/points", {"points": "x", "reason": ""})
    assert loyalty.balance(who) == 300
    assert "a late parcel" in console.get(f"/customers/{who}").content.decode()
