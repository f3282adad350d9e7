"""The fields a column can be mapped to, and the names that shops' exports usually give them.

Names are compared without case, blanks and signs (`plain`). The order of a field's names is the order of preference
where a file has several of them. Exports named: Shopify, WooCommerce and its export plug-ins, Cafe24, Smart Store,
UCI Online Retail, Olist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Names = Mapping[str, str]

IGNORE = "ignore"  # the field that leaves a column out
REASON = "rejected because"  # the column that a file of rejected rows has in front

_PERSON = {
    "person_id": "customer_unique_id, person_id",
    "customer_id": "customer_id, customerid, household_id, user_id, userid, member_id, client_id, customer,"
    " customer_user, buyer_id, 회원id, 회원아이디, 주문자id, 주문자아이디, 구매자id, 구매자아이디, 고객id,"
    " 고객번호, 회원번호, 아이디",
    "email": "email, e-mail, email_address, customer_email, billing_email, email_billing, mail, 이메일, 이메일주소,"
    " 주문자이메일, 구매자이메일, 고객이메일, 이메일_주소",
    "phone": "phone, phone_number, mobile, mobile_phone, telephone, billing_phone, phone_billing, customer_phone,"
    " 휴대폰, 휴대전화, 휴대폰번호, 휴대전화번호, 핸드폰, 주문자휴대전화, 주문자휴대폰, 구매자연락처, 주문자연락처,"
    " 전화번호, 연락처, 구매자휴대폰, 구매자휴대전화, 주문자핸드폰, 휴대전화번호1, 연락처1, 주문자연락처1,"
    " default_address_phone",
    "name": "customer_name, full_name, billing_name, buyer_name, 주문자명, 구매자명, 주문자, 구매자, 고객명, 회원명,"
    " 이름, 성명, billing_full_name, 주문자성명, 회원이름",
    "first_name": "first_name, firstname, billing_first_name, first_name_billing, given_name",
    "last_name": "last_name, lastname, billing_last_name, last_name_billing, family_name, surname",
    "email_consent": "accepts_email_marketing, accepts_marketing, email_marketing, marketing_consent, newsletter,"
    " email_opt_in, email_consent, 이메일수신여부, 메일수신여부, 이메일수신동의, 메일수신동의, 마케팅수신동의,"
    " 뉴스메일수신여부, 이메일마케팅수신, buyer_accepts_marketing, email_marketing_consent_state, 이메일수신,"
    " 이메일수신설정, 이메일마케팅동의",
    "sms_consent": "accepts_sms_marketing, sms_marketing, sms_opt_in, sms_consent, sms수신여부, sms수신동의,"
    " 문자수신여부, 문자수신동의, sms_marketing_consent_state, sms수신, sms마케팅동의, 문자수신",
    "loyalty_card": "loyalty_card, loyalty_number, card_number, membership_number, member_card, 멤버십번호,"
    " 멤버십카드번호, 포인트카드번호, 적립카드번호",
    "consent_time": "consent_time, consent_at, email_consent_updated_at, 수신동의일, 수신동의일시, 마케팅동의일",
}
_LINE = {
    "product_id": "product_id, lineitem_product_id, lineitem_sku, stockcode, sku, item_sku, product_sku,"
    " product_code, 상품번호, 상품코드, 자체상품코드, 판매자상품코드, item_product_id, 품목코드, 자체품목코드,"
    " 판매자상품코드1",
    "product": "product, product_name, lineitem_name, item_name, description, item, 상품명, 주문상품명,"
    " 주문상품명옵션포함, 상품명한국어쇼핑몰",
    "category": "category, product_category, product_category_name, 카테고리, 상품분류",
    "quantity": "quantity, qty, lineitem_quantity, item_quantity, quantity_refund, item_qty, 수량, 주문수량, 구매수량",
    "price": "price, unit_price, unitprice, lineitem_price, item_cost, item_price, 판매가, 상품가격, 단가,"
    " 상품단가, 상품판매가, 옵션판매가",
    "line_total": "line_total, sales_value, item_total, line_item_total, item_subtotal, 상품구매금액, 상품금액,"
    " 총상품금액, lineitem_total, 상품별총주문금액, 총상품구매금액, 품목별주문금액, 상품별결제금액",
    "line_shipping": "freight_value, item_shipping",
}
_ORDER = {
    "order_id": "order_id, orderid, basket_id, invoiceno, invoice, invoice_no, order_number, order_no, order_name,"
    " order, 주문번호, number",
    "revenue": "revenue, subtotal, order_subtotal, order_subtotal_amount, order_subtotal_amount_inc_tax, net_sales,"
    " subtotal_price, current_subtotal_price",
    "total": "total, order_total, order_total_amount, total_amount, grand_total, total_price, amount, dollars,"
    " order_value, total_paid, 총결제금액, 결제금액, 실결제금액, 총주문금액, 주문금액, 최종결제금액, net_total,"
    " 총실결제금액, 총실결제금액최초정보, 최초결제금액, 결제금액합계",
    "shipping": "shipping, shipping_total, order_shipping_amount, 배송비, 배송비합계, 총배송비, total_shipping,"
    " 배송비총합, 배송비금액",
    "tax": "taxes, tax, tax_total, order_total_tax_amount, 세금, 부가세, total_tax, order_total_tax",
    "discount": "discount_amount, discount_total, discount, cart_discount_amount, 할인금액, 총할인금액,"
    " total_discounts, cart_discount",
    "coupon": "discount_code, coupon_code, coupon, coupons, 쿠폰, 쿠폰코드",
    "refunded": "refunded_amount, refund_amount, order_refund_amount, amount_refunded, 환불금액, 총환불금액,"
    " refunded_total, order_refund_amount, 실환불금액",
    "currency": "currency, order_currency, 통화, 결제통화",
    "status": "order_status, status, financial_status, 주문상태, 결제상태, wc_status, 주문상세상태, 주문세부상태",
    "cancelled_time": "cancelled_at, canceled_at, 취소일, 취소일시, 취소완료일",
    "channel": "sales_channel, order_channel, channel, 주문경로, 판매채널, source_name, 매출경로, 유입채널",
    "time": "order_purchase_timestamp, invoicedate, invoice_date, ordered_at, order_date, order_time, created_at,"
    " date_created, purchased_at, purchase_date, paid_at, paid_date, payment_date, date, timestamp, datetime, time,"
    " transaction_date, transaction_timestamp, 주문일시, 주문일자, 주문일, 주문시간, 결제일시, 결제일, 결제일자,"
    " 발주일, processed_at, date_created_gmt, 결제일시입금확인일, 입금확인일",
}
_TIMES = "timestamp, time, datetime, event_time, occurred_at, created_at, date, 일시, 발생일시, 날짜"

ROLES: Mapping[str, Names] = {
    "orders": {**_ORDER, **_LINE, **_PERSON},
    "items": {"order_id": _ORDER["order_id"], **_LINE},
    "customers": {
        **_PERSON,
        "customer_id": _PERSON["customer_id"] + ", id",
        "name": _PERSON["name"] + ", name, display_name",
        "language": "language, locale, lang, 언어",
        "created_time": "created_at, registered, date_registered, registration_date, signup_date, sign_up, joined_at,"
        " user_registered, customer_since, 회원가입일, 가입일, 가입일시, 등록일",
        "updated_time": "updated_at, last_update, modified_at, 수정일, 정보수정일",
        "birthday": "birthday, birth_date, date_of_birth, birthdate, dob, 생년월일, 생일",
        "city": "city, customer_city, billing_city, default_address_city, 도시, 시군구",
        "country": "country, country_code, billing_country, default_address_country_code, 국가",
    },
    "products": {
        "product_id": _LINE["product_id"].replace("sku, ", "") + ", handle, id",
        "product": "product, product_name, title, name, 상품명",
        "category": _LINE["category"] + ", categories, product_type, 상품분류번호, 카테고리명, type",
        "brand": "brand, vendor, manufacturer, 브랜드, 제조사",
        "sku": "sku, variant_sku, 자체상품코드, 판매자상품코드",
        "variant": "variant, option1_value, option, attribute_1_values, 옵션, 옵션명",
        "price": "price, variant_price, sale_price, regular_price, selling_price, 판매가, 판매가격, 소비자가",
        "cost": "cost, cost_per_item, cost_price, purchase_price, 공급가, 매입가, 원가",
        "stock": "stock, variant_inventory_qty, stock_quantity, quantity, inventory, 재고, 재고수량",
        "url": "url, link, permalink, product_url, 상품url",
        "image_url": "image_url, image_src, image_link, images, image, 대표이미지url, 이미지",
        "product_status": "status, published, 판매상태, 진열상태",
        "updated_time": "updated_at, date_modified, modified_at, 수정일, 최근수정일",
    },
    "reviews": {
        "review_id": "review_id, reviewid, 리뷰번호, 후기번호",
        "order_id": _ORDER["order_id"],
        "product_id": _LINE["product_id"] + ", product_handle, clothing_id",
        "score": "review_score, score, rating, stars, 평점, 별점, 만족도",
        "title": "review_comment_title, title, review_title, 제목",
        "text": "review_comment_message, review_text, review_body, body, comment, content, text, 내용, 후기내용,"
        " 리뷰내용",
        "time": "review_answer_timestamp, answered_at, submitted_at, review_date, review_creation_date, "
        + _TIMES
        + ", 작성일, 작성일시",
        **{name: _PERSON[name] for name in ("person_id", "customer_id", "loyalty_card", "email", "phone")},
    },
    "events": {
        "event": "event, event_name, event_type, action, 이벤트, 이벤트명",
        "type": "type",
        "user_id": "userid, user_id, customer_id, person_id, distinct_id, 회원id, 아이디",
        "anonymous_id": "anonymousid, anonymous_id, session_id, visitor_id, device_id, client_id, cookie_id",
        "previous_id": "previousid, previous_id",
        "group_id": "groupid, group_id",
        "email": _PERSON["email"],
        "time": "originaltimestamp, " + _TIMES,
        "message_id": "messageid, message_id, event_id, uuid, insert_id",
        "name": "name",
        "properties": "properties",
        "traits": "traits",
        "context": "context",
    },
    "visits": {
        "address": "address, ip, ip_address, remote_addr, remote_host, client_ip, host",
        "time": "time, time_local, " + _TIMES,
        "method": "method, request_method",
        "path": "path, request, request_uri, uri, url, page",
        "status": "status, status_code, sc_status",
        "referrer": "referrer, referer, http_referer",
        "agent": "agent, user_agent, useragent, http_user_agent",
    },
}
# What a shop's own words mean in one export only: (a column that proves the export, the column, the field it is).
PECULIAR = {
    "orders": (
        ("lineitemname", "name", "order_id"),  # Shopify calls the order's number Name
        ("lineitemname", "id", IGNORE),
        ("lineitemname", "source", "channel"),
        ("subtotalprice", "name", "order_id"),  # the same in its JSON, where user_id is a member of staff
        ("subtotalprice", "userid", IGNORE),
        ("subtotalprice", "number", IGNORE),
        ("subtotalprice", "ordernumber", IGNORE),
        ("customertype", "customer", IGNORE),  # WooCommerce's report of orders: a name, and names are not unique
    ),
}
KINDS = ("orders", "customers", "products", "items", "reviews", "events", "visits")

_SIGNS = re.compile(r"[\W_]+")
_UNIT = re.compile(r"\((?:krw|usd|eur|jpy|cny|gbp|원|₩|\$)\)\s*$", re.IGNORECASE)  # Cafe24: 총 결제금액(KRW)


def plain(name: str) -> str:
    """A column's name as names are compared."""
    return _SIGNS.sub("", _UNIT.sub("", name)).casefold()


def names_of(role: str) -> dict[str, list[str]]:
    """Field → the plain names of its columns, the preferred first; a field's own name always names it."""
    return {field: [plain(field), *(plain(name) for name in names.split(","))] for field, names in ROLES[role].items()}
