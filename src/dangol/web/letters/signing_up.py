"""/f and /f/KEY: the forms by which somebody asks for news; a shop links to them, or pastes their HTML."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base import texts
from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.deliver.rules import MARKETING
from dangol.privacy import forms, optin
from dangol.privacy.models import SignUpForm
from dangol.privacy.optin import SignUp
from dangol.profile import consents, topics
from dangol.web.client import agent_of, ip_of
from dangol.web.page import Asked, show

HONEYPOT = "website"  # people do not see it, programs fill it in
MOST, WITHIN = 30, 600  # sign-ups from one address in ten minutes: a whole office may be behind it
PLAIN = SignUpForm(key="", title={}, fields=[], topics=[], thanks={})  # the form that is always there


@dataclass(frozen=True, slots=True)
class SignUpPage:
    """The form, or that a letter is on its way, which is said to everybody alike."""

    wording: str
    sent: bool = False
    title: str = ""
    fields: list[tuple[str, str, bool, str]] = field(default_factory=list)  # trait, label, required, what was typed
    topics: list[tuple[str, str, str, bool]] = field(default_factory=list)  # key, name, a sentence more, ticked
    email: str = ""
    fault: str = ""


def sign_up(request: Asked, key: str = "") -> HttpResponse:
    form = forms.get(key) if key else PLAIN
    with translation.override(language_of(request)):
        page = page_of(form, request.POST)
        if request.method != "POST":
            return show(request, "letters/sign_up.html", page)
        if _too_many(ip_of(request)):
            slow = replace(page, fault=_("Too many at once. Please try again in ten minutes."))
            answer = show(request, "letters/sign_up.html", slow, 429)
            answer["Retry-After"] = str(WITHIN)
            return answer
        return _take(request, form, page)


def language_of(request: Asked) -> str:
    """What the address asks for, as a form in the shop's own page does, else the reader's own."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE


def _take(request: Asked, form: SignUpForm, page: SignUpPage) -> HttpResponse:
    told = request.POST
    try:
        traits, ticked = forms.taken(form, told.dict(), told.getlist("topic"))
    except Invalid:
        missing = replace(page, fault=_("Something is missing that the form asks for."))
        return show(request, "letters/sign_up.html", missing, 422)
    asked = SignUp(
        told.get("email", ""), (get_language() or "en")[:2], told.get("wording", "").strip()[:2_000] or page.wording,
        (told.get("page") or request.headers.get("Referer") or "")[:500], ip_of(request), agent_of(request),
        form.key, tuple(ticked), traits,
    )  # fmt: skip
    if not told.get(HONEYPOT) and not optin.sign_up(asked, request.now):
        wrong = replace(page, fault=_("This is not an e-mail address."))
        return show(request, "letters/sign_up.html", wrong, 422)
    return show(request, "letters/sign_up.html", SignUpPage(page.wording, sent=True))


def page_of(form: SignUpForm, typed: Any) -> SignUpPage:
    """A form in the language that is spoken, with what was typed into it."""
    languages = ((get_language() or "en")[:2], Shop.objects.get().locale)
    row = consents.wording("email", MARKETING, languages[0])
    rows = {one.key: one for one in topics.everything()}
    ticked = set(typed.getlist("topic")) if typed else set()
    return SignUpPage(
        wording=row.text if row else _("Yes, write to me about news and offers. I can stop it at any time."),
        title=texts.said(form.title, *languages),
        fields=[
            (one["trait"], texts.said(one["label"], *languages) or one["trait"], one["required"],
             typed.get(one["trait"], "") if typed else "")
            for one in form.fields
        ],
        topics=[
            (key, topics.called(rows[key], *languages), topics.described(rows[key], *languages), key in ticked)
            for key in form.topics
            if key in rows
        ],
        email=typed.get("email", "")[:254] if typed else "",
    )  # fmt: skip


def _too_many(ip: str) -> bool:
    key = f"sign-up:{ip}"
    cache.add(key, 0, WITHIN)
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out between the two
        return False
