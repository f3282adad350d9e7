"""/c/TOKEN: to where a link of a letter leads. The address is the stored one, never one from the request."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse

from dangol.base import links
from dangol.base.errors import NotFound
from dangol.deliver import steps as deliver
from dangol.web.page import Asked


def click(request: Asked, token: str) -> HttpResponse:
    numbers = links.unsign(settings.DANGOL.secret, "c", token)
    agent = "" if request.method == "HEAD" else request.headers.get("User-Agent", "")
    target = deliver.clicked(numbers[0], numbers[1], request.now, agent) if numbers and len(numbers) == 2 else None
    if target is None:
        raise NotFound("this link leads nowhere")
    return HttpResponse(status=302, headers={"Location": target, "Referrer-Policy": "no-referrer"})
