"""The letters of the plays, as customers read them: whole in both languages, with and without what is known of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from dangol.campaign import templates
from dangol.strategy import files, gallery

LETTERS = [
    pytest.param(template, key, language, id=f"{key}-{language}")
    for key, letter in gallery.letters().items()
    for language, template in letter.texts.items()
]
SHOP = {"name": "Blue Kiln", "url": "https://shop.example", "currency": "KRW"}
NOTHING: dict[str, Any] = {"shop": {"name": "Blue Kiln"}, "customer": {}, "event": {"properties": {}}}
HOSTILE = "<script>alert(1)</script>"
CUP = {"name": HOSTILE, "price": 38_000, "image_url": "https://shop.example/cup.jpg", "url": "https://shop.example/cup"}
EVERYTHING: dict[str, Any] = {
    "shop": SHOP,
    "customer": {"first_name": HOSTILE},
    "event": {"properties": {"order_id": HOSTILE}},
    "cart": [CUP, {"product_id": "P2"}],
    "items": [{**CUP, "old_price": 42_000}],
    "product": CUP,
    "order": {"items": [CUP]},
    "recommendations": [CUP],
    "preferences_url": "https://shop.example/p/1",
    "brand": {"logo_url": "https://shop.example/logo.png", "social": [{"name": "X", "url": "https://shop.example/x"}]},
    "survey": {
        "links": [{"score": n, "url": f"https://shop.example/s/{n}", "label": f"mark {n}"} for n in range(1, 6)]
    },
}
VOID = {"meta", "br", "img", "hr", "link", "input"}


class Shape(HTMLParser):
    """Notes elements that are opened and not closed, text and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(template: dict[str, str], language: str, known: dict[str, Any]) -> str:
    return templates.render_markup(templates.compiled(template["html"], "html", language).html, known)


@pytest.mark.parametrize(("template", "key", "language"), LETTERS)
@pytest.mark.parametrize("known", [NOTHING, EVERYTHING], ids=["nothing", "everything"])
def test_a_letter_is_whole(template: dict[str, str], key: str, language: str, known: dict[str, Any]) -> None:
    assert templates.troubles(template["html"], "html", language) == []
    page = html_of(template, language, known)
    shape = Shape(page)
    assert (shape.open, shape.crossed) == ([], []), "every element is closed in its order"
    assert "Blue Kiln" in page
    assert "{{" not in page
    assert "{%" not in page
    assert "None" not in shape.text
    assert f'lang="{language}"' in page
    assert all(link.startswith("https://shop.example") for link in shape.links), "no dead link"
    assert "<script" not in page
    assert bool(re.search("[가-힣]", shape.text)) is (language == "ko")
    subject = templates.render_plain(template["subject"], known)
    assert subject.strip()
    assert "광고" not in subject, "the label is put there where the law asks for it"


@pytest.mark.parametrize(("template", "key", "language"), LETTERS)
def test_a_letter_promises_nothing_the_shop_did_not_say(template: dict[str, str], key: str, language: str) -> None:
    said = " ".join(template.values())
    assert not re.search(r"\d+\s*%\s*(off|할인)|discount|coupon|free shipping|쿠폰|할인|무료 배송|무료배송", said, re.I)


@pytest.mark.parametrize(("template", "key", "language"), LETTERS)
def test_a_letter_can_be_read_without_a_style_sheet_or_a_script(
    template: dict[str, str], key: str, language: str
) -> None:
    html = templates.compiled(template["html"], "html", language).html
    assert re.search(r'<h1 class="title" style="[^"]*font-size', html), "styles are in their elements"
    assert "@media (prefers-color-scheme: dark)" in html
    assert "<link" not in html
    assert 'name="viewport"' in html
    assert "max-width" in html
    assert len(html.encode()) < 20_000, "far below the size at which mail programs cut"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_thanks_can_be_answered_with_one_tap(language: str) -> None:
    step = files.plays()["thanks"].definition["steps"][0]["send"]
    shape = Shape(html_of(step["templates"][language], language, EVERYTHING))
    assert [link for link in shape.links if "/s/" in link] == [f"https://shop.example/s/{n}" for n in range(1, 6)]
    assert (step["class"], step["survey"]) == ("transactional", "csat")
