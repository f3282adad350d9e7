"""What every view has in hand: the request of a known person, its instant, and one way to show a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse


class Asked(HttpRequest):
    """A request that the guard let through."""

    now: datetime  # one instant for everything this request does
    user: User


def show(request: HttpRequest, template: str, page: Any, status: int = 200) -> HttpResponse:
    """A template with its context, which it knows as `page`."""
    return render(request, template, {"page": page}, status=status)


def go(name: str, *args: object) -> HttpResponseRedirect:
    """To a page, with GET, after something was done."""
    return HttpResponseRedirect(reverse(name, args=args), status=303)


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page rather than a person for a whole one."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
