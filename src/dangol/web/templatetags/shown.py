"""Template filters: values as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from dangol.base.models import Shop
from dangol.web import amounts, icons, import_words, wording
from dangol.web.writer import fallbacks, fault_words

register = template.Library()


def _language() -> str:
    return get_language() or "en"


register.simple_tag(icons.icon, name="icon")
register.filter("word", wording.word)
register.filter("rule_id", wording.gate_rule)
register.filter("step_group", lambda group: wording.STEP_GROUPS.get(group, group))
register.filter("segment_name", wording.segment_name)
register.filter("campaign_name", wording.campaign_name)
register.filter("part_word", fault_words.part_word)
register.filter("language_name", fault_words.language_name)
register.filter("fallback", fallbacks.suggested)
register.filter("autopilot_mode", lambda mode: wording.AUTOPILOT_MODES.get(mode, mode))
register.filter("act_state", lambda state: wording.ACT_STATES.get(state, state))
register.filter("limit_word", lambda limit: wording.LIMITS.get(limit, limit))
register.filter("field_word", lambda name: import_words.FIELDS.get(name, name))


@register.filter
def money(amount: Decimal | float | None, shop: Shop) -> str:
    return amounts.money(amount, shop.currency, _language())


@register.filter
def about(amount: Decimal | float | None, shop: Shop) -> str:
    return amounts.about_money(amount, shop.currency, _language())


@register.filter
def money_in(amount: Decimal | None, currency: str) -> str:
    return amounts.NONE if amount is None else amounts.money(amount, currency, _language())


@register.filter
def number(value: float | Decimal | None, digits: int = 0) -> str:
    return amounts.number(value, _language(), digits)


@register.filter
def percent(value: float | None, digits: int = 0) -> str:
    return amounts.percent(value, _language(), digits)


@register.filter
def share(value: float | None) -> str:
    """A probability, in per cent."""
    return amounts.percent(None if value is None else 100 * value, _language(), 0)


@register.filter
def per_mille(value: float | None) -> str:
    """A small share, in per cent with two decimals."""
    return amounts.percent(None if value is None else 100 * value, _language(), 2)


@register.filter
def points(value: float | None) -> str:
    return amounts.points(value, _language())


@register.filter
def moment(at: datetime | None, shop: Shop) -> str:
    return amounts.moment(at, shop, _language())


@register.filter
def day(at: datetime | None, shop: Shop) -> str:
    return amounts.day(at, shop, _language())


@register.simple_tag
def clock(at: datetime, shop: Shop, now: datetime) -> str:
    return amounts.clock(at, shop, now, _language())


@register.filter
def ago(at: datetime | None, now: datetime) -> str:
    return amounts.ago(at, now, _language())


@register.filter
def span(length: timedelta | None) -> str:
    return amounts.span(length, _language())


@register.filter
def said(texts: Mapping[str, str]) -> str:
    """A text kept by language, in the page's."""
    return texts.get(_language()) or texts.get("en") or next(iter(texts.values()), "")


@register.filter
def item(values: Mapping[Any, Any], key: Any) -> Any:
    return values.get(key)


@register.filter
def split_words(text: str) -> list[str]:
    return text.split()


@register.filter
def at_number(place: str, number: int) -> str:
    """Where in a list of steps."""
    return f"{place}@{number}"


@register.simple_tag
def when(at: datetime | None, shop: Shop, now: datetime) -> SafeString | str:
    """How long ago, with the exact moment on hover."""
    if at is None:
        return amounts.NONE
    language = _language()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        amounts.moment(at, shop, language),
        amounts.ago(at, now, language),
    )
