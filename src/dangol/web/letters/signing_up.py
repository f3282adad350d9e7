"""/f: the form by which somebody asks for news; a shop puts its own in front of it, or links to this page."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.deliver.rules import MARKETING
from dangol.privacy import optin
from dangol.privacy.optin import SignUp
from dangol.profile import consents
from dangol.web.client import agent_of, ip_of
from dangol.web.page import Asked, show

HONEYPOT = "website"  # people do not see it, programs fill it in
MOST, WITHIN = 30, 600  # sign-ups from one address in ten minutes: a whole office may be behind it


@dataclass(frozen=True, slots=True)
class SignUpPage:
    """The form, or that a letter is on its way, which is said to everybody alike."""

    wording: str
    sent: bool
    fault: str = ""


def sign_up(request: Asked) -> HttpResponse:
    language = (get_language() or "en")[:2]
    row = consents.wording("email", MARKETING, language)
    wording = row.text if row else _("Yes, write to me about news and offers. I can stop it at any time.")
    if request.method != "POST":
        return show(request, "letters/sign_up.html", SignUpPage(wording, sent=False))
    if _too_many(ip_of(request)):
        page = SignUpPage(wording, sent=False, fault=_("Too many at once. Please try again in ten minutes."))
        answer = show(request, "letters/sign_up.html", page, 429)
        answer["Retry-After"] = str(WITHIN)
        return answer
    told = request.POST
    asked = SignUp(
        told.get("email", ""), language, told.get("wording", "").strip()[:2_000] or wording,
        (told.get("page") or request.headers.get("Referer") or "")[:500], ip_of(request), agent_of(request),
    )  # fmt: skip
    if not told.get(HONEYPOT) and not optin.sign_up(asked, request.now):
        page = SignUpPage(wording, sent=False, fault=_("This is not an e-mail address."))
        return show(request, "letters/sign_up.html", page, 422)
    return show(request, "letters/sign_up.html", SignUpPage(wording, sent=True))


def _too_many(ip: str) -> bool:
    key = f"sign-up:{ip}"
    cache.add(key, 0, WITHIN)
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out between the two
        return False
