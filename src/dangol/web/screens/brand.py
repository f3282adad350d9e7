"""Brand: how the shop looks in its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Fault, Invalid
from dangol.campaign.templates import brand
from dangol.web.page import Asked, go, show


@dataclass(frozen=True, slots=True)
class BrandPage:
    """The form as it is filled in."""

    told: Mapping[str, Any]
    social: str  # one `name url` a line
    faults: list[Fault] = field(default_factory=list)


def brand_page(request: Asked) -> HttpResponse:
    told = brand.shown(brand.current())
    return show(
        request, "brand.html", BrandPage(told, "\n".join(f"{one['name']} {one['url']}" for one in told["social"]))
    )


def save(request: Asked) -> HttpResponse:
    social = request.POST.get("social", "")[:4000]
    told: dict[str, Any] = {
        name: request.POST.get(name, "")[:500].strip() for name in ("logo_url", "colour", "background", "font")
    }
    try:
        brand.put({**told, "social": [_link(line) for line in social.splitlines() if line.strip()]})
    except Invalid as error:
        return show(request, "brand.html", BrandPage(told, social, error.faults), 422)
    messages.success(request, _("Saved. Messages that leave from now on look like this."))
    return go("brand")


def _link(line: str) -> dict[str, str]:
    name, _blank, url = line.strip().rpartition(" ")
    return {"name": name.strip(), "url": url}
