"""/o/TOKEN.gif: a point of light that says a letter was opened. It is always a picture, whoever asks."""

from __future__ import annotations

import base64

from django.conf import settings
from django.http import HttpResponse

from dangol.base import links
from dangol.deliver import steps as deliver
from dangol.web.page import Asked

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def opening(request: Asked, token: str) -> HttpResponse:
    numbers = links.unsign(settings.DANGOL.secret, "o", token)
    if numbers and len(numbers) == 1 and request.method == "GET":
        deliver.opened(numbers[0], request.now, request.headers.get("User-Agent", ""))
    return HttpResponse(PIXEL, content_type="image/gif")
