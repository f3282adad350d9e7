"""Signing in and out. allauth checks passwords and counts wrong tries; the page is ours."""

from __future__ import annotations

from typing import Any

from allauth.account import views
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from dangol.privacy import audit
from dangol.web import guard
from dangol.web.client import actor_of
from dangol.web.page import go


class SignIn(views.LoginView):  # type: ignore[misc]
    """The sign-in page."""

    template_name = "sign_in.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Whoever comes in is in the log of accesses."""
        answer: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated:
            audit.note(actor_of(self.request), "sign-in", guard.CLOCK.now())
        return answer


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return go("account_login")
