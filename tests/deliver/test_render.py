"""Templates, links, labels and footers: what the customer reads."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from dangol.base import links
from dangol.campaign.templates import TemplateFault, markup, plain
from dangol.deliver import law, legal, render
from dangol.deliver.render import Addresses, Draft, Rendered

SECRET = b"s" * 32
BASE = "https://crm.shop.example"
SHOP = legal.Sender("단골 가게", "hello@shop.example", "02-000-0000", "서울시 종로구 1")
DAY = date(2026, 11, 24)
KOREA = law.demands(law.in_force(["KR"], DAY), "email")


def rendered(template: dict[str, str] | None = None, **changes: Any) -> Rendered:
    message = {"templates": {"en": {"subject": "Hi", "html": "<p>Hi</p>"} | (template or {})}} | changes.pop(
        "message", {}
    )
    given = {
        "message": message,
        "message_class": "marketing",
        "languages": ("en",),
        "variables": {"customer": {"name": "Minji"}},
        "sender": SHOP,
        "addresses": Addresses(SECRET, BASE, 7),
        "demands": KOREA,
    }
    return render.render(Draft(**(given | changes)))


# --- what customers typed is text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "{{ 7 | times: 7 }}",
        "{% for i in (1..9) %}x{% endfor %}",
        "<img src=x onerror=alert(1)>",
        '"><b>',
        "' onclick='x",
    ],
)
@pytest.mark.parametrize(
    "chain", ["", "| upcase", "| strip_html", "| newline_to_br", "| append: 'x'", "| replace: 'q', 'p'"]
)
def test_a_name_never_becomes_markup_or_template(value: str, chain: str) -> None:
    told = rendered({"html": "<p>{{ customer.name " + chain + " }}</p>"}, variables={"customer": {"name": value}})
    body = told.html[told.html.index("<p>") : told.html.index("</p>")]
    assert "<script" not in body.lower()
    assert "<img" not in body.lower()
    assert "<b>" not in body
    assert "49" not in body
    assert "xxxxxxxxx" not in body


def test_a_name_is_printed_as_it_is() -> None:
    told = rendered({"subject": "{{ customer.name }}", "html": "<p>{{ customer.name }}</p>"},
                    variables={"customer": {"name": "A & B <3 {{ 7 | times: 7 }}"}})  # fmt: skip
    assert told.subject == "(광고) A & B <3 {{ 7 | times: 7 }}"
    assert "A &amp; B &lt;3 {{ 7 | times: 7 }}" in told.html
    assert "A & B <3 {{ 7 | times: 7 }}" in told.text


def test_there_is_no_way_around_escaping() -> None:
    with pytest.raises(TemplateFault):
        rendered({"html": "{{ customer.name | safe }}"})


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\tjavascript:alert(1)",
        "java\nscript:alert(1)",
        "java\x00script:alert(1)",
        " \u200bjavascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://x",
    ],
)
def test_addresses_that_run_something_lead_nowhere(url: str) -> None:
    told = rendered({"html": '<a href="{{ customer.u }}">x</a><img src="{{ customer.u }}">'},
                    variables={"customer": {"u": url}})  # fmt: skip
    assert '<a href="#">' in told.html
    assert '<img src="#">' in told.html
    assert told.links == []


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=2", "http://a.example", "mailto:a@b.co", "tel:+82-2-0"])
def test_honest_addresses_stay(url: str) -> None:
    assert markup.safe_url(url) == url


def test_what_would_run_is_left_out() -> None:
    told = rendered({"html": '<p onclick="x()">a<script>alert(1)</script><iframe src="https://x"></iframe>b</p>'})
    assert "<p>ab</p>" in told.html


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bomb",
    [
        "{% for i in (1..100000) %}{% for j in (1..100000) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..9999) %}" + "x" * 1000 + "{% endfor %}",
        "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 40,
        "{% include 'x' %}",
        "{% render 'x' %}",
    ],
)
def test_a_template_that_explodes_is_stopped_soon(bomb: str) -> None:
    start = time.perf_counter()
    with pytest.raises(TemplateFault):
        rendered({"html": bomb})
    assert time.perf_counter() - start < 1


def test_a_missing_value_is_empty_and_a_default_works() -> None:
    told = rendered({"html": "<p>[{{ customer.city }}] {{ customer.city | default: 'there' }}</p>"})
    assert "[] there" in told.html


# --- links ----------------------------------------------------------------------------------------------------------


def test_links_are_counted_and_signed() -> None:
    told = rendered({"html": '<a href="https://a.example/?x=1&amp;y=2">A</a> <a href="https://b.example/">B</a>'})
    assert told.links == ["https://a.example/?x=1&y=2", "https://b.example/"]
    for index in range(2):
        assert f'{BASE}/c/{links.sign(SECRET, "c", 7, index)}"' in told.html
    assert "a.example" not in told.html
    assert f'<img src="{BASE}/o/{links.sign(SECRET, "o", 7)}.gif"' in told.html


def test_without_tracking_links_stay_and_there_is_no_pixel() -> None:
    told = rendered({"html": '<a href="https://a.example/">A</a>'}, message={"tracking": False})
    assert 'href="https://a.example/"' in told.html
    assert told.links == []
    assert "/o/" not in told.html
    assert "/c/" not in told.html


def test_our_own_links_are_not_counted() -> None:
    choices = '{% for one in survey.links %}<a href="{{ one.url }}">{{ one.label }}</a>{% endfor %}'
    html = '<a href="{{ unsubscribe_url }}">no more</a>' + choices
    told = rendered({"html": html}, message={"survey": "csat"})
    assert told.links == []
    assert f'{BASE}/u/{links.sign(SECRET, "u", 7)}"' in told.html
    for score in range(1, 6):
        assert f'{BASE}/s/{links.sign(SECRET, "s", 7, score)}"' in told.html
    assert "Very satisfied" in told.html


def test_an_unsubscription_address_fits_its_header() -> None:
    assert len(Addresses(SECRET, "https://crm.a-rather-long-name.example", 10**9).unsubscribe()) <= 74


# --- language -------------------------------------------------------------------------------------------------------

BOTH = {"en": {"subject": "Hello", "html": "<p>Hello</p>"}, "ko": {"subject": "안녕하세요", "html": "<p>안녕</p>"}}


@pytest.mark.parametrize(
    ("languages", "templates", "chosen"),
    [
        (("ko", "en"), BOTH, "ko"),
        (("en", "ko"), BOTH, "en"),
        (("fr", "ko"), BOTH, "ko"),
        (("en",), {"ko": BOTH["ko"]}, "ko"),
        ((), {"en": BOTH["en"]}, "en"),
    ],
)
def test_the_customers_language_then_the_shops_then_any(
    languages: tuple[str, ...], templates: dict[str, Any], chosen: str
) -> None:
    told = rendered(message={"templates": templates}, languages=languages)
    assert told.language == chosen
    assert told.subject.endswith(templates[chosen]["subject"])


# --- the law --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "country", "expected"),
    [
        ("News", "KR", "(광고) News"),
        ("(광고) News", "KR", "(광고) News"),
        ("(광고)News", "KR", "(광고)News"),
        ("News (광고)", "KR", "(광고) News (광고)"),
        ("News", "DE", "News"),
        ("News", "", "News"),
        ("  News \n today ", "DE", "News today"),
    ],
)
def test_the_label(subject: str, country: str, expected: str) -> None:
    assert legal.subject(subject, law.demands(law.in_force([country], DAY), "email")) == expected


def test_what_is_the_customers_own_business_has_no_label() -> None:
    assert rendered(message_class="transactional", demands=law.own_business("email")).subject == "Hi"


def test_korean_advertising_says_in_both_languages_who_sends_it_and_how_to_refuse() -> None:
    told = rendered()
    for words in ("단골 가게", "hello@shop.example", "02-000-0000", "서울시 종로구 1", "수신거부", "Unsubscribe"):
        assert words in told.html
        assert words in told.text
    assert told.html.count(f"{BASE}/u/{links.sign(SECRET, 'u', 7)}") == 2
    assert told.html.index("Unsubscribe") > told.html.index("<p>Hi</p>")


def test_a_receipt_says_who_sends_it_and_offers_no_unsubscription() -> None:
    told = rendered(message_class="transactional", demands=law.own_business("email"))
    assert "hello@shop.example" in told.html
    assert "Unsubscribe" not in told.html
    assert "수신거부" not in told.html


def test_the_footer_escapes_the_shops_own_words() -> None:
    odd = legal.Sender("A <b>&", "a@b.co", "", "")
    assert "A &lt;b&gt;&amp;" in legal.footer(odd, KOREA, "en", "https://x/u/1")


# --- pages and text -------------------------------------------------------------------------------------------------


def test_a_whole_page_keeps_its_own_frame() -> None:
    style = "<style>p{color:red}a:hover{color:blue}</style>"
    page = f"<!doctype html><html><head>{style}</head><body class=x><p>Hi</p></body></html>"
    told = rendered({"html": page, "preheader": "Look <inside>"})
    assert told.html.lower().startswith("<!doctype html>")
    assert "a:hover { color: blue; }" in told.html, "what cannot be inlined stays"
    assert told.html.count("<body") == 1
    assert told.html.index("Look &lt;inside&gt;") < told.html.index('<p style="color: red;">Hi</p>')
    assert told.html.index("Unsubscribe") < told.html.index("</body>")
    assert "Look" not in told.text, "the preview line is no part of the message"


def test_text_of_html() -> None:
    html = (
        "<head><title>t</title></head><h1>Hello&nbsp;there</h1><p>Two <b>words</b><br>next</p><ul><li>one</li><li>two"
        '</li></ul><p><a href="https://x.example/">Shop</a> <a href="mailto:a@b.co">a@b.co</a></p>'
        '<div style="display:none">hidden<img src=x><br></div><img alt="Cup"><p>Tea &amp; cake</p><style>p{}</style>'
    )
    assert plain.text_of(html) == (
        "Hello there\n\nTwo words\nnext\n\n- one\n- two\n\nShop (https://x.example/) a@b.co\n\nCup\n\nTea & cake\n"
    )


@pytest.mark.parametrize(
    "broken", ["<p>open", "</div></p>x", "<a href='x'>y", "a < b > c", "<", "&lt;&bogus;", "<!-- never closed"]
)
def test_broken_html_is_survived(broken: str) -> None:
    markup.rewrite(broken)
    assert plain.text_of(broken).endswith("\n")
