"""A shop is read again until everything it holds is here once, in its newest state, whatever its webhooks did."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from dangol.base.clock import SetClock
from dangol.base.instants import iso
from dangol.collect.shops import connecting, polling, steps
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.identity import steps as identity
from dangol.identity.models import Identifier
from dangol.profile import steps as profile
from dangol.profile.models import Order, Profile, Refund
from tests.collect.shops.conftest import SECRET, SHOPIFY, WOO, mark
from tests.collect.shops.imitation import TOKEN, Imitation, serving
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def life(shop: Imitation, rng: random.Random, changes: int = 150) -> datetime:
    """A day in a Shopify shop: people come, buy, are given back, move. When it ended."""
    at, orders = START, 0
    for _ in range(changes):
        at += timedelta(seconds=rng.randrange(20, 400))
        kind = rng.choice(["customer", "order", "order", "change", "refund", "cancel"])
        people, sold = shop.things.get("customers", {}), shop.things.get("orders", {})
        if kind == "customer" or not people:
            number = len(people) + 1
            person = {
                "id": number,
                "email": f"c{number}@example.com",
                "first_name": f"N{number}",
                "updated_at": iso(at),
            }
            shop.put("customers", "customers/create", person)
        elif kind == "order" or not sold:
            orders += 1
            person = rng.choice(list(people.values()))
            shop.put("orders", "orders/create", {
                "id": 1000 + orders, "email": person["email"], "customer": dict(person), "created_at": iso(at),
                "updated_at": iso(at), "financial_status": "paid", "currency": "KRW", "refunds": [],
                "subtotal_price": str(rng.randrange(10, 900) * 100), "total_price": "1",
            })  # fmt: skip
        else:
            one = dict(rng.choice(list(sold.values())), updated_at=iso(at))
            if kind == "change":
                one["subtotal_price"] = str(rng.randrange(10, 900) * 100)
            elif kind == "cancel":
                one["cancelled_at"] = iso(at)
            else:
                paid = {"kind": "refund", "status": "success", "amount": "500", "currency": "KRW"}
                back = {"id": 9000 + len(shop.webhooks), "created_at": iso(at), "transactions": [paid]}
                one["refunds"] = [*one["refunds"], back]
            shop.put("orders", "orders/updated", one)
    return at


def poll_until_quiet(fetch: Callable[..., Any], clock: SetClock, most: int = 400) -> None:
    """As the worker does, with time passing as fast as it may: until all that is left is the next regular look."""
    for _ in range(most):
        row = ShopConnection.objects.get()
        if not row.error and row.next_poll_at and row.next_poll_at - clock.now() >= polling.EVERY:
            return
        clock.set(max(clock.now(), row.next_poll_at or clock.now()))
        for one in polling.due(clock.now()):
            polling.poll(one, clock, fetch)
    raise AssertionError(f"the polls do not come to an end: {ShopConnection.objects.values().get()}")


def check(shop: Imitation) -> None:
    """Everything that the shop holds is here exactly once, in its newest state."""
    wanted = {str(o["id"]): (Decimal(o["subtotal_price"]), "cancelled_at" in o) for o in shop.things["orders"].values()}
    assert {o.order_id: (o.revenue, o.cancelled) for o in Order.objects.all()} == wanted
    backs = sum(len(order["refunds"]) for order in shop.things["orders"].values())
    assert Refund.objects.count() == backs
    known = Identifier.objects.filter(kind="shopify")
    assert {row.value for row in known} == {f"{SHOPIFY}/{n}" for n in shop.things["customers"]}
    assert len({row.customer_id for row in known}) == len(shop.things["customers"])
    for person in shop.things["customers"].values():
        customer = identity.find("email", person["email"])
        assert customer == identity.find("shopify", f"{SHOPIFY}/{person['id']}")
        file = profile.get(customer or 0)
        assert file
        assert file.name == person["first_name"]
    revenue = sum((amount for amount, gone in wanted.values() if not gone), Decimal(0))
    assert sum((file.revenue for file in Profile.objects.all()), Decimal(0)) == revenue


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_webhooks_get_lost_and_nothing_is_missing(
    kit: Kit, shopify: ShopConnection, set_clock: SetClock, seed: int
) -> None:
    rng = random.Random(seed)
    shop = Imitation(busy_every=6)
    end = life(shop, rng)
    set_clock.set(START)
    ShopConnection.objects.update(cursors={"*": iso(START)})
    connecting.change_secrets("shopify", {"access_token": TOKEN}, START)
    set_clock.set(end)
    for number, (topic, thing) in enumerate(shop.arriving(rng)):
        body = json.dumps(thing).encode()
        headers = {"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": SHOPIFY, "X-Shopify-Hmac-SHA256": mark(body),
                   "X-Shopify-Webhook-Id": f"{seed}-{number}"}  # fmt: skip
        assert Client().post("/hooks/shopify", body, "application/json", headers=headers).status_code == 200
        if number % 20 == 0:
            kit.run()
    assert Order.objects.count() < len(shop.things["orders"]) or seed > 1, "without polls something would be missing"
    with serving(shop) as fetch:
        poll_until_quiet(fetch, set_clock)
        kit.run()
        check(shop)
        position, asked = kit.log.end(), len(shop.requests)
        connecting.poll_soon("shopify", set_clock.now())
        poll_until_quiet(fetch, set_clock)
        assert kit.log.end() == position, "asking again tells nothing new"
        assert 0 < len(shop.requests) - asked < 12


def test_a_pass_that_is_cut_short_goes_on_where_it_was(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    shop = Imitation()
    set_clock.set(life(shop, random.Random(4)))
    ShopConnection.objects.update(cursors={"*": iso(START)})
    connecting.change_secrets("shopify", {"access_token": TOKEN}, set_clock.now())

    def die(number: int) -> None:
        shop.broken = number == 4

    shop.during = die
    with serving(shop) as fetch:
        (row,) = polling.due(set_clock.now())
        polling.poll(row, set_clock, fetch)
        row.refresh_from_db()
        assert (row.failures, row.error) == (1, "the shop answers with status 500")
        assert row.next_poll_at == set_clock.now() + polling.EVERY
        assert "page_info" in row.cursors["orders"]["place"]
        shop.during, shop.requests, shop.broken = None, [], False
        poll_until_quiet(fetch, set_clock)
        assert "page_info" in shop.requests[0]
        kit.run()
        check(shop)


def test_a_place_that_grew_old_begins_the_pass_anew(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    shop = Imitation()
    set_clock.set(life(shop, random.Random(5), 40))
    old = {
        "since": iso(START),
        "begun": iso(START),
        "newest": iso(START),
        "place": f"https://{SHOPIFY}/gone?page_info=x",
    }
    ShopConnection.objects.update(cursors={"*": iso(START), "orders": old})
    connecting.change_secrets("shopify", {"access_token": TOKEN}, set_clock.now())
    with serving(shop) as fetch:
        poll_until_quiet(fetch, set_clock)
    kit.run()
    check(shop)


def test_a_shop_that_refuses_is_left_alone_ever_longer(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    connecting.change_secrets("shopify", {"access_token": "wrong"}, set_clock.now())
    pauses = []
    with serving(Imitation()) as fetch:
        for _ in range(8):
            (row,) = polling.due(set_clock.now())
            polling.poll(row, set_clock, fetch)
            row.refresh_from_db()
            assert row.next_poll_at
            pauses.append(row.next_poll_at - set_clock.now())
            set_clock.set(row.next_poll_at)
    assert pauses[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert pauses[-1] == polling.LONGEST_PAUSE
    assert "refuses what we were given" in ShopConnection.objects.get().error
    assert "wrong" not in ShopConnection.objects.get().error


def test_back_fill_is_history(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    shop = Imitation()
    end = life(shop, random.Random(6), 60)
    set_clock.set(end + timedelta(hours=1))
    connecting.change_secrets("shopify", {"access_token": TOKEN}, set_clock.now())
    ShopConnection.objects.update(cursors={"*": iso(set_clock.now())})
    with serving(shop) as fetch:
        poll_until_quiet(fetch, set_clock)
        assert kit.log.end() == 0
        connecting.back_fill("shopify", START, set_clock.now())
        poll_until_quiet(fetch, set_clock)
    assert ShopConnection.objects.get().backfill == {}
    assert all(entry.imported for entry in kit.log.read(0, 1_000))
    kit.run()
    check(shop)


def test_two_processes_do_not_ask_the_same_shop(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    connecting.change_secrets("shopify", {"access_token": TOKEN}, set_clock.now())
    assert len(polling.due(set_clock.now())) == 1
    assert polling.due(set_clock.now()) == []
    set_clock.advance(polling.LEASE)
    assert len(polling.due(set_clock.now())) == 1, "one that died does not keep it for ever"
    set_clock.advance(polling.LEASE)
    connecting.pause("shopify")
    assert polling.due(set_clock.now()) == []


def woo_order(number: int, at: datetime, total: int) -> dict[str, Any]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": number, "status": "processing", "currency": "KRW", "total": str(total), "total_tax": "0",
        "customer_id": 0,
        "shipping_total": "0", "date_created_gmt": stamp, "date_modified_gmt": stamp, "date_paid_gmt": stamp,
        "billing": {"email": f"g{number % 9}@example.com", "first_name": "G"}, "line_items": [], "refunds": [],
    }  # fmt: skip


def test_woocommerce_orders_that_change_while_they_are_listed_are_not_passed_over(
    kit: Kit, woo: ShopConnection, set_clock: SetClock
) -> None:
    shop = Imitation(busy_every=5)
    for number in range(1, 41):
        shop.put("orders", "order.created", woo_order(number, START + timedelta(minutes=30 * number), 1000 + number))
    for number in range(41, 61):  # many in one second: an import in the shop
        shop.put("orders", "order.created", woo_order(number, START + timedelta(minutes=500), 1000 + number))
    person = {"id": 5, "email": "g5@example.com", "first_name": "Five", "date_created_gmt": "2026-11-23T01:00:00"}
    shop.put("customers", "customer.created", person)
    set_clock.set(START + timedelta(days=1))
    ShopConnection.objects.update(cursors={"*": iso(START)})
    given = {"consumer_key": "ck_right", "consumer_secret": "cs_right"}
    connecting.change_secrets("woocommerce", given, set_clock.now())

    def happen(request: int) -> None:
        if request <= 8 and "/orders?" in shop.requests[-1]:  # an order that was listed first moves to the end
            moved = dict(shop.things["orders"][request], total=str(5000 + request))
            moved["date_modified_gmt"] = (set_clock.now() + timedelta(seconds=request)).strftime("%Y-%m-%dT%H:%M:%S")
            shop.things["orders"][request] = moved

    shop.during = happen
    with serving(shop) as fetch:
        poll_until_quiet(fetch, set_clock)
        connecting.poll_soon("woocommerce", set_clock.now())
        poll_until_quiet(fetch, set_clock)
    kit.run()
    wanted = {str(o["id"]): Decimal(o["total"]) for o in shop.things["orders"].values()}
    assert {o.order_id: o.revenue for o in Order.objects.all()} == wanted
    assert identity.find("woocommerce", f"{WOO}/5") == identity.find("email", "g5@example.com")


def test_cafe24_is_read_with_a_token_that_is_renewed_and_kept(
    kit: Kit, cafe24: ShopConnection, set_clock: SetClock
) -> None:
    order = {
        "id": 1, "order_id": "20261123-0000001", "order_date": "2026-11-23T10:00:00+09:00", "paid": "T",
        "canceled": "F",
        "payment_date": "2026-11-23T10:01:00+09:00", "member_id": "ann", "currency": "KRW",
        "payment_amount": "41000.00",
        "initial_order_amount": {"shipping_fee": "3000.00"},
        "buyer": {"email": "ann@example.com", "cellphone": "010-1234-5678"},
        "items": [{"product_no": 9, "product_name": "찻잔", "product_price": "38000.00", "quantity": 1}],
    }  # fmt: skip
    shop = Imitation()
    shop.put("orders", "", order)
    shop.put("refunds", "", {
        "id": 1, "order_id": order["order_id"], "refund_code": "R1", "refund_date": "2026-11-23T12:00:00+09:00",
        "actual_refund_amount": "8000.00", "member_id": "ann", "currency": "KRW",
    })  # fmt: skip
    shop.put("customersprivacy", "", {
        "id": 1, "member_id": "ann", "name": "안나", "email": "ann@example.com", "cellphone": "01012345678", "sms": "T",
        "news_mail": "F", "created_date": "2026-11-22T12:00:00+09:00",
    })  # fmt: skip
    given = {"client_id": "id", "client_secret": "secret", "refresh_token": "refresh-0"}
    connecting.change_secrets("cafe24", given, set_clock.now())
    ShopConnection.objects.update(cursors={"*": "2026-08-01T00:00:00Z"})
    hint = json.dumps({"event_no": 90023, "resource": {"mall_id": "dangol", "order_id": order["order_id"]}}).encode()
    Client().post("/hooks/cafe24", hint, "application/json", headers={"X-API-Key": SECRET})
    with serving(shop) as fetch:
        poll_until_quiet(fetch, set_clock)
        row = ShopConnection.objects.get()
        assert (shop.renewals, steps.secret(row, "refresh_token")) == (1, "refresh-1")
        shop.access_token = "access-else"  # theirs has run out
        connecting.poll_soon("cafe24", set_clock.now())
        poll_until_quiet(fetch, set_clock)
        assert (shop.renewals, steps.secret(ShopConnection.objects.get(), "refresh_token")) == (2, "refresh-2")
        shop.access_token, shop.refresh_token = "x", "y"
        connecting.poll_soon("cafe24", set_clock.now())
        (due,) = polling.due(set_clock.now())
        polling.poll(due, set_clock, fetch)
        assert "connect it again" in ShopConnection.objects.get().error
    assert ShopDelivery.objects.get().state == "mapped"
    kit.run()
    assert [(o.order_id, o.revenue) for o in Order.objects.all()] == [("20261123-0000001", Decimal(38000))]
    assert [back.amount for back in Refund.objects.all()] == [Decimal(8000)]
    customer = identity.find("cafe24", "dangol.cafe24api.com/ann")
    assert customer == identity.find("email", "ann@example.com") == identity.find("phone", "+821012345678")
    starts = [one for one in shop.requests if "order_date" in one]
    assert len({one.split("start_date=")[1][:10] for one in starts}) > 1, "a long time is asked for in windows"


def test_the_worker_asks_by_itself_and_stops_when_told(kit: Kit, shopify: ShopConnection, set_clock: SetClock) -> None:
    shop = Imitation()
    set_clock.set(life(shop, random.Random(7), 10))
    ShopConnection.objects.update(cursors={"*": iso(START)})
    connecting.change_secrets("shopify", {"access_token": TOKEN}, set_clock.now())
    stopping = threading.Event()

    def wait(*_: Any) -> bool:
        return bool(ShopConnection.objects.get().last_poll_at)

    stopping.wait = wait  # type: ignore[method-assign]
    with serving(shop) as fetch:
        polling.run(set_clock, stopping, fetch)
    kit.run()
    check(shop)
