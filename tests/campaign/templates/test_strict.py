"""What is refused before a campaign runs, with the line; and what is not."""

from __future__ import annotations

import time

import pytest

from dangol.campaign import templates
from dangol.campaign.templates import TemplateFault, troubles
from dangol.campaign.templates.addresses import broken

OK = "<p>Hi {{ customer.first_name | default: 'you' }}</p>\n"


@pytest.mark.parametrize(
    ("source", "line", "found"),
    [
        (OK + "{{ custmer.name }}", 2, "custmer"),
        (OK + OK + "{{ shop.nmae }}", 3, "shop.nmae"),
        (OK + "{{ coupon.cod }}", 2, "coupon.cod"),
        (OK + "{% if customer.name %}", 2, ""),
        (OK + "{{ customer.name | shuot }}", 2, "shuot"),
        (OK + "{% fro x in cart %}{% endfro %}", 2, "fro"),
        (OK + "{% render 'x' %}", 2, "render"),
        (OK + "\n<a href='/cart'>x</a>", 3, "/cart"),
        (OK + "<a\nhref='javascript:x'>x</a>", 3, "javascript:x"),
        (OK + "<a href='http://'>x</a>", 2, "http://"),
        (OK + "<img src='cart.png'>", 2, "cart.png"),
        (OK + "<style>p, div { display: none }</style>", 0, "display: none"),
        (OK + "<style>@media screen { a { color: red } } a { font-size: 0 }</style>", 0, "font-size: 0"),
        (OK + "<style>@media (max-width: 900px) { .dangol-footer { display: none } }</style>", 0, "display: none"),
        (OK + "<style>@media screen { .x, p { font-size: 0px } }</style>", 0, "font-size: 0px"),
        (OK + "<div style='height:0;overflow:hidden'>", 0, "height:0"),
        (OK + "<!-- the end", 0, "comment"),
        (OK + "<div hidden>", 0, "hidden"),
        ("x" * 200_001, 0, "200001"),
    ],
)
def test_refused_with_its_line(source: str, line: int, found: str) -> None:
    told = troubles(source, "html")
    assert told, source
    assert (told[0].line, found in told[0].said()) == (line, True), told


def test_all_is_said_at_once() -> None:
    source = "{{ a }}\n{{ customer.name | b }}\n<a href='c'>x</a>"
    assert [one.line for one in troubles(source, "html")] == [1, 2, 3]


@pytest.mark.parametrize(
    "source",
    [
        OK,
        "<style>.x{display:none}@media print{p{display:none}}</style><p class='x'>a</p>",
        "{% for i in cart %}{{ i.name }}{{ forloop.index }}{% endfor %}{% assign a = 1 %}{{ a }}",
        "<a href='https://a.example/x?y={{ customer.id }}#z'>x</a><a href='#top'>x</a><a href='mailto:a@b.co'>x</a>",
        "<a href='{{ product.url }}'>x</a><a href='tel:+82-2-000-0000'>x</a><a href='https://{{ shop.url }}/'>x</a>",
        "<a href='https://한국.example/길'>x</a><div style='display:none'>preview</div>",
    ],
)
def test_let_through(source: str) -> None:
    assert troubles(source, "html") == []


@pytest.mark.parametrize(
    "address",
    ["", "#", "cart", "//a.example/x", "http:", "http:///x", "https://a b.example", "https://shop/x", "http://localhost/x",
     "https://127.0.0.1/", "http://10.0.0.1/x", "https://x.invalid/", "ftp://a.example/", "mailto:nobody", "data:x", "https://-a.example/"],
)  # fmt: skip
def test_addresses_that_lead_nowhere(address: str) -> None:
    assert broken(address)


# --- bombs ----------------------------------------------------------------------------------------------------------

DOUBLED = "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 13
BOMBS = [
    "{% for i in (1..100) %}{% for j in (1..99) %}{% for k in (1..99) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for i in (1..9999) %}{% endfor %}" * 2000,
    "{% for i in (1..5000) %}" + "{% if true %}{% endif %}" * 5000 + "{% endfor %}",
    "{{ (1..1000000000) | join: ',' }}",
    "{% assign a = (1..100000000) | reverse %}{{ a | size }}",
    DOUBLED + "{{ a | replace: 'x', a }}",
    DOUBLED + "{% assign b = a | split: '' %}{{ b | join: a }}",
    "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
    "{% assign a = 99999999 %}{% for i in (1..60) %}{% assign a = a | times: a %}{% endfor %}",
    "{% for i in (1..60) %}{% capture a %}{{ a }}{{ a }}xxxxxxxxxx{% endcapture %}{% endfor %}",
    "{% for i in (1..9000) %}{{ customer.long }}{% endfor %}",
    "{% tablerow i in (1..100000) cols: 2 %}x{% endtablerow %}",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_bombs_are_stopped_soon(bomb: str) -> None:
    templates.troubles(bomb)  # parsed, so that only the rendering is measured
    start = time.perf_counter()
    with pytest.raises(TemplateFault):
        templates.render_plain(bomb, {"customer": {"long": "x" * 1000}})
    assert time.perf_counter() - start < 0.5


def test_deep_nesting_is_refused() -> None:
    assert troubles("{% if true %}" * 200 + "{% endif %}" * 200)
    assert troubles("{{ a" + "[b" * 3000 + "]" * 3000 + " }}")
