"""Imports, from a file to the facts in the log."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.collect.files.steps import Choices, Place, Watch, import_file, import_files
from dangol.collect.log import FileLog, open_log
from dangol.collect.models import Import

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def place(shop: Shop, tmp_path: Path) -> Iterator[Place]:
    with open_log(tmp_path / "data") as log:
        yield Place(log, NOW, shop.zone, shop.currency, tmp_path / "rejected")


def told(place: Place) -> list[dict[str, Any]]:
    assert isinstance(place.log, FileLog)
    entries = place.log.read(0, 100_000)
    assert all(entry.imported and entry.source == "import" for entry in entries)
    return [msgspec.json.decode(entry.body) | {"messageId": entry.message_id} for entry in entries]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


ORDERS = """order_id,customer_id,order_date,product_id,product,quantity,price
A1,7.0,2024-03-05 10:00,P1,Cup,2,1500
A2,8,2024-03-06 10:00,P2,Bowl,1,3000
A1,7.0,2024-03-05 10:00,P2,Bowl,1,3000
A1,7.0,2024-03-05 10:00,P1,Cup,2,1500
A1,,2024-03-05 10:00,P3,Sample,1,0
A3,7.0,2024-03-09 09:00,P1,Cup,-1,1500
A4,,2024-03-09 09:00,P1,Cup,1,1500
A5,9,someday,P1,Cup,1,1500
A6,9,2024-03-09,P1,Cup,1,-4
"""


def test_lines_become_orders_and_refunds_and_the_rest_is_named(place: Place, tmp_path: Path) -> None:
    report = import_file(write(tmp_path, "orders.csv", ORDERS), "orders", place)
    facts = {fact["messageId"]: fact for fact in told(place)}
    assert list(facts) == ["order:A1", "order:A2", "refund:A3"]
    first = facts["order:A1"]
    assert (first["event"], first["userId"], first["timestamp"]) == ("Order Completed", "7", "2024-03-05T01:00:00Z")
    assert first["properties"] == {
        "order_id": "A1", "revenue": 6000, "currency": "KRW",
        "products": [
            {"product_id": "P1", "name": "Cup", "price": 1500, "quantity": 2},
            {"product_id": "P2", "name": "Bowl", "price": 3000, "quantity": 1},
            {"product_id": "P3", "name": "Sample", "price": 0, "quantity": 1},
        ],
    }  # fmt: skip
    assert facts["refund:A3"]["properties"]["total"] == 1500
    assert report.figures["rows"] == 9
    assert report.figures["orders"] == 6
    assert report.figures["repeated_rows"] == 1
    assert report.figures["without_customer"] == 1
    assert (report.figures["zero_prices"], report.figures["negative_prices"]) == (1, 1)
    with (tmp_path / "orders.csv.rejected.csv").open(encoding="utf-8-sig") as file:
        rejected = list(csv.reader(file))
    assert rejected[0][:2] == ["rejected because", "order_id"]
    assert [(row[1], row[0].split(":")[0]) for row in rejected[1:]] == [
        ("A4", "no customer"), ("A5", "time"), ("A6", "price"),
    ]  # fmt: skip


def test_the_same_file_again_adds_nothing(place: Place, tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv", ORDERS)
    first = import_file(path, "orders", place)
    again = import_file(path, "orders", place)
    assert (first.appended, first.known) == (3, 0)
    assert (again.appended, again.known) == (0, 3)
    assert place.log.end() == 3
    assert list(Import.objects.values_list("name", "kind", "counts__appended")) == [
        ("orders.csv", "orders", 3), ("orders.csv", "orders", 0),
    ]  # fmt: skip


def test_rejected_rows_are_mended_and_imported(place: Place, tmp_path: Path) -> None:
    import_file(write(tmp_path, "orders.csv", ORDERS), "orders", place)
    rejected = tmp_path / "orders.csv.rejected.csv"
    text = rejected.read_text(encoding="utf-8-sig").replace("A4,,", "A4,=10,").replace("someday", "2024-03-10")
    rejected.write_text(text.replace(",-4", ",4"), encoding="utf-8-sig")
    report = import_file(rejected, "orders", place)
    assert (report.appended, sum(one.rejected for one in report.files)) == (3, 0)
    assert {fact["messageId"] for fact in told(place)} >= {"order:A4", "order:A5", "order:A6"}


def test_a_trial_writes_nothing(place: Place, tmp_path: Path) -> None:
    report = import_file(write(tmp_path, "orders.csv", ORDERS), "orders", place, dry_run=True)
    assert place.log.end() == 0
    assert not (tmp_path / "orders.csv.rejected.csv").exists()
    assert not Import.objects.exists()
    assert dict(report.facts) == {"Order Completed": 2, "Order Refunded": 1}
    assert "nothing was written" in report.lines()[-1]
    assert msgspec.json.encode(report.as_json())


def test_an_orders_lines_may_lie_far_apart(place: Place, tmp_path: Path) -> None:
    rows = [f"O{n % 50_000},c{n % 50_000},2024-01-01,1,{1 + n // 50_000}" for n in range(100_000)]
    path = write(tmp_path, "orders.csv", "order_id,customer_id,date,quantity,price\n" + "\n".join(rows))
    steps: list[tuple[str, int, int | None]] = []
    report = import_file(path, "orders", place, watch=Watch(progress=lambda *step: steps.append(step)))
    assert report.appended == 50_000
    assert {fact["properties"]["revenue"] for fact in told(place)} == {3}
    assert steps[-1] == ("orders", 100_000, 100_000)


SHOPIFY = """Name,Email,Financial Status,Accepts Marketing,Currency,Subtotal,Shipping,Total,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Refunded Amount,Billing Name
#1001,Ann@Example.com,paid,yes,EUR,40.00,5.00,45.00,2024-03-05 10:00:00 +0100,1,Cup,10.00,,0.00,Ann Lee
#1001,,,,,,,,2024-03-05 10:00:00 +0100,2,Bowl,15.00,,,
#1002,ann@example.com,refunded,yes,EUR,10.00,0,10.00,2024-03-06 10:00:00 +0100,1,Cup,10.00,,10.00,Ann Lee
#1003,bo@example.com,voided,no,EUR,10.00,0,10.00,2024-03-06 10:00:00 +0100,1,Cup,10.00,2024-03-07 10:00:00 +0100,0,Bo
#1004,bo@example.com,pending,no,EUR,10.00,0,10.00,2024-03-08 10:00:00 +0100,1,Cup,10.00,,0,Bo
"""


def test_a_shopify_export_brings_orders_people_and_consents(place: Place, tmp_path: Path) -> None:
    report = import_file(write(tmp_path, "orders_export.csv", SHOPIFY), "orders", place)
    by_id = {fact["messageId"]: fact for fact in told(place)}
    order = by_id["order:#1001"]
    assert order["context"]["traits"]["email"] == "ann@example.com"
    assert (order["properties"]["revenue"], order["properties"]["total"], order["properties"]["shipping"]) == (
        40,
        45,
        5,
    )
    assert len(order["properties"]["products"]) == 2
    assert by_id["refund:#1002"]["properties"]["total"] == 10
    assert by_id["cancel:#1003"]["event"] == "Order Cancelled"
    assert "order:#1004" not in by_id
    assert report.figures["unpaid_orders"] == 1
    granted = by_id["consent:ann@example.com:email:granted"]["properties"]
    assert (granted["state"], granted["basis"]) == ("granted", "import")
    assert granted["text"] == "orders_export.csv, column Accepts Marketing: yes"
    assert by_id["consent:bo@example.com:email:denied"]["properties"]["state"] == "denied"
    people = [fact["traits"] for fact in by_id.values() if fact["type"] == "identify"]
    assert people == [
        {"name": "Ann Lee", "email": "ann@example.com"}, {"name": "Bo", "email": "bo@example.com"},
    ]  # fmt: skip


CUSTOMERS = """회원아이디,이름,이메일,휴대폰번호,SMS 수신여부,메일수신여부,회원가입일,등급
ann,이안나,ann@example.com,010-1234-5678,T,F,2024-03-05,골드
bo,박보,,,,,2024-03-06,
cy,최씨,not an address,,,,2024-03-06,
dee,정디,dee@example.com,,maybe,,2024-03-06,
"""


def test_customers_bring_traits_and_consents_that_nobody_invented(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "회원.csv"
    path.write_bytes(CUSTOMERS.encode("cp949"))
    report = import_file(path, "customers", place)
    ann, email, sms, bo = told(place)
    assert ann["traits"] == {
        "등급": "골드", "name": "이안나", "createdAt": "2024-03-04T15:00:00Z", "email": "ann@example.com",
        "phone": "010-1234-5678",
    }  # fmt: skip
    assert ann["timestamp"] == "2024-03-04T15:00:00Z"
    assert (sms["properties"]["state"], email["properties"]["state"]) == ("granted", "denied")
    assert bo["type"] == "identify"
    assert bo["userId"] == "bo", "and no more of him: an empty consent says nothing"
    assert sorted(report.reasons.values()) == [1, 1]
    assert {reason.split(":")[0] for reason in report.reasons} == {"email", "sms_consent"}


def test_mended_customers_bring_no_trait_of_their_rejection(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    rows = "bo,bo@example.com,,\ncy,cy@example.com,,\nann,not an address,=gold,pending\n"
    path.write_text("customer_id,email,tier,accepts_marketing\n" + rows)
    import_file(path, "customers", place)
    rejected = tmp_path / "customers.csv.rejected.csv"
    text = rejected.read_text(encoding="utf-8-sig")
    assert "'=gold" in text, "no spreadsheet runs it"
    rejected.write_text(text.replace(",not an address,", ",ann@example.com,"))
    import_file(rejected, "customers", place)
    fact = told(place)[-1]
    assert fact["traits"] == {"tier": "=gold", "email": "ann@example.com"}


def test_a_file_without_rows_is_read_as_such(place: Place, tmp_path: Path) -> None:
    report = import_file(write(tmp_path, "orders.csv", "order_id,customer_id,date,total\n"), "orders", place)
    assert report.figures == {"rows": 0}
    assert report.lines()[-1] == "The files tell no facts: 0 facts were added."


def test_a_changed_customer_is_news_and_an_old_consent_is_not(place: Place, tmp_path: Path) -> None:
    head = "customer_id,email,city,accepts_marketing\n"
    import_file(write(tmp_path, "a.csv", head + "ann,ann@example.com,Seoul,yes\n"), "customers", place)
    report = import_file(write(tmp_path, "b.csv", head + "ann,ann@example.com,Busan,yes\n"), "customers", place)
    assert (report.appended, report.known) == (1, 1)


def test_events_keep_their_shape_or_get_one(place: Place, tmp_path: Path) -> None:
    lines = (
        '{"type": "track", "event": "Product Viewed", "userId": "u1", "timestamp": "2024-01-01T00:00:00Z",'
        ' "messageId": "m1", "properties": {"price": 5}}\n'
        '{"type": "identify", "userId": "u1", "timestamp": "2024-01-01T00:00:01Z", "traits": {"vip": true}}\n'
        "nonsense\n"
    )
    report = import_file(write(tmp_path, "events.jsonl", lines), "events", place)
    first, second = told(place)
    assert (first["messageId"], first["properties"]) == ("m1", {"price": 5})
    assert second["traits"] == {"vip": True}
    assert report.reasons == {"no JSON object in this line": 1}
    table = "user_id,event_name,created_at,page\n" + "u2,Page Opened,2024-01-02 09:00,/home\n" * 2
    again = import_file(write(tmp_path, "events.csv", table), "events", place)
    assert (again.appended, again.known) == (1, 1), "exactly the same event is one event"
    assert told(place)[-1]["properties"] == {"page": "/home"}


def test_a_kind_that_cannot_be_used_is_refused(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        import_file(write(tmp_path, "a.csv", "product_id,name\n1,Cup\n"), "sellers", place)
    assert refused.value.faults[0].path == "/as"


def test_files_that_need_others_say_so(place: Place, tmp_path: Path) -> None:
    items = write(tmp_path, "items.csv", "order_id,product_id,price\n1,P,5\n")
    with pytest.raises(Invalid, match="customer"):
        import_file(items, "items", place)
    reviews = write(tmp_path, "reviews.csv", "order_id,review_score,review_answer_timestamp\n1,5,2024-01-01\n")
    with pytest.raises(Invalid, match="the file of orders in the same command"):
        import_file(reviews, "reviews", place)
    with pytest.raises(Invalid, match="no such column"):
        import_files([items], "orders", place, Choices({"colour": "total"}))
    assert place.log.end() == 0


def test_dates_that_read_two_ways_are_told_in_the_report(place: Place, tmp_path: Path) -> None:
    head = "order_id,customer_id,date,total\n"
    either = import_file(write(tmp_path, "a.csv", head + "1,ann,03/04/2024,5\n"), "orders", place)
    assert any("03/04/2024 were read as day, month, year" in note for note in either.notes)
    clear = import_file(write(tmp_path, "b.csv", head + "2,ann,03/04/2024,5\n3,ann,12/31/2023,5\n"), "orders", place)
    assert not clear.notes
    assert [fact["timestamp"][:10] for fact in told(place)] == ["2024-04-02", "2024-03-03", "2023-12-30"]


SPLIT = """order_id,customer_id,order_date,product_id,quantity,price
A1,ann,2024-03-05,P1,1,10
A1,ann,2024-03-05,P2,two,20
A2,bo,2024-03-06,P1,1,10
A2,bo,2024-03-06,P9,1,-2
A3,cy,2024-03-07,P1,1,10
A3,cy,2024-03-07,P2,1,20,extra
"""


def test_an_order_comes_whole_or_not_at_all_so_that_it_can_be_mended(place: Place, tmp_path: Path) -> None:
    first = import_file(write(tmp_path, "orders.csv", SPLIT), "orders", place)
    assert [fact["properties"]["order_id"] for fact in told(place)] == ["A2"], "an adjustment is no part of its sale"
    assert sum(one.rejected for one in first.files) == 5
    path = tmp_path / "orders.csv.rejected.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",two,", ",2,"))
    again = import_file(path, "orders", place)
    by_id = {fact["properties"]["order_id"]: fact["properties"] for fact in told(place)}
    assert (by_id["A1"]["revenue"], by_id["A3"]["revenue"]) == (50, 30)
    assert len(by_id["A1"]["products"]) == len(by_id["A3"]["products"]) == 2
    assert set(again.reasons) == {"price: found a negative price; allowed: a sale's price (an adjustment is no sale)"}


CATALOGUE = """Handle,Title,Vendor,Type,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,\
Cost per item,Status
cup,Celadon cup,Kiln,Cups,small,CUP-S,38000,4,12000,active
cup,,,,large,CUP-L,52000,0,15000,
bowl,Moon bowl,Kiln,Bowls,,BOWL,90000,2,,draft
,Nothing,,,,,1,,,
"""


def test_a_catalogue_becomes_products_that_are_nobodys(place: Place, tmp_path: Path) -> None:
    report = import_file(write(tmp_path, "products.csv", CATALOGUE), "products", place)
    cup, bowl = told(place)
    assert cup["event"] == "Product Updated"
    assert "userId" not in cup
    assert cup["properties"] == {
        "product_id": "cup", "name": "Celadon cup", "category": "Cups", "brand": "Kiln", "sku": "CUP-S",
        "status": "active", "price": 38_000, "cost": 12_000, "stock": 4, "currency": "KRW",
        "variants": [
            {"sku": "CUP-S", "variant": "small", "price": 38_000, "cost": 12_000, "stock": 4},
            {"sku": "CUP-L", "variant": "large", "price": 52_000, "cost": 15_000, "stock": 0},
        ],
    }  # fmt: skip
    assert (bowl["properties"]["name"], bowl["properties"]["stock"]) == ("Moon bowl", 2)
    assert list(report.reasons) == ["product_id: found nothing; allowed: the product's number"]
    assert import_file(tmp_path / "products.csv", "products", place).appended == 0
    changed = write(tmp_path, "new.csv", CATALOGUE.replace("52000", "55000"))
    assert import_file(changed, "products", place).appended == 1, "a product that changed is news"


# --- public data ----------------------------------------------------------------------------------------------------


def test_online_retail_has_the_published_figures(place: Place, test_data: Path) -> None:
    place = Place(place.log, NOW, ZoneInfo("Europe/London"), "GBP", place.rejects)
    report = import_file(test_data / "online_retail" / "online_retail.parquet", "orders", place)
    assert report.figures == {
        "rows": 541_909, "orders": 25_900, "customers": 4_372, "without_customer": 135_080,
        "amount": Decimal("9747747.934"), "cancellation_lines": 9_288, "cancellations": 3_836, "repeated_rows": 5_268,
        "negative_prices": 2, "zero_prices": 2_515, "orders_without_amount": 0, "cancelled_orders": 0,
        "unpaid_orders": 0,
    }  # fmt: skip
    facts = told(place)
    assert len({fact["userId"] for fact in facts}) == 4_372
    assert all("." not in fact["userId"] for fact in facts)
    assert report.appended == len(facts) == 22_190
    assert {fact["event"] for fact in facts} == {"Order Completed", "Order Refunded"}
    assert all(fact["properties"].get("revenue", fact["properties"].get("total")) >= 0 for fact in facts)


def test_cdnow_without_column_names_is_understood(place: Place, test_data: Path) -> None:
    report = import_file(test_data / "cdnow" / "CDNOW_sample.txt", "orders", place)
    assert (report.figures["rows"], report.figures["customers"]) == (6_919, 2_357)
    assert report.figures["amount"] == Decimal("244091.94")
    facts = told(place)
    assert len(facts) == 6_919, "two purchases of one day are two"
    assert sum(Decimal(str(fact["properties"]["total"])) for fact in facts) == Decimal("244091.94")


def test_olists_tables_are_joined_in_any_order(place: Place, test_data: Path) -> None:
    tables = ("order_reviews", "customers", "order_items", "orders", "products")
    report = import_files([test_data / "olist" / f"olist_{name}_dataset.csv" for name in tables], "orders", place)
    facts = told(place)
    orders = [fact for fact in facts if fact.get("event") == "Order Completed"]
    answers = [fact for fact in facts if fact.get("event") == "Survey Answered"]
    assert len(orders) == 3_000
    assert sum(Decimal(str(o["properties"].get("revenue", 0))) for o in orders) == Decimal("392468.58")
    assert sum(Decimal(str(o["properties"].get("shipping", 0))) for o in orders) == Decimal("68855.36")
    scores = [fact["properties"]["score"] for fact in answers]
    assert [scores.count(n) for n in range(1, 6)] == [355, 98, 247, 576, 1_717]
    assert round(sum(scores) / len(scores), 4) == 4.0698
    people = {fact["userId"] for fact in orders}
    assert people >= {fact["userId"] for fact in answers}
    assert report.figures["orders_without_amount"] == 24
    assert len(people) == report.figures["customers"]
    assert not report.reasons


def test_shopifys_and_woocommerces_own_json_is_an_import(place: Place, test_data: Path) -> None:
    shopify = import_file(test_data / "payloads" / "shopify" / "orders.json", "orders", place)
    (order,) = [fact for fact in told(place) if fact.get("event") == "Order Completed"]
    assert (order["properties"]["order_id"], order["properties"]["total"]) == ("#1001", 598.94)
    assert (order["userId"], order["context"]["traits"]["email"]) == ("207119551", "bob.norman@hostmail.com")
    assert shopify.figures["orders"] == 1
    woo = import_file(test_data / "payloads" / "woocommerce" / "orders_02.json", "orders", place)
    assert woo.appended
    lines = [fact for fact in told(place) if fact.get("event") == "Order Completed"][-1]["properties"]["products"]
    assert all(line.keys() >= {"product_id", "name", "quantity"} for line in lines)
