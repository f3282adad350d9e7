"""The shop's look in its messages: read, checked, and as templates see it under `brand`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dangol.base.errors import Invalid
from dangol.campaign.shape import Reader
from dangol.campaign.templates.addresses import broken
from dangol.campaign.templates.models import Brand

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FONT = re.compile(r"[A-Za-z0-9가-힣 ,'-]{0,200}")
SYSTEM_FONT = "-apple-system,'Segoe UI','Apple SD Gothic Neo','Noto Sans KR',sans-serif"
FIELDS = ("logo_url", "colour", "background", "font", "social")
ADDRESS = "a whole address such as https://shop.example/logo.png"
MOST_SOCIAL = 8


def current() -> Brand:
    """The brand as it is set, or as every shop begins."""
    return Brand.objects.first() or Brand()


def put(given: object) -> Brand:
    """Set what is given, keep the rest. Raises Invalid with every fault."""
    reader, found = Reader(), current()
    for name, value in reader.mapping(given, "", FIELDS).items():
        setattr(found, name, _read(reader, name, value))
    if reader.faults:
        raise Invalid(reader.faults)
    found.pk = 1
    found.save()
    return found


def _read(reader: Reader, name: str, value: object) -> Any:
    at = f"/{name}"
    if name == "social":
        return [
            _social(reader, one, f"{at}/{i}")
            for i, one in enumerate(reader.items(value, at, least=0, most=MOST_SOCIAL))
        ]
    if name in {"colour", "background"}:
        return _matching(reader, value, at, COLOUR, "a colour such as #8a5a2b")
    if name == "font":
        return _matching(reader, value, at, FONT, "families of a font, such as Georgia, serif")
    return _address(reader, value, at)


def _social(reader: Reader, given: object, at: str) -> dict[str, str]:
    shape = reader.mapping(given, at, ("name", "url"))
    return {
        "name": reader.text(shape.get("name"), f"{at}/name", most=40),
        "url": _address(reader, shape.get("url"), f"{at}/url", empty=False),
    }


def _matching(reader: Reader, value: object, at: str, form: re.Pattern[str], allowed: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        reader.fault(at, value, allowed)
        return ""
    return value


def _address(reader: Reader, value: object, at: str, *, empty: bool = True) -> str:
    if value == "" and empty:
        return ""
    if not isinstance(value, str) or len(value) > 500 or not value.startswith(("http://", "https://")) or broken(value):
        reader.fault(at, value, ADDRESS)
        return ""
    return value


def shown(found: Brand) -> dict[str, Any]:
    """The brand as the API tells it."""
    return {name: getattr(found, name) for name in FIELDS}


def variables(found: Brand) -> Mapping[str, Any]:
    """The brand as templates see it."""
    return {
        **shown(found),
        "color": found.colour,
        "font": found.font or SYSTEM_FONT,
        "text_on_colour": text_on(found.colour),
    }


def text_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour (WCAG's relative luminance)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#1a1a1a"


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
