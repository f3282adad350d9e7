"""A message as controls: its channel and class, what is said in each language, and what only this channel asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.campaign import contents
from dangol.campaign.messages import OWN
from dangol.web.builder.controls import Words
from dangol.web.journey.fields import Field, get

Json = Any
ACTS = ("send", "ask")  # steps that say something
CLASSES: Words = {
    "marketing": _("advertising: needs consent"),
    "transactional": _("about the customer's own business"),
}
LANGUAGES: Words = {"en": _("English"), "ko": _("Korean")}
LIQUID = _("Liquid, such as {{ customer.first_name }}")
SAID: Mapping[str, tuple[tuple[str, str, Any], ...]] = {  # by channel, in each language: name, kind, label
    "sms": (("text", "long", _("Text")), ("subject", "text", _("Subject of a long one"))),
    "kakao": (("text", "long", _("Text")), ("button", "text", _("Button")), ("url", "text", _("Where it leads"))),
    "webpush": (
        ("title", "text", _("Title")), ("body", "text", _("Text")), ("url", "text", _("Where it leads")),
        ("icon", "text", _("Icon")),
    ),
    "onsite": (
        ("title", "text", _("Title")), ("text", "long", _("Text")), ("button", "text", _("Button")),
        ("url", "text", _("Where it leads")), ("image", "text", _("Picture")),
    ),
    "task": (("title", "text", _("Title")), ("text", "long", _("Note"))),
}  # fmt: skip
FORMS: Words = {"banner": _("a banner"), "modal": _("a window"), "inline": _("in a place of the page")}
URGENCY: Words = {"": _("as usual"), "very-low": _("very low"), "low": _("low"), "high": _("high")}
DEEDS: Words = {"call": _("a call"), "letter": _("a letter"), "visit": _("a visit")}
TARGETS: Words = {"I": _("who said yes to the shop"), "M": _("who said yes, friend or not"), "N": _("others too")}


def fields(act: str, step: Json, known: Mapping[str, Words]) -> list[Field]:
    """The controls of a message. What has none (variants, several channels) stands as it is written."""
    told = get(step, act)
    if not isinstance(told, Mapping) or "reach" in told or "variants" in told:
        return [Field(act, "yaml", _("What is said"), hint=_("as it is written in files and over the API"))]
    first = [
        Field(f"{act}.class", "choice", _("Kind"), CLASSES),
        Field(f"{act}.topic", "choice", _("Topic"), {"": _("of none"), **known.get("topics", {})},
              hint=_("goes only to who is subscribed to it; advertising only")),
        Field(f"{act}.keeps", "span", _("Still worth sending for"), default="72h"),
    ]  # fmt: skip
    channel = str(told.get("channel", ""))
    chosen = Field(f"{act}.channel", "choice", _("Channel"), known.get("channels", {}), remakes=True)
    own = OWN_FIELDS.get(channel, _as_written)
    return [chosen, *first, *own(act, told, known)]


def languages(told: Mapping[str, Json]) -> list[str]:
    """The languages in which something is said, those of the console first."""
    there = told.get("templates")
    return list(dict.fromkeys([*LANGUAGES, *(there if isinstance(there, Mapping) else ())]))


NAMES = {channel: tuple(name for name, _kind, _label in said) for channel, said in SAID.items()} | {
    "email": ("subject", "preheader", "html", "mjml", "text")
}  # of what is said in each language, by channel


def tidy(step: Json) -> None:
    """A language in which nothing is said is none."""
    for act in ACTS:
        told = get(step, f"{act}.templates")
        if isinstance(told, dict):
            for language in [one for one, letter in told.items() if not letter]:
                del told[language]


# --- what each channel asks -----------------------------------------------------------------------------------------


def _email(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    stored = {"": _("written here"), **known.get("templates", {})}
    found = [Field(f"{act}.template", "choice", _("Template"), stored, remakes=True)]
    if told.get("template"):
        found.append(Field(f"{act}.template_version", "number", _("Version"), hint=_("empty: the newest when saved")))
    else:
        for language in languages(told):
            found += _letter(f"{act}.templates.{language}", language, get(told, f"templates.{language}"))
        if told.get("partials"):
            fixed = _("empty: the newest when saved")
            found.append(Field(f"{act}.partials", "yaml", _("Versions of its partials"), hint=fixed))
    return [*found, *_survey(act), Field(f"{act}.tracking", "flag", _("count opens and clicks"), default=True)]


def _letter(path: str, language: str, told: Json) -> list[Field]:
    form = "mjml" if isinstance(told, Mapping) and "mjml" in told else "html"
    name = LANGUAGES.get(language, language)
    return [
        Field(f"{path}.subject", "text", f"{_('Subject')} · {name}", hint=LIQUID),
        Field(f"{path}.preheader", "text", f"{_('Preview line')} · {name}"),
        Field(f"{path}.{form}", "code", f"{form.upper()} · {name}"),
    ]


def _texts(channel: str, act: str, told: Mapping[str, Json]) -> list[Field]:
    return [
        Field(f"{act}.templates.{language}.{name}", kind, f"{label} · {LANGUAGES.get(language, language)}")
        for language in languages(told)
        for name, kind, label in SAID[channel]
    ]


def _survey(act: str) -> list[Field]:
    return [Field(f"{act}.survey", "text", _("Survey in it"), hint=_("key of a survey, such as csat"))]


def _sms(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    counted = Field(f"{act}.tracking", "flag", _("count clicks"), default=False)
    return [*_texts("sms", act, told), *_survey(act), counted]


def _kakao(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    named = Field(f"{act}.alimtalk", "text", _("Approved template"), hint=_("its id, for an AlimTalk; empty otherwise"))
    fallback = Field(f"{act}.fallback", "yaml", _("As a text message, where it fails"), hint=_("ko: {text: …}"))
    if told.get("alimtalk"):
        return [
            named,
            Field(f"{act}.variables", "yaml", _("Its blanks"), hint='"#{name}": "{{ customer.name }}"'),
            fallback,
        ]
    whom = Field(f"{act}.targeting", "choice", _("To whom"), TARGETS, default="I")
    return [named, *_texts("kakao", act, told), whom, fallback]


def _webpush(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    return [
        *_texts("webpush", act, told),
        Field(f"{act}.ttl", "span", _("Kept for who is away")),
        Field(f"{act}.urgency", "choice", _("Urgency"), URGENCY),
    ]


def _onsite(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    slot = [Field(f"{act}.slot", "text", _("Place"), hint=_("key of the place in the page"))]
    return [
        Field(f"{act}.form", "choice", _("As"), FORMS, default="banner"),
        *(slot if told.get("form") == "inline" else ()),
        *_texts("onsite", act, told),
        Field(f"{act}.times", "number", _("At most so many times"), default=3),
        Field(f"{act}.rest", "span", _("At least so long between")),
        Field(f"{act}.until", "span", _("For so long")),
    ]


def _webhook(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    return [
        Field(f"{act}.url", "text", _("Address")),
        Field(f"{act}.type", "text", _("Type"), default="journey.step"),
        Field(f"{act}.data", "yaml", _("What it is told"), hint=_("one value on a line; texts may be Liquid")),
    ]


def _task(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    return [Field(f"{act}.kind", "choice", _("What"), DEEDS, default="call"), *_texts("task", act, told)]


def _as_written(act: str, told: Mapping[str, Json], known: Mapping[str, Words]) -> list[Field]:
    """Of a channel that nobody has described here."""
    names: Sequence[str] = contents.fields(told.get("channel"))
    return [Field(f"{act}.{name}", "yaml", name) for name in names if name not in OWN]


OwnFields = Callable[[str, Mapping[str, Json], Mapping[str, Words]], list[Field]]
OWN_FIELDS: dict[str, OwnFields] = {
    "email": _email, "sms": _sms, "kakao": _kakao, "webpush": _webpush, "onsite": _onsite, "webhook": _webhook,
    "task": _task,
}  # fmt: skip
FIELDS = {act: partial(fields, act) for act in ACTS}
