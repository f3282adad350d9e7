"""Webhooks of shop platforms and of providers: read, handed on, answered. What they mean is not decided here."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse, UnreadablePostError

from dangol.base.errors import Unavailable
from dangol.collect.shops import steps
from dangol.deliver import reports
from dangol.web.page import Asked

log = logging.getLogger("dangol.hooks")

TRY_AGAIN = {"Retry-After": "30"}


def hook(request: Asked, key: str) -> HttpResponse:
    limit = settings.DANGOL.max_body_bytes
    try:
        body = request.read(limit + 1)
    except UnreadablePostError:
        return _answer(400, "the body was cut short")
    if len(body) > limit:
        return _answer(413, f"the body is over {limit} bytes")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        received = (
            reports.receive(key, headers, body, request.get_full_path(), request.now)
            if key in reports.HEARD
            else steps.receive(key, headers, body, request.now)
        )
    except (DatabaseError, Unavailable) as error:
        log.warning("a webhook cannot be taken: %s", error)
        return HttpResponse("try again later", status=503, content_type="text/plain", headers=TRY_AGAIN)
    if received.status >= 400:
        log.warning("a webhook for %s was refused: %s", key, received.reason)
    return _answer(received.status, received.reason)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
