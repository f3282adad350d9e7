"""The admin API as a whole: its routes, and how each of its errors becomes an answer."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from dangol import __version__
from dangol.base.errors import DangolError
from dangol.collect import steps as collect
from dangol.web.api import (
    autopilot,
    campaigns,
    conversations,
    customers,
    deliveries,
    forms,
    hand_lists,
    harvest,
    holdout,
    identities,
    loyalty,
    offers,
    privacy,
    products,
    quarantine,
    satisfaction,
    segments,
    shapes,
    shops,
    strategy,
    templates,
    topics,
    whom,
    whys,
)
from dangol.web.api.access import SecretKey
from dangol.web.api.problems import Refused, faults_of, of_error, problem

log = logging.getLogger("dangol.api")

DESCRIPTION = """\
Everything the console shows, for programs. Send a secret key as `Authorization: Bearer dgk_…`. Lists take `cursor` and
`limit`. Errors are problem documents (RFC 9457). Every POST honours `Idempotency-Key`."""


class ReadJson(Parser):
    """The body as the door has read it (urls.py)."""

    def parse_body(self, request: HttpRequest) -> Any:
        return getattr(request, "json", {})


class ExactJson(BaseRenderer):
    """Times to the microsecond, as they are kept."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return msgspec.json.encode(data)


class AdminApi(NinjaAPI):
    """Ninja, but its faults keep what was found."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        return ValidationError(
            [
                {**error, "loc": (context.model.__ninja_param_source__, *error["loc"])}
                for context in error_contexts
                for error in context.pydantic_validation_error.errors(include_url=False)
            ]
        )


SECRET_KEY = SecretKey()
api = AdminApi(
    title="Dangol",
    version=__version__,
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    auth=SECRET_KEY,
    parser=ReadJson(),
    renderer=ExactJson(),
)


@api.get("/log", response=shapes.LogPositions, tags=["log"])
def positions(request: HttpRequest) -> dict[str, int]:
    """The log's end and how far the loop is; equal when it is idle."""
    processed = collect.position()  # first: the end can only be further by the time it is read
    return {"appended": collect.end(), "processed": processed}


api.add_router("/customers", customers.router)
api.add_router("/products", products.router)
api.add_router("/offers", offers.router)
api.add_router("/coupons", offers.coupons)
api.add_router("/segments", segments.router)
api.add_router("/lists", hand_lists.router)
api.add_router("/forms", forms.router)
api.add_router("/topics", topics.router)
api.add_router("/strategy", strategy.router)
api.add_router("/autopilot", autopilot.router)
api.add_router("/campaigns", campaigns.router)
api.add_router("/conversations", conversations.router)
api.add_router("/holdout", holdout.router)
api.add_router("/quarantine", quarantine.router)
api.add_router("/identity", identities.router)
api.add_router("/harvest", harvest.router)
api.add_router("/harvest", whom.router)
api.add_router("/shops", shops.router)
api.add_router("", loyalty.router)
api.add_router("", deliveries.router)
api.add_router("", whys.router)
api.add_router("", satisfaction.router)
api.add_router("", privacy.router)
api.add_router("", templates.router)


@api.exception_handler(ValidationError)
def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = faults_of(error.errors)
    if all(fault.path.startswith("/path/") for fault in faults):
        return problem(404, f"there is nothing at {request.path}")
    return problem(422, "; ".join(map(str, faults)), faults)


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, error.message)


def _answered(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    raised = error if isinstance(error, Exception) else error()
    answer = of_error(raised)
    if answer is None:
        log.error("%s %s failed", request.method, request.path, exc_info=raised)
        return problem(500, "something in Dangol failed; its log says what")
    return answer


for kind in (DangolError, Refused, Exception):
    api.add_exception_handler(kind, _answered)
