"""What went wrong becomes a page in one place, chosen by class; nothing below the web knows HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Conflict, DangolError, Invalid, NotFound, Unavailable
from dangol.web.page import show, wants_part

STATUS: dict[type[DangolError], int] = {NotFound: 404, Conflict: 409, Invalid: 422, Unavailable: 503}


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What the error page says."""

    status: int
    title: str
    detail: str


class ErrorPages:
    """Shows what Dangol refuses as a page; everything else is a fault of ours and Django's 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        for kind, status in STATUS.items():
            if isinstance(error, kind):
                return _page(request, status, str(error))
        return None


def _page(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    template = "parts/error.html" if wants_part(request) else "error.html"
    return show(request, template, ErrorPage(status, title(status), detail), status)


def title(status: int) -> str:
    """The headline of an error."""
    titles = {
        404: _("There is nothing here"),
        409: _("That is not possible right now"),
        422: _("Something in it is not right"),
        503: _("The shop is busy; please try again in a moment"),
    }
    return titles[status]
