"""Offers and coupons over the API, as docs/http.md and docs/offers.md promise them."""

from __future__ import annotations

from typing import Any

import pytest

from dangol.offer import redeeming
from dangol.offer.models import Coupon, Redemption
from tests.shopkit import Kit
from tests.web.api.conftest import Program

pytestmark = pytest.mark.django_db
TEN = {"name": "Ten", "terms": {"gives": {"percent": 10}, "limits": {"per_customer": 2}}}


def customer(kit: Kit, user: str = "ann") -> str:
    kit.identify(user, {"email": f"{user}@example.com"})
    kit.run()
    return f"userId:{user}"


def order(number: str = "1", amount: Any = 50_000) -> dict[str, Any]:
    return {"order_id": number, "subtotal": amount, "currency": "KRW"}


def test_an_offer_is_made_and_its_codes_issued_checked_and_redeemed(program: Program, open_shop: Kit) -> None:
    made = program.put("/api/offers/ten", TEN)
    assert (made.status, made.body["terms"]["currency"], made.body["codes"]) == (200, "KRW", {})
    ann = customer(open_shop)
    issued = program.post("/api/offers/ten/issue", {"customer": ann, "cause": "call 7"})
    assert issued.body == program.post("/api/offers/ten/issue", {"customer": ann, "cause": "call 7"}).body
    use = {"code": issued.body["code"].lower(), "customer": ann, "order": order()}
    checked = program.post("/api/coupons/check", use)
    assert checked.body == {
        "usable": True, "reason": "", "offer": "ten", "name": "Ten",
        "discount": {"amount": "5000", "currency": "KRW"},
    }  # fmt: skip
    done = program.post("/api/coupons/redeem", use)
    assert (done.status, done.body["state"], done.body["discount"]["amount"]) == (200, "redeemed", "5000")
    assert program.post("/api/coupons/redeem", use).body == done.body
    again = program.post("/api/coupons/redeem", {**use, "order": order("2")})
    assert (again.status, again.body["reason"], again.kind) == (409, "used", "application/problem+json")
    assert program.get("/api/offers/ten/redemptions").body["items"] == [done.body]
    assert [one["state"] for one in program.get("/api/offers/ten/coupons?state=redeemed").body["items"]] == ["redeemed"]
    shown = program.get("/api/offers/ten").body
    assert (shown["redeemed"], shown["cost"]) == (1, {"amount": "5000", "currency": "KRW"})
    assert program.put("/api/offers/ten", {"terms": {"gives": {"percent": 20}}}).status == 409
    assert program.delete("/api/offers/ten").status == 204
    assert program.get("/api/offers/ten").body["archived"]


def test_a_repeated_request_is_done_once(program: Program, open_shop: Kit) -> None:
    program.put("/api/offers/ten", TEN)
    ann = customer(open_shop)
    code = program.post("/api/offers/ten/issue", {"customer": ann}).body["code"]
    key = {"Idempotency-Key": "one"}
    first = program.post("/api/coupons/redeem", {"code": code, "customer": ann}, **key)
    second = program.post("/api/coupons/redeem", {"code": code, "customer": ann}, **key)
    assert first.body == second.body
    assert Redemption.objects.count() == 1


def test_held_confirmed_and_released(program: Program, open_shop: Kit) -> None:
    program.put("/api/offers/ten", TEN)
    ann = customer(open_shop)
    code = program.post("/api/offers/ten/issue", {"customer": ann}).body["code"]
    held = program.post("/api/coupons/hold", {"code": code, "order": order(), "minutes": 5}).body
    assert program.post("/api/coupons/redeem", {"code": code, "order": order("2")}).body["reason"] == "held"
    assert program.post(f"/api/coupons/redemptions/{held['id']}/release").body["state"] == "released"
    held = program.post("/api/coupons/hold", {"code": code, "order": order("3")}).body
    assert program.post(f"/api/coupons/redemptions/{held['id']}/confirm").body["state"] == "redeemed"
    assert program.post(f"/api/coupons/redemptions/{held['id']}/release").status == 409
    assert program.post("/api/coupons/redemptions/99/confirm").status == 404


def test_codes_are_made_or_brought(program: Program, open_shop: Kit) -> None:
    program.put("/api/offers/ten", {"terms": {"gives": {"amount": 1000}, "codes": "batches"}})
    assert program.get("/api/offers/ten").body["running_dry"]
    assert program.post("/api/offers/ten/batches", {"count": 30}).body["there"] == 30
    assert not program.get("/api/offers/ten").body["running_dry"]
    assert program.post("/api/offers/ten/batches", {"codes": ["A-1-B", "C-2-D"]}).body["wanted"] == 2
    twice = program.post("/api/offers/ten/batches", {"codes": ["E-3-F", "a1b", "x"]})
    assert sorted(fault["path"] for fault in twice.body["errors"]) == ["/codes/2", "/codes/3"]
    assert program.post("/api/offers/ten/batches", {}).status == 422
    assert len(program.get("/api/offers/ten/batches").body["items"]) == 2
    assert Coupon.objects.count() == 32


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "x"}])
def test_whoever_tries_codes_is_slowed_down(program: Program, open_shop: Kit, headers: dict[str, str]) -> None:
    program.put("/api/offers/ten", TEN)
    for number in range(redeeming.MOST_GUESSES):
        key = {name: f"{value}{number}" for name, value in headers.items()}
        wrong = program.post("/api/coupons/redeem", {"code": f"NONE{number}", "guesser": "203.0.113.9"}, **key)
        assert (wrong.status, wrong.body["reason"]) == (409, "unknown")
    slowed = program.post("/api/coupons/check", {"code": "NONE", "guesser": "203.0.113.9"})
    assert (slowed.status, slowed.body["reason"]) == (429, "too_many")
    assert program.post("/api/coupons/check", {"code": "NONE", "guesser": "203.0.113.10"}).status == 200


@pytest.mark.parametrize(
    ("terms", "places"),
    [
        ({}, ["/terms/gives"]),
        ({"gives": {"percent": 101}}, ["/terms/gives/percent"]),
        ({"gives": {"percent": 5, "amount": 5}}, ["/terms/gives"]),
        ({"gives": {"amount": 5, "at_most": 5}}, ["/terms/gives/at_most"]),
        ({"gives": {"percent": 5}, "code": "x y"}, ["/terms/code"]),
        ({"gives": {"percent": 5}, "codes": "made", "code": "SUMMER"}, ["/terms/code"]),
        ({"gives": {"percent": 5}, "valid": {"from": "2026-12-02", "until": "2026-12-01"}}, ["/terms/valid/until"]),
        ({"gives": {"percent": 5}, "valid": {"days": 0}, "odd": 1}, ["/terms/odd", "/terms/valid/days"]),
        ({"gives": {"percent": "5%"}, "currency": "WON"}, ["/terms/currency", "/terms/gives/percent"]),
    ],
)
def test_faults_name_their_place(program: Program, open_shop: Kit, terms: dict[str, Any], places: list[str]) -> None:
    refused = program.put("/api/offers/ten", {"terms": terms})
    assert refused.status == 422
    assert [fault["path"] for fault in refused.body["errors"]] == places


def test_points_are_earned_adjusted_and_spent(program: Program, open_shop: Kit) -> None:
    assert program.get("/api/loyalty").status == 404
    program.put("/api/offers/thousand", {"terms": {"gives": {"amount": 1000}, "limits": {"per_customer": 0}}})
    rules = {"earn": {"points": 1, "each": 100}, "spend": {"thousand": 500}, "tiers": {"silver": 100}}
    assert program.put("/api/loyalty", {"rules": rules}).status == 200
    assert program.put("/api/loyalty", {"rules": {**rules, "tiers": {"X": 1}}}).body["errors"][0]["path"] == (
        "/rules/tiers/X"
    )
    ann = customer(open_shop)
    open_shop.order("ann", "L-1", 40_000)
    open_shop.run()
    told = {"customer": ann, "offer": "thousand", "cause": "basket 1"}
    poor = program.post("/api/loyalty/spend", told)
    assert (poor.status, poor.body["reason"]) == (409, "points")
    program.post("/api/loyalty/adjust", {"customer": ann, "points": 150, "reason": "sorry", "cause": "case 1"})
    spent = program.post("/api/loyalty/spend", told)
    assert (spent.body["points"], spent.body["kind"]) == (-500, "spent")
    assert program.post("/api/loyalty/spend", told).body == spent.body
    assert Coupon.objects.get().code == spent.body["code"]
    ledger = program.get(f"/api/customers/{open_shop.customer('ann')}/points").body
    assert (ledger["points"], ledger["tier"], [one["kind"] for one in ledger["items"]]) == (
        50, "silver", ["spent", "adjusted", "earned"],
    )  # fmt: skip
    assert program.get("/api/loyalty").body["totals"] == {"earned": 400, "adjusted": 150, "spent": -500}
