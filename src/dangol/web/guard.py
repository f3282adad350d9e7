"""Who may ask for what: each route's permission and methods, checked before its view runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden, HttpResponseNotAllowed
from django.http import HttpResponseRedirect as Redirect
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from dangol.base.clock import Clock, SystemClock

Permission = Literal["staff", "anyone", "link", "hook"]
# staff: whoever is signed in. anyone: also before sign-in. link: whoever holds the signed link. That link is the proof
# and no cookie stands for it: a foreign page has nothing to ride on, and no CSRF token is asked (RFC 8058 forbids it).
# hook: another system, whose signature the view checks.

CLOCK: Clock = SystemClock()


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table of routes."""

    path: str
    name: str
    view: Callable[..., HttpResponseBase]
    permission: Permission
    methods: tuple[str, ...] = ("GET",)

    def as_url(self) -> URLPattern:
        return path(self.path, guarded(self), name=self.name)


def guarded(route: Route) -> Callable[..., HttpResponseBase]:
    """The route's view behind its permission and its methods."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in {*route.methods, *(["HEAD"] if "GET" in route.methods else [])}:
            return HttpResponseNotAllowed(route.methods)
        if route.permission == "staff" and not request.user.is_authenticated:
            return sign_in_first(request)
        request.now = CLOCK.now()  # type: ignore[attr-defined]
        return route.view(request, *args, **kwargs)

    return csrf_exempt(view) if route.permission in {"link", "hook"} else view


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a form that outlived its session is refused instead, so that it is not lost."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseForbidden(headers={"HX-Redirect": settings.LOGIN_URL})
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseForbidden("Sign in first, then send this again.", content_type="text/plain")
    return Redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")
