"""Signing in and out. allauth checks passwords and counts wrong tries; the page is ours."""

from __future__ import annotations

from allauth.account import views
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from dangol.web.page import go


class SignIn(views.LoginView):  # type: ignore[misc]
    """The sign-in page."""

    template_name = "sign_in.html"


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return go("account_login")
