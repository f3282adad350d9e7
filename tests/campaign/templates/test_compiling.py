"""Liquid survives MJML and CSS: what is rendered from a compiled template is what was written."""
# ruff: noqa: E501

from __future__ import annotations

import re
from typing import Any

import pytest

from dangol.campaign import templates
from dangol.campaign.templates import TemplateFault, compiled, tokens

MJML = "<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"
EVIL = "\"><script>x</script>' onload=x {{ 7 | times: 7 }} {% raw %} --> ]]> </style>"


def html_of(source: str, form: str = "html", **values: Any) -> str:
    return templates.render_markup(compiled(source, form, "en").html, {"dangol": {"footer": "FOOTER"}} | values)


def text_of(source: str, form: str = "html", **values: Any) -> str:
    return templates.render_plain(compiled(source, form, "en").text, {"dangol": {}} | values)


def mjml_of(body: str, head: str = "", **values: Any) -> str:
    return html_of(MJML.format(head=head, body=body), "mjml", **values)


SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


@pytest.mark.parametrize(
    ("body", "shown", "gone"),
    [
        ("{% if vip %}" + SECTION.format("A1") + "{% else %}" + SECTION.format("B2") + "{% endif %}", ["A1"], ["B2"]),
        ("<mj-section>{% for i in items %}<mj-column><mj-text>{{ i }}</mj-text></mj-column>{% endfor %}</mj-section>", ["one", "two"], []),
        ("<mj-section><mj-column>{% if vip %}<mj-text>A1</mj-text>{% endif %}{% unless vip %}<mj-image src='https://a.example/b.png' alt='B2'/>{% endunless %}</mj-column></mj-section>", ["A1"], ["B2", "b.png"]),
        (SECTION.format("{% if vip %}A1 <b>{{ items[0] }}</b>{% else %}B2{% endif %}"), ["A1", "<b>one</b>"], ["B2"]),
        ("<mj-section><mj-column><mj-table>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</mj-table></mj-column></mj-section>", [">one</td>", ">two</td>"], []),
        ("<mj-wrapper>{% if vip %}" + SECTION.format("A1") + "{% endif %}</mj-wrapper>", ["A1"], []),
        ("{% case items.size %}{% when 2 %}" + SECTION.format("A1") + "{% else %}" + SECTION.format("B2") + "{% endcase %}", ["A1"], ["B2"]),
        ("{% assign x = items | first %}" + SECTION.format("{{ x }}"), ["one"], []),
        ("{% capture x %}<i>{{ items[1] }}</i>{% endcapture %}" + SECTION.format("{{ x }}"), ["<i>two</i>"], []),
        ("{% comment %}{% if B2 %}{% endcomment %}" + SECTION.format("{% # B2 %}A1"), ["A1"], ["B2"]),
        ("<mj-section><mj-column><mj-button href='https://a.example/{{ items[0] | url_encode }}' background-color='{% if vip %}#111111{% else %}#B2B2B2{% endif %}'>Go</mj-button></mj-column></mj-section>", ["https://a.example/one", "background: #111111", 'bgcolor="#111111"'], ["B2B2"]),
        ("<mj-section background-url='{{ pic }}'><mj-column><mj-text>A1</mj-text></mj-column></mj-section>", ["A1"], []),
        (SECTION.format("{% raw %}{{ A1 }}{% endraw %}"), ["{{ A1 }}"], []),
    ],
)  # fmt: skip
def test_liquid_survives_mjml(body: str, shown: list[str], gone: list[str]) -> None:
    page = mjml_of(body, vip=True, items=["one", "two"], pic="https://a.example/p.png")
    assert all(part in page for part in shown), page
    assert not any(part in page for part in gone), page
    assert "lqt" not in page
    assert "lqo" not in page
    assert page.index("FOOTER") < page.index("</body>")


def test_head_of_mjml() -> None:
    head = (
        "<mj-title>{{ a }}</mj-title><mj-preview>{% if b %}{{ a }}{% endif %}</mj-preview>"
        "<mj-attributes><mj-text color='{{ c }}'/></mj-attributes>"
        "<mj-style>@media (prefers-color-scheme: dark) { .x { color: {{ c }} !important } }</mj-style>"
        "<mj-style inline='inline'>.x b { color: {{ c }} }</mj-style>"
    )
    page = mjml_of(
        "<mj-section><mj-column><mj-text css-class='x'><b>q</b></mj-text></mj-column></mj-section>",
        head,
        a="A1",
        b=1,
        c="#123456",
    )
    assert page.count("A1") >= 2
    assert page.count("#123456") == 3
    assert "fonts.googleapis" not in page


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<style>.a{color:red}</style><p class='{% if v %}a{% endif %}'>x</p>", '<p class="a">x</p>'),
        ("<style>p{color:{{ c }}}</style><p>x</p>", '<p style="color: blue;">x</p>'),
        ("<table>{% for i in l %}{% cycle '<tr>', '' %}<td>{{ i }}</td>{% endfor %}</table>", "<td>1</td>"),
        ("<table><tr>{% for i in l %}<td style='width:{{ i }}px'>{{ i }}</td>{% endfor %}</tr></table>", '<td style="width:2px">2</td>'),
        ("<p>{%- if v -%} x {%- endif -%}</p>", "<p>x</p>"),
        ("<p title='{% if v %}say \"hi\"{% endif %}'>x</p>", '<p title="say &quot;hi&quot;">'),
        ("<a href={{ u }}>x</a>", '<a href="https://a.example/">'),
        ("<a title=\"{{ n | default: 'a' }}\" href=\"{{ u }}?x=1&amp;y={{ c }}\">x</a>", '<a title="a" href="https://a.example/?x=1&amp;y=blue">'),
        ("<!--[if mso]><v:rect fill='{{ c }}'></v:rect><![endif]-->x", "<!--[if mso]><v:rect fill='blue'></v:rect><![endif]-->"),
    ],
)  # fmt: skip
def test_liquid_survives_html_and_css(source: str, shown: str) -> None:
    assert shown in html_of(source, v=1, c="blue", l=[1, 2], u="https://a.example/", n=None)


@pytest.mark.parametrize(
    "source",
    [
        "<p {% if v %}class='a'{% else %}class='b'{% endif %}>x</p>",
        "<table><tr>{% if v %}<td>a{% endif %}</tr></table></td>{% if v %}<td>{% endif %}<frame {% if x %}a{% endif %}>",
    ],
)
def test_what_a_reader_of_html_would_move_is_refused(source: str) -> None:
    try:
        page = compiled(source, "html", "en").html
    except TemplateFault:
        return
    steering = re.findall(r"\{%.*?%\}", source)
    assert re.findall(r"\{% (?:if|else|endif).*?%\}", page) == steering, "nothing was moved"


@pytest.mark.parametrize("form", ["html", "mjml"])
@pytest.mark.parametrize(
    "place",
    [
        "<a href='{{ v }}'>x</a>",
        "<a title='{{ v }}' href='https://a.example/?q={{ v }}'>x</a>",
        "<img src='{{ v }}' alt='{{ v }}'>",
        "<p style='color:{{ v }}'>{{ v }}</p>",
        "<p style='color:{{ v }}'>{{ v | default: 'a' | append: 'b' }}</p>",
        "<style>p{color:{{ v }}}</style><p>x</p>",
        "<!--[if mso]>{{ v }}<![endif]-->",
        "<b>{{ v | upcase | newline_to_br }}</b>",
    ],
)
def test_a_value_is_text_wherever_it_stands(form: str, place: str) -> None:
    source = (
        place
        if form == "html"
        else MJML.format(head="", body=SECTION.format(place.replace("<style>p{color:{{ v }}}</style>", "")))
    )
    page = html_of(source, form, v=EVIL)
    assert "<script" not in page.lower()
    assert "' onload=x" not in page.lower()
    assert "49" not in page
    assert page.count("<!--[if mso]>{{") == 0
    assert not re.search(r"(href|src)=.\s*javascript", html_of(source, form, v="javascript:alert(1)"))


@pytest.mark.parametrize("given", ["javascript:alert(1)", "JaVaScRiPt:x", "\tjavascript:x", "data:text/html,x"])
def test_an_address_from_a_customer_runs_nothing(given: str) -> None:
    body = (
        "<mj-section background-url='{{ u }}'><mj-column><mj-button href='{{ u }}'>x</mj-button>"
        "<mj-image src='{{ u }}' href='{{ u }}' alt=''/><mj-text><a href='{{ u }}'>x</a></mj-text></mj-column></mj-section>"
    )
    page = mjml_of(body, u=given)
    assert re.findall(r'(?:href|src|background)="([^"]*)"', page) == ["#"] * 6


def test_text_is_read_from_the_template() -> None:
    source = (
        "<h1>Hi {{ n }}</h1><ul>{% for i in l %}<li>{{ i }} <a href='{{ u }}'>see</a></li>{% endfor %}</ul>"
        "{% if no %}<p>B2</p>{% endif %}<div style='display:none'>{{ n }}{% if no %}x{% endif %}</div><a href='{{ empty_one }}'>nowhere</a>"
    )
    told = text_of(source, n="A & B", l=[1, 2], u="https://a.example/")
    assert [line for line in told.split("\n") if line.strip()] == [
        "Hi A & B",
        "- 1 see (https://a.example/)",
        "- 2 see (https://a.example/)",
        "nowhere",
    ]


def test_what_looks_like_a_word_of_ours_does_no_harm() -> None:
    assert "lqo7x" not in html_of("<p>lqo7x {{ a }}</p>", a="A1 lqo0x lqt99x")[:60]
    assert "A1 lqo0x lqt99x" in html_of("<p>{{ a }}</p>", a="A1 lqo0x lqt99x")


def test_words_are_given_back_as_they_were() -> None:
    source = "a {{ b }} {% if c %}<p title='{{ d }}'>{% endif %}</p>{% raw %}{{ e }}{% endraw %}"
    carried = tokens.carry(source)
    assert carried.restored(carried.text) == source
