"""What went wrong, as an RFC 9457 problem document: the one place where the API turns an error into a status."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from django.db import OperationalError
from django.http import HttpResponse

from dangol.base.errors import Conflict, DangolError, Fault, Invalid, NotFound, Unavailable
from dangol.offer import redeeming, terms

KIND = "application/problem+json"
JSON = "application/json; charset=utf-8"
STATUS: dict[type[DangolError], int] = {NotFound: 404, Conflict: 409, Invalid: 422, Unavailable: 503}
RETRY_AFTER = 5  # seconds
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # RFC 9110's words; the library knows older ones
SHOWN = 200  # characters of what was found


class Refused(Exception):
    """The request cannot be answered, for a reason that only HTTP knows."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, headers or {}
        super().__init__(detail)


def problem(
    status: int, detail: str, faults: Sequence[Fault] = (), headers: dict[str, str] | None = None, reason: str = ""
) -> HttpResponse:
    """A problem document; `reason` is one of a closed set that a program may branch on."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if faults:
        body["errors"] = [fault.as_json() for fault in faults]
    if reason:
        body["reason"] = reason
    return HttpResponse(msgspec.json.encode(body), status=status, content_type=KIND, headers=headers)


def of_error(error: Exception) -> HttpResponse | None:
    """The answer to an error that somebody could expect; None for a fault of ours."""
    if isinstance(error, Refused):
        return problem(error.status, error.detail, headers=error.headers)
    if isinstance(error, redeeming.Refused):
        return problem(429 if error.reason == terms.TOO_MANY else 409, str(error), reason=error.reason)
    if isinstance(error, Invalid):
        return problem(422, str(error), error.faults)
    if isinstance(error, Unavailable | OperationalError):
        detail = str(error) if isinstance(error, Unavailable) else "the store is busy; nothing was changed"
        return problem(503, detail, headers={"Retry-After": str(RETRY_AFTER)})
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    return None if status is None else problem(status, str(error))


def faults_of(errors: Sequence[dict[str, Any]]) -> list[Fault]:
    """Our faults, made from a pydantic validation's errors."""
    return [Fault(_pointer(error["loc"]), _found(error), _allowed(error)) for error in errors]


def _pointer(place: Sequence[str | int]) -> str:
    """JSON Pointer into the body; /query/… and /path/… for parameters. What we call the body is left out."""
    kind, *rest = place
    keys = rest[1:] if kind == "body" else [kind, rest[-1]]
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def _found(error: dict[str, Any]) -> str:
    if error["type"] == "missing":
        return "nothing"
    if error["type"] == "extra_forbidden":
        return str(error["loc"][-1])[:SHOWN]
    return json.dumps(error.get("input"), ensure_ascii=False, default=str)[:SHOWN]


def _allowed(error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "a field that this request has"
    text = str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return text.removeprefix("a valid ")
