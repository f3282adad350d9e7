"""Guessed mappings of the exports that shops have."""

from __future__ import annotations

import pytest

from dangol.base.errors import Invalid
from dangol.collect.files.mapping import Sample, faults_of, mapped, role_of

SHOPIFY = {
    "Name": "#1001", "Email": "ann@example.com", "Financial Status": "paid", "Paid at": "2024-03-05 10:11:12 +0900",
    "Fulfillment Status": "fulfilled", "Accepts Marketing": "yes", "Currency": "KRW", "Subtotal": "30000",
    "Shipping": "3000", "Taxes": "0", "Total": "33000", "Discount Code": "HI", "Discount Amount": "0",
    "Created at": "2024-03-05 10:11:00 +0900", "Lineitem quantity": "2", "Lineitem name": "Cup",
    "Lineitem price": "15000", "Lineitem sku": "C-1", "Billing Name": "Ann Lee", "Cancelled at": "",
    "Refunded Amount": "0", "Id": "450789469", "Phone": "+82 10 1234 5678",
}  # fmt: skip
CAFE24 = {
    "주문번호": "20240305-0000012", "주문일시": "2024-03-05 10:11:12", "주문자명": "이안나",
    "주문자 이메일": "ann@example.com", "주문자 휴대전화": "010-1234-5678",
    "상품코드": "P0000BCD", "상품명": "찻잔", "수량": "2", "판매가": "15,000",
    "총 결제금액": "33,000", "배송비": "3,000", "주문상태": "배송완료",
}  # fmt: skip
WOO = {
    "order_id": "77", "order_date": "9/26/2023 6:29:00", "status": "completed", "shipping_total": "4.00",
    "tax_total": "1.00", "order_total": "30.00", "order_subtotal": "25.00", "order_currency": "EUR",
    "customer_id": "0", "customer_email": "ann@example.com", "billing_first_name": "Ann",
}  # fmt: skip


def sample(row: dict[str, str], name: str = "orders.csv") -> Sample:
    return Sample(name, list(row), [list(row.values())])


@pytest.mark.parametrize(
    ("export", "expected"),
    [
        (
            SHOPIFY,
            {
                "order_id": "Name", "email": "Email", "time": "Created at", "revenue": "Subtotal", "total": "Total",
                "quantity": "Lineitem quantity", "price": "Lineitem price", "product": "Lineitem name",
                "email_consent": "Accepts Marketing", "status": "Financial Status", "name": "Billing Name",
                "product_id": "Lineitem sku", "phone": "Phone",
            },
        ),
        (
            CAFE24,
            {
                "order_id": "주문번호", "time": "주문일시", "email": "주문자 이메일", "phone": "주문자 휴대전화",
                "product": "상품명", "quantity": "수량", "price": "판매가", "total": "총 결제금액",
                "status": "주문상태",
            },
        ),
        (
            WOO,
            {
                "order_id": "order_id", "time": "order_date", "email": "customer_email", "total": "order_total",
                "revenue": "order_subtotal", "customer_id": "customer_id", "first_name": "billing_first_name",
            },
        ),
    ],
)  # fmt: skip
def test_usual_exports_of_orders_need_no_help(export: dict[str, str], expected: dict[str, str]) -> None:
    found = mapped(sample(export), "orders", {})
    assert {name: list(export)[place] for name, place in found.places.items()} | expected == {
        name: list(export)[place] for name, place in found.places.items()
    }
    assert faults_of(found) == []


def test_a_name_that_its_values_contradict_is_not_believed() -> None:
    found = mapped(
        sample({"order_id": "1", "customer_id": "7", "date": "blue", "total": "5", "when": "2024-01-02"}), "orders", {}
    )
    assert found.named()["when"] == "time"
    assert "date" not in found.named()


def test_every_guess_can_be_overridden_or_ignored() -> None:
    row = {"order_id": "1", "customer_id": "7", "date": "2024-01-02", "total": "5", "net": "4"}
    found = mapped(sample(row), "orders", {"net": "total", "total": "ignore"})
    assert found.named()["net"] == "total"
    assert "total" not in found.named()


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Invalid) as refused:
        mapped(sample(WOO), "orders", {"status": "mood"})
    (fault,) = refused.value.faults
    assert (fault.path, fault.found) == ("/orders.csv/status", "the field 'mood'")
    assert "order_id" in fault.allowed


def test_a_mapping_that_cannot_work_names_all_that_is_missing() -> None:
    found = faults_of(mapped(sample({"colour": "red", "size": "L"}), "orders", {}))
    assert [fault.path for fault in found] == ["/orders.csv/customer_id", "/orders.csv/total", "/orders.csv/time"]
    assert all("colour, size" in fault.found and "--map COLUMN=" in fault.allowed for fault in found)


@pytest.mark.parametrize(
    ("row", "role"),
    [
        ({"order_id": "1", "customer_id": "c", "order_purchase_timestamp": "2018-01-02 03:04:05"}, "orders"),
        ({"order_id": "1", "order_item_id": "1", "product_id": "p", "price": "9.90"}, "items"),
        ({"customer_id": "c", "customer_unique_id": "u", "customer_city": "x"}, "customers"),
        ({"review_id": "r", "order_id": "1", "review_score": "5"}, "reviews"),
        ({"product_id": "p", "product_category_name": "toys"}, "products"),
        ({"seller_id": "s", "seller_city": "x"}, None),
    ],
)
def test_a_files_part_among_several_follows_from_its_columns(row: dict[str, str], role: str | None) -> None:
    assert role_of(sample(row), {}) == role
