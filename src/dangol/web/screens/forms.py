"""Sign-up forms: what each asks and offers, its page, and what to paste into the shop's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base import texts
from dangol.base.errors import Fault, Invalid
from dangol.privacy import forms as steps
from dangol.privacy.models import SignUpForm
from dangol.profile import topics
from dangol.web.builder.fault_words import said
from dangol.web.letters.signing_up import page_of
from dangol.web.page import Asked, go, show

SPARE = 2  # empty rows for further fields
WORDS = ("title", "thanks")


@dataclass(frozen=True, slots=True)
class Field:
    """One row of what a form asks beside the address."""

    number: int
    trait: str
    labels: list[tuple[str, str, str]]  # language, what it is called, text
    required: bool


@dataclass(frozen=True, slots=True)
class FormShown:
    """One form as it can be changed; without a key a new one."""

    key: str
    name: str
    texts: list[tuple[str, str, str, str]]  # language, what it is called, title, thanks
    fields: list[Field]
    topics: list[tuple[str, str, bool]]  # key, name, offered
    address: str = ""
    snippets: tuple[tuple[str, str], ...] = ()  # language, HTML
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormsPage:
    """Every form, and an empty one."""

    rows: list[FormShown]
    new: FormShown


def forms(request: Asked) -> HttpResponse:
    return _show(request)


def save(request: Asked) -> HttpResponse:
    """Make a form, or make it otherwise."""
    key, new = request.POST.get("key", "").strip(), bool(request.POST.get("new"))
    shape = _typed(request)
    try:
        if new and any(row.key == key for row in steps.everything()):
            raise Invalid([Fault("/key", key, "a key that no other form has")])
        steps.save(key, shape, request.now)
    except Invalid as error:
        refused = _form(key, shape, tuple(map(said, error.faults)))
        return _show(request, refused, new=new, status=422)
    messages.success(request, _("Saved."))
    return go("forms")


def _typed(request: Asked) -> dict[str, Any]:
    told = request.POST
    languages = [language for language, _name in settings.LANGUAGES]
    rows = [
        {
            "trait": told.get(f"trait.{number}", "").strip(),
            "label": {language: told.get(f"label.{number}.{language}", "") for language in languages},
            "required": told.get(f"required.{number}") == "on",
        }
        for number in range(steps.MOST_FIELDS)
    ]
    shape: dict[str, Any] = {word: {one: told.get(f"{word}.{one}", "") for one in languages} for word in WORDS}
    return {**shape, "fields": [row for row in rows if row["trait"]], "topics": told.getlist("topic")}


def archive(request: Asked, key: str) -> HttpResponse:
    steps.archive(key, request.now)
    messages.success(request, _("The form takes nobody in any more."))
    return go("forms")


def _show(
    request: Asked, refused: FormShown | None = None, *, new: bool = False, status: int = 200
) -> HttpResponse:  # fmt: skip
    rows = [_form(row.key, steps.written(row), (), row) for row in steps.everything()]
    if refused and not new:
        rows = [refused if one.key == refused.key else one for one in rows]
    fresh = refused if refused and new else _form("", {}, ())
    return show(request, "forms.html", FormsPage(rows, fresh), status)


def _form(
    key: str, told: Mapping[str, Any], faults: tuple[str, ...], row: SignUpForm | None = None
) -> FormShown:  # fmt: skip
    language = get_language() or "en"
    offered = set(told.get("topics") or ())
    titles, thanks = (told.get(word) or {} for word in WORDS)
    address = f"{settings.DANGOL.base_url.rstrip('/')}/f/{key}" if row else ""
    return FormShown(
        key=key,
        name=texts.said(titles, language) or key,
        texts=[(one, str(called), titles.get(one, ""), thanks.get(one, "")) for one, called in settings.LANGUAGES],
        fields=_fields(told.get("fields") or ()),
        topics=[(one.key, topics.called(one, language), one.key in offered) for one in topics.everything()],
        address=address,
        snippets=tuple((str(name), _snippet(row, address, one)) for one, name in settings.LANGUAGES) if row else (),
        faults=faults,
    )


def _fields(told: Sequence[Mapping[str, Any]]) -> list[Field]:
    empty: Mapping[str, Any] = {"trait": "", "label": {}, "required": False}
    rows = [*told, *[empty] * SPARE][: steps.MOST_FIELDS]
    return [
        Field(
            number, row["trait"],
            [(one, str(called), row["label"].get(one, "")) for one, called in settings.LANGUAGES], row["required"],
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


def _snippet(row: SignUpForm, address: str, language: str) -> str:
    """What a shop pastes: plain HTML that needs no script."""
    with translation.override(language):
        told = {"form": page_of(row, None), "address": f"{address}?lang={language}"}
        return "".join([render_to_string("parts/form_snippet.html", told)])  # no longer safe: it is shown, not run
