"""From a delivery's templates and what we know of the customer to the message as it will be read. Pure."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dangol.base import links
from dangol.campaign import templates
from dangol.deliver import legal, markup, plain
from dangol.deliver.rules import MARKETING

SCORES = {
    "en": ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"),
    "ko": ("매우 불만족", "불만족", "보통", "만족", "매우 만족"),
}
PAGE = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>'
    '<body style="margin:0;padding:24px;font-family:sans-serif;line-height:1.6">{body}</body></html>'
)
HIDDEN = '<div style="display:none;max-height:0;overflow:hidden">{text}</div>'


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the signed addresses that a message holds."""

    secret: bytes
    base_url: str
    delivery: int

    def _signed(self, kind: str, *numbers: int, suffix: str = "") -> str:
        token = links.sign(self.secret, kind, self.delivery, *numbers)
        return f"{self.base_url.rstrip('/')}/{kind}/{token}{suffix}"

    def unsubscribe(self) -> str:
        return self._signed("u")

    def click(self, index: int) -> str:
        return self._signed("c", index)

    def open(self) -> str:
        return self._signed("o", suffix=".gif")

    def answer(self, score: int) -> str:
        return self._signed("s", score)

    def ours(self, url: str) -> bool:
        """Whether an address is one that signs for itself, so that it needs no counting on the way."""
        return url.startswith(tuple(f"{self.base_url.rstrip('/')}/{kind}/" for kind in ("u", "s", "p")))


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be rendered."""

    message: Mapping[str, Any]  # templates by language, survey, tracking
    message_class: str
    languages: tuple[str, ...]  # the customer's, then the shop's
    variables: Mapping[str, Any]  # customer, event, order, shop
    sender: legal.Sender
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it will be read."""

    language: str
    subject: str
    html: str
    text: str
    links: list[str] = field(default_factory=list)  # the target of each counted link, by index


def render(draft: Draft) -> Rendered:
    """Render a message. Raises TemplateFault where its templates cannot be rendered for this customer."""
    language, template = choose(draft.message.get("templates") or {}, draft.languages)
    variables = {**draft.variables, **_ours(draft, language)}
    subject = legal.subject(
        templates.render_plain(template["subject"], variables), draft.message_class, draft.sender.country
    )
    preheader = " ".join(templates.render_plain(template.get("preheader", ""), variables).split())
    content = templates.render_markup(template["html"], variables)
    footer = legal.footer(draft.sender, draft.message_class, language, draft.addresses.unsubscribe())
    targets: list[str] = []
    page = markup.rewrite(_page(content, footer, preheader, language, subject), _counter(draft, targets))
    text = plain.text_of(page)
    if draft.message.get("tracking", True):
        page = _before_end(page, f'<img src="{draft.addresses.open()}" width="1" height="1" alt="">')
    return Rendered(language, subject, page, text, targets)


def choose(found: Mapping[str, Mapping[str, str]], languages: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    """The template in the first of these languages that there is one in, else in any."""
    for language in (*languages, *found):
        if language in found:
            return language, found[language]
    raise templates.TemplateFault("the message has no template")


def _ours(draft: Draft, language: str) -> dict[str, Any]:
    variables: dict[str, Any] = {"unsubscribe_url": draft.addresses.unsubscribe() if _marketing(draft) else ""}
    if draft.message.get("survey"):
        labels = SCORES.get(language, SCORES["en"])
        variables["survey"] = {
            "key": draft.message["survey"],
            "links": [
                {"score": score, "url": draft.addresses.answer(score), "label": label}
                for score, label in enumerate(labels, start=1)
            ],
        }
    return variables


def _marketing(draft: Draft) -> bool:
    return draft.message_class == MARKETING


def _page(content: str, footer: str, preheader: str, language: str, subject: str) -> str:
    hidden = HIDDEN.format(text=html.escape(preheader)) if preheader else ""
    if "<html" not in content.lower():
        body = hidden + content + footer
        return PAGE.format(language=language, title=html.escape(subject), body=body)
    return _before_end(_after_body(content, hidden), footer)


def _after_body(page: str, addition: str) -> str:
    start = page.lower().find("<body")
    end = page.find(">", start) + 1 if start >= 0 else 0
    return page[:end] + addition + page[end:]


def _before_end(page: str, addition: str) -> str:
    at = page.lower().rfind("</body")
    return page + addition if at < 0 else page[:at] + addition + page[at:]


def _counter(draft: Draft, targets: list[str]) -> Any:
    """Gives each link its own signed address and notes where it leads; addresses of our own stay as they are."""

    def count(url: str) -> str:
        if draft.addresses.ours(url) or not draft.message.get("tracking", True) or len(url) > 2000:
            return url
        targets.append(url)
        return draft.addresses.click(len(targets) - 1)

    return count
