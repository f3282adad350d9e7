"""Guessed mappings of the exports that shops have."""

from __future__ import annotations

import pytest

from dangol.base.errors import Invalid
from dangol.collect.files.guess import Sample, guessed
from dangol.collect.files.mapping import Mapped, Remembered, faults_of, mapped, role_of

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


# --- header rows as the platforms write them ------------------------------------------------------------------------

SHOPIFY_ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number,Duties,Billing Province Name,"
    "Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
SHOPIFY_CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,"
    "Total Orders,Note,Tax Exempt,Tags"
)
WOO_SUITE = (  # the export of orders by "Customer / Order / Coupon Export"
    "order_id,order_number,order_number_formatted,date,status,shipping_total,shipping_tax_total,fee_total,"
    "fee_tax_total,tax_total,cart_discount,order_discount,discount_total,order_total,refunded_total,order_currency,"
    "payment_method,shipping_method,customer_id,billing_first_name,billing_last_name,billing_company,billing_email,"
    "billing_phone,billing_address_1,billing_postcode,billing_city,billing_country,shipping_first_name,item_id,"
    "item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total,item_total_tax,item_refunded"
)
WOO_ADVANCED = (  # the default columns of "Advanced Order Export"
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),"
    "Address 1&2 (Billing),City (Billing),State Code (Billing),Postcode (Billing),Country Code (Billing),"
    "Email (Billing),Phone (Billing),First Name (Shipping),Last Name (Shipping),Payment Method Title,"
    "Cart Discount Amount,Order Subtotal Amount,Shipping Method Title,Order Shipping Amount,Order Refund Amount,"
    "Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,"
    "Discount Amount,Discount Amount Tax"
)
WOO_CUSTOMERS = (
    "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code"
)
CAFE24_ORDERS = (
    "쇼핑몰번호,쇼핑몰,주문번호,품목별 주문번호,주문경로,주문일시,결제일시(입금확인일),결제수단,주문자명,주문자ID,"
    "주문자 이메일,주문자 휴대전화,주문자 일반전화,수령인,수령인 휴대전화,수령인 우편번호,수령인 주소(전체),배송메시지,"
    "주문상품명,주문상품명(옵션포함),상품번호,상품코드,품목코드,자체품목코드,수량,판매가,상품구매금액(KRW),"
    "총 상품구매금액(KRW),총 결제금액(KRW),총 배송비(KRW),주문 상태"
)
CAFE24_MEMBERS = (
    "아이디,이름,회원등급,이메일,휴대전화,일반전화,생년월일,성별,지역,회원 가입일,최종접속일,SMS 수신여부,"
    "뉴스메일 수신여부,총구매금액,총 실주문건수,적립금"
)
SMARTSTORE = (
    "상품주문번호,주문번호,배송속성,풀필먼트사,배송방법(구매자 요청),배송방법,택배사,송장번호,발송일,판매채널,구매자명,"
    "구매자ID,수취인명,주문상태,주문세부상태,결제위치,결제일,상품번호,상품명,상품종류,옵션정보,옵션관리코드,수량,"
    "옵션가격,상품가격,최종 상품별 할인액,판매자 부담 할인액,상품별 총 주문금액,사은품,발주확인일,발송기한,발송처리일,"
    "배송비 묶음번호,배송비 형태,배송비 유형,배송비 합계,제주/도서 추가배송비,배송비 할인액,판매자 상품코드,"
    "판매자 내부코드1,수취인연락처1,수취인연락처2,통합배송지,"
    "기본배송지,상세배송지,구매자연락처,우편번호,배송메세지,출고지,결제수단,주문일시"
)


@pytest.mark.parametrize(
    ("header", "role", "expected"),
    [
        (SHOPIFY_ORDERS, "orders", {
            "order_id": "Name", "email": "Email", "time": "Created at", "revenue": "Subtotal", "total": "Total",
            "shipping": "Shipping", "tax": "Taxes", "discount": "Discount Amount", "coupon": "Discount Code",
            "refunded": "Refunded Amount", "currency": "Currency", "status": "Financial Status",
            "cancelled_time": "Cancelled at", "channel": "Source", "product": "Lineitem name",
            "product_id": "Lineitem sku", "quantity": "Lineitem quantity", "price": "Lineitem price",
            "phone": "Phone", "name": "Billing Name", "email_consent": "Accepts Marketing",
        }),
        (SHOPIFY_CUSTOMERS, "customers", {
            "customer_id": "Customer ID", "email": "Email", "phone": "Phone", "first_name": "First Name",
            "last_name": "Last Name", "email_consent": "Accepts Email Marketing",
            "sms_consent": "Accepts SMS Marketing",
            "city": "Default Address City", "country": "Default Address Country Code",
        }),
        (WOO_SUITE, "orders", {
            "order_id": "order_id", "time": "date", "status": "status", "total": "order_total",
            "shipping": "shipping_total", "tax": "tax_total", "discount": "discount_total",
            "refunded": "refunded_total", "currency": "order_currency", "customer_id": "customer_id",
            "email": "billing_email", "phone": "billing_phone", "first_name": "billing_first_name",
            "last_name": "billing_last_name", "product_id": "item_sku", "product": "item_name",
            "quantity": "item_quantity", "line_total": "item_total",
        }),
        (WOO_ADVANCED, "orders", {
            "order_id": "Order Number", "time": "Order Date", "status": "Order Status", "email": "Email (Billing)",
            "phone": "Phone (Billing)", "first_name": "First Name (Billing)", "last_name": "Last Name (Billing)",
            "tax": "Order Total Tax Amount", "total": "Order Total Amount",
            "revenue": "Order Subtotal Amount", "refunded": "Order Refund Amount", "shipping": "Order Shipping Amount",
            "product_id": "SKU", "product": "Item Name", "quantity": "Quantity (- Refund)", "price": "Item Cost",
            "coupon": "Coupon Code", "discount": "Discount Amount",
        }),
        (WOO_CUSTOMERS, "customers", {"email": "Email", "name": "Name", "created_time": "Sign Up", "city": "City"}),
        (CAFE24_ORDERS, "orders", {
            "order_id": "주문번호", "time": "주문일시", "channel": "주문경로", "name": "주문자명",
            "customer_id": "주문자ID", "email": "주문자 이메일", "phone": "주문자 휴대전화", "product": "주문상품명",
            "product_id": "상품번호", "quantity": "수량", "price": "판매가", "line_total": "상품구매금액(KRW)",
            "total": "총 결제금액(KRW)", "shipping": "총 배송비(KRW)", "status": "주문 상태",
        }),
        (CAFE24_MEMBERS, "customers", {
            "customer_id": "아이디", "name": "이름", "email": "이메일", "phone": "휴대전화", "birthday": "생년월일",
            "created_time": "회원 가입일", "sms_consent": "SMS 수신여부", "email_consent": "뉴스메일 수신여부",
        }),
        (SMARTSTORE, "orders", {
            "order_id": "주문번호", "time": "주문일시", "channel": "판매채널", "name": "구매자명",
            "customer_id": "구매자ID", "phone": "구매자연락처", "product": "상품명", "product_id": "상품번호",
            "quantity": "수량", "price": "상품가격", "line_total": "상품별 총 주문금액", "shipping": "배송비 합계",
            "status": "주문상태",
        }),
    ],
)  # fmt: skip
def test_the_platforms_header_rows_are_known(header: str, role: str, expected: dict[str, str]) -> None:
    found = mapped(Sample("export.csv", header.split(","), []), role, {})
    assert {name: found.sample.columns[place] for name, place in found.places.items()} == expected
    assert faults_of(found) == []
    assert set(found.why.values()) == {"its name"}


def test_a_report_that_names_customers_by_their_name_only_is_refused() -> None:
    header = "Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution"
    row = ["2024-01-02", "77", "completed", "Ann Lee", "new", "1x Cup", "1", "", "25.00", "Direct"]
    assert "/orders.csv/customer_id" in {
        fault.path for fault in faults_of(mapped(Sample("orders.csv", header.split(","), [row]), "orders", {}))
    }


# --- values ---------------------------------------------------------------------------------------------------------


def table(columns: dict[str, list[str]]) -> Sample:
    return Sample("bestellungen.csv", list(columns), [list(row) for row in zip(*columns.values(), strict=True)])


def test_values_say_what_names_do_not() -> None:
    found = mapped(
        table({
            "Bestellnr": ["B-1001", "B-1002", "B-1003"], "Kunde": ["K0017", "K0018", "K0017"],
            "Tag": ["05.03.2024", "06.03.2024", "27.03.2024"], "Betrag": ["45,00", "1.234,50", "12,00"],
            "Stück": ["1", "2", "1"],
        }), "orders", {},
    )  # fmt: skip
    assert found.named() == {"Bestellnr": "order_id", "Kunde": "customer_id", "Tag": "time", "Betrag": "total"}
    assert found.why == {
        "order_id": "ids that never repeat", "customer_id": "ids that repeat", "time": "values such as times",
        "total": "values such as money",
    }  # fmt: skip
    people = mapped(
        table({"Wer": ["ann@a.example", "bo@b.example"], "Tel": ["+49 30 123456", "010-1234-5678"], "x": ["1", "0"]}),
        "customers", {},
    )  # fmt: skip
    assert people.named() == {"Wer": "email", "Tel": "phone"}, "and a column of yes and no is no consent"


@pytest.mark.parametrize(
    "columns",
    [
        {"a": ["12.50", "3.00", "9.99"], "b": ["1.50", "2.00", "0.99"]},  # which of the two?
        {"a": ["17", "18", "19"], "b": ["x y", "z", "q"]},
        {"a": ["20240305-0000012", "20240305-0000013", "20240306-0000001"]},
    ],
)
def test_values_that_could_be_anything_are_not_guessed(columns: dict[str, list[str]]) -> None:
    found = guessed(table(columns), "orders", range(len(columns)), {"order_id"})
    assert found == {}


# --- what was said outranks what was kept, and that what is guessed ------------------------------------------------


def test_a_kept_mapping_is_followed_and_can_be_overruled() -> None:
    row = {"nr": "1", "who": "7", "date": "2024-01-02", "total": "5", "net": "4"}
    kept = Remembered("till", {"nr": "order_id", "who": "customer_id", "date": "time", "total": "", "net": "total"})
    found = mapped(sample(row), "orders", {}, kept)
    assert found.named() == {"nr": "order_id", "who": "customer_id", "date": "time", "net": "total"}
    assert (found.known_as, set(found.why.values())) == ("till", {"the mapping 'till'"})
    again = mapped(sample(row), "orders", {"total": "total", "net": "ignore"}, kept)
    assert (again.named()["total"], again.why["total"]) == ("total", "you said so")
    assert again.kept() == {"nr": "order_id", "who": "customer_id", "date": "time", "total": "total", "net": "ignore"}
    assert isinstance(again, Mapped)
