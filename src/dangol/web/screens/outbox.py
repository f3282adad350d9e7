"""Outbox: what the sandbox holds instead of sending it, exactly as customers would have read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse

from dangol.deliver import reads as deliver
from dangol.deliver.channels import sends_email
from dangol.deliver.models import OutboxMessage
from dangol.profile import reads as profile
from dangol.web.page import Asked, show, wants_part
from dangol.web.security import MESSAGE_POLICY

ON_A_PAGE = 40


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """The list, and the message that is open."""

    rows: list[OutboxMessage]
    names: dict[int, str]
    open: OutboxMessage | None
    total: int
    next: int  # id to go on below, or 0
    sandbox: bool  # whether messages really stay here
    now: datetime


def outbox(request: Asked) -> HttpResponse:
    before = request.GET.get("before", "")
    page = _page(request, None, int(before) if before.isdecimal() else None)
    return show(request, "parts/outbox_rows.html" if before and wants_part(request) else "outbox.html", page)


def message(request: Asked, pk: int) -> HttpResponse:
    """One message beside the list; only the message where htmx asks."""
    page = _page(request, deliver.outbox_message(pk), None)
    return show(request, "parts/outbox_message.html" if wants_part(request) else "outbox.html", page)


def body(request: Asked, pk: int) -> HttpResponse:
    """The message's HTML for the frame: nothing in it runs, its links open beside the console, and looking at it here
    is no customer's opening."""
    html = _without_pixel(deliver.outbox_message(pk).html)
    response = HttpResponse(links_beside(html))
    response["Content-Security-Policy"] = MESSAGE_POLICY
    return response


def _without_pixel(html: str) -> str:
    pixel = re.escape(settings.DANGOL.base_url.rstrip("/")) + r"/o/"
    return re.sub(rf'<img[^>]*src="{pixel}[^>]*>', "", html)


def links_beside(html: str) -> str:
    base = '<base target="_blank">'
    return html.replace("<head>", f"<head>{base}", 1) if "<head>" in html else base + html


def _page(request: Asked, open_one: OutboxMessage | None, before: int | None) -> OutboxPage:
    rows = deliver.outbox(before=before, limit=ON_A_PAGE + 1)
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    shown = [*rows, *([open_one] if open_one else [])]
    return OutboxPage(
        rows=rows,
        names=profile.names({row.delivery.customer_id for row in shown}),
        open=open_one or (rows[0] if rows and before is None else None),
        total=deliver.count_outbox(),
        next=rows[-1].pk if more else 0,
        sandbox=not sends_email(settings.DANGOL),
        now=request.now,
    )
