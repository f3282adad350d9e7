"""The door of the admin API: what every request passes before and after its view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from dangol.base.errors import Fault, Invalid
from dangol.offer import redeeming
from dangol.web import guard
from dangol.web.api.document import document
from dangol.web.api.once import HEADER, once
from dangol.web.api.problems import JSON, Refused, of_error, problem
from dangol.web.api.routes import SECRET_KEY, api

View = Callable[..., HttpResponse]
ACCEPTED = "application/json"


def guarded(view: View) -> View:
    """A view that takes only what it knows, answers a repeated POST once, and explains every refusal in one form.

    Who has no key for it learns nothing but that: the view itself refuses before it reads anything.
    """

    def answer(request: HttpRequest, **parameters: Any) -> HttpResponse:
        try:
            key = SECRET_KEY.permits(request)
            if key:
                _read_body(request)
                _check_query(request)
            if key and request.method == "POST" and HEADER in request.headers:
                response = once(request, key, lambda: view(request, **parameters))
                redeeming.count_wrong(getattr(request, "wrong_try", ""), guard.CLOCK.now())
                return response
            response = view(request, **parameters)
        except Exception as error:
            told = of_error(error)
            if told is None:
                raise
            return told
        if isinstance(response, HttpResponseNotAllowed):
            allowed = response["Allow"]
            return problem(405, f"found {request.method}; allowed: {allowed}", headers={"Allow": allowed})
        return response

    return csrf_exempt(answer)


def _check_query(request: HttpRequest) -> None:
    """Raises Invalid for parameters that the route does not have: a misspelt filter must not be lost."""
    route = request.resolver_match.route if request.resolver_match else ""
    operations = document()["paths"].get("/" + route.replace("<", "{").replace(">", "}"), {})
    operation = operations.get(str(request.method).lower())
    if operation is None:
        return
    known = sorted(parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query")
    allowed = ", ".join(known) or "no parameter"
    faults = [Fault(f"/query/{name}", name, allowed) for name in request.GET if name not in known]
    if faults:
        raise Invalid(faults)


def _read_body(request: HttpRequest) -> None:
    """Puts the body's value on the request; a body that is not there leaves none. Raises Refused or Invalid."""
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise Refused(413, "the body is too large") from error
    except UnreadablePostError as error:
        raise Refused(400, "the body was cut short") from error
    if not body:
        return
    if request.content_type != ACCEPTED:
        raise Refused(415, f"Content-Type: found {request.content_type or 'nothing'}; allowed: {ACCEPTED}")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    if b"\\u0000" in body and _has_nul(value):
        raise Invalid([Fault("", "text with a NUL character, which databases do not keep", "text without")])
    request.json = value  # type: ignore[attr-defined]


def _has_nul(value: Any) -> bool:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str) and "\x00" in one:
            return True
        if isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            stack += one
    return False


def _openapi(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET"])
    return HttpResponse(msgspec.json.encode(document()), content_type=JSON)


def _nothing(request: HttpRequest, **_: Any) -> HttpResponse:
    return problem(404, f"there is nothing at {request.path}")


def _patterns() -> list[URLPattern]:
    found = [path("openapi.json", guarded(_openapi), name="openapi")]
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            pattern.callback = guarded(pattern.callback)
            found.append(pattern)
    return [*found, re_path(r"", guarded(_nothing), name="nothing")]


urlpatterns = _patterns()
