"""The customers behind a number of the results: looked at, kept as a list, or made a segment of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.harvest import people
from dangol.profile import reads as profile
from dangol.segment import lists
from dangol.segment import steps as segment
from dangol.web.builder.fault_words import said
from dangol.web.page import Asked, go, show
from dangol.web.screens.harvest_pages import cell_name
from dangol.web.tables import as_csv
from dangol.web.wording import campaign_name, word

ON_A_PAGE = 50
ASKED = (
    "what", "from", "to", "channel", "product", "month", "later", "before", "after", "campaign", "stage", "arm",
    "reached",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WhoPage:
    """A stretch of them, and what they were counted as."""

    title: str
    asked: dict[str, str]
    customers: int
    rows: list[tuple[int, str]]  # id and name
    next: int  # to go on behind, or 0
    key: str  # that a list of them may have
    name: str
    faults: tuple[str, ...]
    now: datetime

    @property
    def query(self) -> str:
        return urlencode(self.asked)


def who(request: Asked) -> HttpResponse:
    asked = _asked(request.GET.dict())
    found = people.behind(asked, request.now, Shop.objects.get().zone)
    if request.GET.get("table"):
        names = profile.names(found)
        return as_csv("dangol-customers", [_("customer"), _("name")], [(one, names.get(one, "")) for one in found])
    return _shown(request, asked, found)


def keep(request: Asked) -> HttpResponse:
    """Put them on a list, which a segment of the same name reads where that is asked for."""
    asked = _asked(request.POST.dict())
    found = people.behind(asked, request.now, Shop.objects.get().zone)
    key, name = request.POST.get("key", "").strip().lower(), request.POST.get("name", "").strip()
    try:
        if any(one.key == key for one in lists.everything()):
            raise Invalid([Fault("/key", repr(key), _("a key that no list has yet"))])
        lists.save(key, name, request.now)
        lists.change(key, [str(one) for one in found[: lists.MOST]], [], request.now)
        if "segment" in request.POST:
            segment.save(key, {"key": key, "name": name, "where": {"list": key}}, request.now)
    except Invalid as error:
        return _shown(request, asked, found, tuple(map(said, error.faults)), 422)
    messages.success(request, _("Kept. It holds those who were counted; who comes later is not added by itself."))
    return go("segment", key) if "segment" in request.POST else go("lists")


def _asked(given: dict[str, str]) -> dict[str, str]:
    return {"what": "bought"} | {name: given[name][:300] for name in ASKED if name in given}


def _shown(
    request: Asked, asked: dict[str, str], found: list[int], faults: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    after = request.GET.get("behind", "")
    rest = [one for one in found if one > int(after)] if after.isdecimal() and len(after) < 19 else found
    some, title = rest[:ON_A_PAGE], _title(asked)
    names = profile.names(some)
    page = WhoPage(
        title=title, asked=asked, customers=len(found), rows=[(one, names.get(one, "")) for one in some],
        next=some[-1] if len(rest) > ON_A_PAGE else 0,
        key=request.POST.get("key") or _key(asked, request.now), name=request.POST.get("name") or title,
        faults=faults, now=request.now,
    )  # fmt: skip
    return show(request, "harvest_who.html", page, status)


def _key(asked: dict[str, str], now: datetime) -> str:
    told = "-".join([*(value for name, value in asked.items() if name not in {"from", "to"}), f"{now:%y%m%d-%H%M}"])
    return re.sub(r"[^a-z0-9]+", "-", told.lower()).strip("-")[-60:].strip("-")


def _title(asked: dict[str, str]) -> str:
    """What they were counted as."""
    span = {"from": asked.get("from", "…"), "to": asked.get("to", "…")}
    match asked.get("what"):
        case "bought" if "channel" in asked:
            return _("Bought by %(channel)s, %(from)s to %(to)s") % (span | {"channel": asked["channel"] or "–"})
        case "bought" if "product" in asked:
            return _("Bought %(product)s, %(from)s to %(to)s") % (span | {"product": asked["product"]})
        case "bought":
            return _("Bought from %(from)s to %(to)s") % span
        case "cohort":
            told = {"month": asked.get("month", "")[:7], "n": asked.get("later", "0")}
            return _("First order in %(month)s, ordered %(n)s months later") % told
        case "move":
            told = {name: cell_name(asked[name]) if asked.get(name) else "…" for name in ("before", "after")}
            return _("From %(before)s to %(after)s") % told
        case _:
            told = {"campaign": _campaign(asked), "stage": word(asked.get("stage") or asked.get("arm", ""))}
            return _("%(campaign)s: %(stage)s") % told


def _campaign(asked: dict[str, str]) -> str:
    return campaign_name(campaign.get(asked.get("campaign", "")))
