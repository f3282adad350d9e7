"""Messages a second that one core renders: a template of the gallery, compiled once, for many customers."""

from __future__ import annotations

import os
import random
import tempfile
import time
from typing import Any

import django

SHOP = {"name": "단골 가게", "url": "https://shop.example", "currency": "KRW"}
BRAND = {"colour": "#8a5a2b", "background": "#f4f1ec", "text_on_colour": "#ffffff", "font": "sans-serif", "social": []}


def run(play: str, messages: int, seed: int) -> dict[str, Any]:
    """What a play's first message costs: "renders_per_second" of processor time, its compiling, and its size."""
    _without_a_shop()
    from dangol.deliver import render  # noqa: PLC0415 - there are no models before
    from dangol.strategy import files  # noqa: PLC0415

    texts = files.plays()[play].definition["steps"][0]["send"]["templates"]
    rng = random.Random(seed)
    drafts = [_draft(texts, number, rng) for number in range(messages)]
    compiling = _compile(texts["ko"])
    render.render(drafts[0])
    start = time.process_time()
    last = [render.render(draft) for draft in drafts][-1]
    took = time.process_time() - start
    return {
        "play": play,
        "messages": messages,
        "renders_per_second": round(messages / took),
        "compile_milliseconds": round(compiling * 1000, 1),
        "html_bytes": len(last.html.encode()),
        "text_bytes": len(last.text.encode()),
        "links": len(last.links),
    }


def _without_a_shop() -> None:
    """Django with settings, and no database: nothing that is measured reads one."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "dangol.django_settings"
    os.environ["DANGOL_DATA"] = tempfile.gettempdir()
    django.setup()


def _compile(told: dict[str, str]) -> float:
    from dangol.campaign import templates  # noqa: PLC0415

    form = "mjml" if "mjml" in told else "html"
    templates.compiled.cache_clear()
    start = time.process_time()
    templates.compiled(told[form], form, "ko")
    return time.process_time() - start


def _draft(texts: dict[str, Any], number: int, rng: random.Random) -> Any:
    from dangol.deliver.law import demands, korea  # noqa: PLC0415
    from dangol.deliver.legal import Sender  # noqa: PLC0415
    from dangol.deliver.objects import Cart  # noqa: PLC0415
    from dangol.deliver.render import Addresses, Draft  # noqa: PLC0415

    sender = Sender("단골 가게", "hello@shop.example", "02-000-0000", "서울시 종로구 1")
    cart = [
        {
            "name": f"상품 {rng.randrange(500)}",
            "price": rng.randrange(3, 90) * 1000,
            "url": f"https://shop.example/p/{rng.randrange(500)}",
            "image_url": f"https://shop.example/i/{rng.randrange(500)}.jpg",
        }
        for _ in range(rng.randint(1, 4))
    ]
    variables = {
        "customer": {"first_name": f"민지{number}", "email": f"c{number}@example.com"},
        "cart": Cart(cart, SHOP["url"]),
        "items": cart,
        "product": cart[0],
        "event": {},
        "order": {},
        "shop": SHOP,
        "brand": BRAND,
    }
    addresses = Addresses(b"s" * 32, "https://crm.shop.example", number)
    return Draft(
        {"templates": texts}, "marketing", ("ko",), variables, sender, addresses, demands([korea.KR_2026], "email")
    )
