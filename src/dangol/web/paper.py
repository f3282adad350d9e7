"""The copy of everything about a person as a page for people: one file, without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from dangol.base.instants import parse_instant
from dangol.base.models import Shop
from dangol.privacy.export import Copy, as_json

TITLES: dict[str, Any] = {
    "profile": _("What is known"),
    "identifiers": _("Known by"),
    "merges": _("Customers found to be the same person"),
    "consents": _("Consent now"),
    "consent_changes": _("Every word on consent"),
    "topics": _("Words on topics"),
    "facts": _("What happened"),
    "orders": _("Orders"),
    "refunds": _("Refunds"),
    "segments": _("Segments"),
    "campaigns": _("Campaigns"),
    "messages": _("Messages"),
    "answers": _("Answers"),
    "tasks": _("Tasks of the staff"),
    "consent_notices": _("What we had to tell about consent"),
    "confirmations": _("Questions whether we may write"),
    "requests": _("Requests"),
    "restrictions": _("Restrictions"),
}
TIMES = ("at", "since", "until")
INNER = frozenset(
    {"id", "customer_id", "position", "told_position", "identifier_id", "tally", "segment_id", "survey_id"}
)
HEADS = ("name", "topic", "event", "value", "order_id", "subject", "segment", "campaign", "kind", "channel", "question")


@dataclass(frozen=True, slots=True)
class Item:
    """One row: when, what, and everything it says."""

    at: datetime | None
    head: str
    pairs: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One table."""

    title: str
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Paper:
    """The page."""

    shop: Shop
    customer: int
    made_at: datetime
    sections: list[Section]


def page(copy: Copy) -> str:
    """The copy as HTML, in the shop's language."""
    shop = Shop.objects.get()
    with translation.override(shop.locale):
        sections = [Section(str(TITLES.get(key, key)), list(_items(rows, shop.zone))) for key, rows in copy.sections]
        return render_to_string("paper.html", {"page": Paper(shop, copy.customer_id, copy.made_at, sections)})


def answer(copy: Copy) -> HttpResponse:
    """The page as a file to keep."""
    return _file(page(copy).encode(), "text/html; charset=utf-8", f"customer-{copy.customer_id}.html")


def data(copy: Copy) -> HttpResponse:
    """The copy for programs, as a file to keep."""
    return _file(b"".join(as_json(copy)), "application/json", f"customer-{copy.customer_id}.json")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=kind, headers=headers)


def _items(rows: Iterable[Mapping[str, Any]], zone: tzinfo) -> Iterator[Item]:
    for row in rows:
        at = next((parse_instant(row[name]) for name in row if name in TIMES or name.endswith("_at")), None)
        head = next((str(row[name]) for name in HEADS if row.get(name)), "")
        yield Item(at, head, list(_pairs(row, zone)))


def _pairs(value: Mapping[str, Any], zone: tzinfo, before: str = "") -> Iterator[tuple[str, str]]:
    """Every value that says something, by the path to it."""
    for key, child in value.items():
        name = f"{before}{key}"
        if name in INNER:
            continue  # numbers of the house that say nothing to people; the copy for programs has them
        if isinstance(child, Mapping):
            yield from _pairs(child, zone, f"{name}.")
        elif isinstance(child, list) and any(isinstance(one, Mapping) for one in child):
            for number, one in enumerate(child, 1):
                yield from _pairs(one if isinstance(one, Mapping) else {"": one}, zone, f"{name}.{number}.")
        elif child not in (None, "", []):
            yield name, _text(name, child, zone)


def _text(name: str, value: Any, zone: tzinfo) -> str:
    last = name.rpartition(".")[2]
    if isinstance(value, str) and (last in TIMES or last.endswith("_at")) and (at := parse_instant(value)):
        return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
