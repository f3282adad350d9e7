"""What stands in the editor of a template, one language or a partial, and the shape it is kept as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from dangol.campaign.templates import stored
from dangol.campaign.templates.models import Template
from dangol.deliver import previews
from dangol.strategy import gallery
from dangol.strategy.gallery import Letter

SHORT, LONG = 1_000, 250_000  # characters that are taken; what may be saved is less
FORMS = ("html", "mjml")


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the editor. Beside the body these are a letter's parts, as `variants.PARTS` has them."""

    key: str
    name: str
    language: str = ""
    partial: bool = False
    version: int = 0  # that it was begun with; 0: it is not saved yet
    begun: str = ""  # the letter of the gallery it was begun with
    form: str = "html"
    body: str = ""
    subject: str = ""
    preheader: str = ""
    text: str = ""
    customer: int = 0  # as whom it is looked at

    @property
    def fresh(self) -> bool:
        return not self.version

    @property
    def texts(self) -> dict[str, str]:
        """This language's parts as they are kept; what may be left out is where nothing is said."""
        more = {"preheader": self.preheader, "text": self.text}
        return {"subject": self.subject, self.form: self.body, **{name: told for name, told in more.items() if told}}


def begun(letter: Letter | None, language: str, console: str, *, partial: bool) -> Written:
    """A new one, with a letter of the gallery or with nothing."""
    if letter is None:
        return Written("", "", "" if partial else language, partial, customer=_somebody())
    key, taken = letter.key, {one.key for one in stored.everyone()}
    number = 2
    while key in taken:
        key, number = f"{letter.key}-{number}", number + 1
    first = Written(key, letter.name.get(console, letter.key), language, begun=letter.key, customer=_somebody())
    return with_texts(first, letter.texts.get(language, {}))


def kept(found: Template, language: str, like: str = "") -> Written:
    """One that is kept. A language in which nothing is said begins as the language `like` has it."""
    newest = stored.newest_of(found).shape
    first = Written(found.key, found.name, partial=found.partial, version=found.version, customer=_somebody())
    if found.partial:
        return replace(first, body=newest["source"])
    told = newest["templates"]
    chosen = language or next(iter(told))
    return with_texts(replace(first, language=chosen), told.get(chosen) or told.get(like) or {})


def with_texts(written: Written, told: Mapping[str, str]) -> Written:
    """With a language's parts as they are kept."""
    form = "mjml" if "mjml" in told else "html"
    return replace(
        written, form=form, body=told.get(form, ""), subject=told.get("subject", ""),
        preheader=told.get("preheader", ""), text=told.get("text", ""),
    )  # fmt: skip


def posted(request: HttpRequest) -> Written:
    """What the form holds."""

    def told(name: str, most: int) -> str:
        return request.POST.get(name, "")[:most].replace("\r\n", "\n")

    form = told("form", 10)
    return Written(
        key=told("key", 64), name=told("name", 200), begun=told("begun", 64), language=told("language", 35).strip(),
        partial=told("partial", 1) == "1", version=_number(told("version", 9)),
        form=form if form in FORMS else "html", body=told("body", LONG), subject=told("subject", SHORT),
        preheader=told("preheader", SHORT), text=told("text", LONG), customer=_number(told("customer", 18)),
    )  # fmt: skip


def shape(written: Written) -> dict[str, Any]:
    """What is saved: this language, and the others as they are kept or as the gallery has them."""
    if written.partial:
        return {"name": written.name, "source": written.body}
    return {"name": written.name, "templates": {**languages(written), written.language: written.texts}}


def alone(written: Written) -> dict[str, Any]:
    """What is looked at: this language only."""
    return shape(written) if written.partial else {"templates": {written.language: written.texts}}


def languages(written: Written) -> dict[str, Any]:
    """The texts of every language that is there already."""
    found = stored.find(written.key) if written.version else None
    if found is not None:
        return texts_of(found)
    letter = gallery.letters().get(written.begun)
    return dict(letter.texts) if letter and written.fresh else {}


def texts_of(found: Template) -> dict[str, Any]:
    """A kept template's texts by language; none of a partial."""
    return dict(stored.newest_of(found).shape.get("templates") or {})


def _somebody() -> int:
    return next(iter(previews.customers()), (0, ""))[0]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
