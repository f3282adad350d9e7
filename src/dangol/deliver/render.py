"""From a delivery's templates and what we know of the customer to the message as it will be read. Pure."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from liquid import Markup

from dangol.base import links
from dangol.campaign import templates
from dangol.campaign.templates import partials, plain
from dangol.deliver import legal
from dangol.deliver.law import NOTHING, Demands
from dangol.deliver.rules import MARKETING

SCORES = {
    "en": ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"),
    "ko": ("매우 불만족", "불만족", "보통", "만족", "매우 만족"),
}
HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{text}</div>'


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

    def preferences(self) -> str:
        return self._signed("p")

    def sign_up(self) -> str:
        return f"{self.base_url.rstrip('/')}/f"

    def click(self, index: int) -> str:
        return self._signed("c", index)

    def open(self) -> str:
        return self._signed("o", suffix=".gif")

    def answer(self, score: int) -> str:
        return self._signed("s", score)

    def ours(self, url: str) -> bool:
        """Whether an address is one that signs for itself, so that it needs no counting on the way."""
        return url.startswith(tuple(f"{self.base_url.rstrip('/')}/{kind}/" for kind in ("u", "s", "p", "d")))


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be rendered."""

    message: Mapping[str, Any]  # templates by language, survey, tracking
    message_class: str
    languages: tuple[str, ...]  # the customer's, then the shop's
    variables: Mapping[str, Any]  # customer, event, order, shop
    sender: legal.Sender
    addresses: Addresses
    demands: Demands = NOTHING  # what the laws want it to carry
    countries: frozenset[str] = frozenset()  # whose laws it touches
    zone: tzinfo = UTC  # in which the customer reads dates
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it will be read."""

    language: str
    subject: str
    html: str
    text: str
    links: list[str] = field(default_factory=list)  # the target of each counted link, by index
    missing: tuple[str, ...] = ()  # values that templates print and that were not there, or empty


def render(draft: Draft) -> Rendered:
    """Render a message. Raises TemplateFault where its templates cannot be rendered for this customer."""
    with templates.missing() as missing:
        rendered = _render(draft)
    return replace(rendered, missing=tuple(sorted(missing))) if missing else rendered


def _render(draft: Draft) -> Rendered:
    chosen = templates.choose(draft.message.get("templates") or {}, draft.languages)
    if chosen is None:
        raise templates.TemplateFault("the message has no template")
    language, template = chosen
    targets: dict[str, int] = {}
    ours = {"language": language, "zone": draft.zone, "now": draft.now, "link": _counter(draft, targets)}
    variables = {**draft.variables, **own_variables(draft, language), "dangol": ours}
    ours["subject"] = subject = legal.subject(templates.render_plain(template["subject"], variables), draft.demands)
    preheader = " ".join(templates.render_plain(template.get("preheader", ""), variables).split())
    made = _compiled(template, language)
    footer, said = _footer(draft.sender, draft.demands, language)
    unsubscribe = draft.addresses.unsubscribe()
    ours |= {
        "footer": Markup(footer.replace(HERE, html.escape(unsubscribe))),
        "preheader": Markup(HIDDEN.format(text=html.escape(preheader))) if preheader else "",
        "pixel": Markup(_pixel(draft.addresses.open())) if _tracked(draft) else "",
    }
    page = templates.render_markup(made.html, variables)
    ours |= {"footer": said.replace(HERE, unsubscribe), "preheader": "", "pixel": ""}
    return Rendered(language, subject, page, _text(template, made, page, variables), list(targets))


def render_partial(draft: Draft, source: str) -> Rendered:
    """A partial as it looks by itself: nothing of Dangol's is around it. Raises TemplateFault."""
    form, page = partials.alone(source)
    language = draft.languages[0] if draft.languages else "en"
    ours = {"language": language, "zone": draft.zone, "now": draft.now}
    with templates.missing() as missing:
        variables = {**draft.variables, **own_variables(draft, language), "dangol": {**ours, **NOTHING_AROUND}}
        shown = templates.render_markup(templates.compiled(page, form, language).html, variables)
    return Rendered(language, "", shown, plain.text_of(shown), missing=tuple(sorted(missing)))


NOTHING_AROUND = {"subject": "", "preheader": "", "footer": "", "pixel": ""}
HERE = "https://here.invalid/"  # stands for the customer's own address where a footer is made for everybody


@lru_cache(maxsize=64)
def _footer(sender: legal.Sender, demands: Demands, language: str) -> tuple[str, str]:
    """The footer in HTML and in text, with HERE where the address for unsubscribing goes."""
    footer = legal.footer(sender, demands, language, HERE)
    return footer, plain.text_of(footer)


def _pixel(address: str) -> str:
    return f'<img src="{html.escape(address)}" width="1" height="1" alt="">'


def _compiled(template: Mapping[str, str], language: str) -> templates.Compiled:
    form = "mjml" if template.get("mjml") else "html"
    return templates.compiled(template[form], form, language)


def _text(template: Mapping[str, str], made: templates.Compiled, page: str, variables: Mapping[str, Any]) -> str:
    """The text part: the one that was written, the one read from the template, or one read from this very page."""
    if template.get("text"):
        source = templates.compiled_text(template["text"]) + "\n\n{{ dangol.footer }}"
    else:
        source = made.text
    return plain.tidy(templates.render_plain(source, variables)) if source else plain.text_of(page)


def own_variables(draft: Draft, language: str) -> dict[str, Any]:
    """What Dangol itself gives templates: the addresses that a customer answers by."""
    variables: dict[str, Any] = {
        "unsubscribe_url": draft.addresses.unsubscribe() if _marketing(draft) else "",
        "preferences_url": draft.addresses.preferences(),
        "sign_up_url": draft.addresses.sign_up(),
    }
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


def _tracked(draft: Draft) -> bool:
    return bool(draft.message.get("tracking", True))


def _counter(draft: Draft, targets: dict[str, int]) -> Callable[[str], str]:
    """Gives each target its own signed address and notes its number; addresses of our own stay as they are."""

    def count(url: str) -> str:
        if draft.addresses.ours(url) or not _tracked(draft) or len(url) > 2000:
            return url
        return draft.addresses.click(targets.setdefault(url, len(targets)))

    return count
