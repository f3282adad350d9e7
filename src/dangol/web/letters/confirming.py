"""/d/TOKEN: the second step of a double opt-in, behind the letter's button."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation

from dangol.base import texts
from dangol.base.models import Shop
from dangol.privacy import optin
from dangol.privacy.models import Confirmation, SignUpForm
from dangol.web.client import agent_of, ip_of
from dangol.web.page import Asked, show


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """The button, that it was pressed, or that the letter is too old."""

    open: bool
    done: bool
    thanks: str  # what the shop's form says then; empty: our own words


def confirm(request: Asked, token: str) -> HttpResponse:
    """Looking changes nothing: mail scanners follow links. A POST agrees, however often it comes."""
    row = optin.question(token)
    if request.method == "POST":
        optin.confirm(row, request.now, ip_of(request), agent_of(request))
        row.refresh_from_db()
    with translation.override(_language(row)):
        page = ConfirmPage(optin.is_open(row, request.now), row.confirmed_at is not None, _thanks(row))
        return show(request, "letters/confirm.html", page)


def _thanks(row: Confirmation) -> str:
    form = SignUpForm.objects.filter(key=row.evidence.get("form") or "").first()
    return texts.said(form.thanks, _language(row), Shop.objects.get().locale) if form else ""


def _language(row: Confirmation) -> str:
    wishes = (str(row.evidence.get("language", "")), Shop.objects.get().locale)
    return next((wish for wish in wishes if wish in dict(settings.LANGUAGES)), settings.LANGUAGE_CODE)
