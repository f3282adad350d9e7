"""What a message consists of, by channel: read from a step and checked. A new channel registers its reader here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dangol.campaign.shape import Reader
from dangol.campaign.templates import languages, variants

Message = dict[str, Any]  # what the ledger keeps of a message: templates by language, survey, tracking …


@dataclass(frozen=True, slots=True)
class Contents:
    """A channel's kind of message."""

    fields: tuple[str, ...]  # what a step may say of it, besides channel, class and keeps
    read: Callable[[Reader, Mapping[str, Any], str], Message]


def channels() -> tuple[str, ...]:
    """The channels a step may send on."""
    return tuple(CHANNELS)


def fields(channel: object) -> tuple[str, ...]:
    """What a step may say of its message on this channel; of every channel's where there is no such channel."""
    if isinstance(channel, str) and channel in CHANNELS:
        return CHANNELS[channel].fields
    return tuple(dict.fromkeys(name for contents in CHANNELS.values() for name in contents.fields))


def read(reader: Reader, channel: str, given: Mapping[str, Any], at: str) -> Message:
    """The message that a step sends; faults are noted in the reader. `channel` is one of `channels()`."""
    return CHANNELS[channel].read(reader, given, at)


def unfit(message: Mapping[str, Any], message_class: str) -> str:
    """Which class this message must have, where it is not the one it was given; empty where it may have that."""
    if "alimtalk" in message and message_class != "transactional":
        return "transactional: an AlimTalk never advertises"
    if "targeting" in message and message_class != "marketing":
        return "marketing: what only tells is an AlimTalk"
    return ""


# --- e-mail ---------------------------------------------------------------------------------------------------------


def _email(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    message: Message = variants.email(read, given, at)
    if given.get("survey") is not None:
        message["survey"] = read.key(given["survey"], f"{at}/survey")
    if not read.flag(given, "tracking", at, default=True):
        message["tracking"] = False
    return message


# --- texts ----------------------------------------------------------------------------------------------------------

ReadTemplate = Callable[[Reader, object, str], dict[str, str]]


def _templates(read: Reader, given: object, at: str, one: ReadTemplate) -> dict[str, dict[str, str]]:
    """A template for each language."""
    if not isinstance(given, Mapping) or not given:
        read.fault(at, given, "templates by language, such as en, ko or pt-BR")
        return {}
    for language in given:
        if not languages.is_tag(str(language)):
            read.fault(f"{at}/{language}", language, "a language tag such as en, ko or pt-BR")
    return {str(language): one(read, template, f"{at}/{language}") for language, template in given.items()}


def _texts(needed: Mapping[str, int], more: Mapping[str, int]) -> ReadTemplate:
    """Reads a template of texts without markup: `needed` and, where they are there, `more`, each with its most
    characters.
    """

    def read_texts(read: Reader, given: object, at: str) -> dict[str, str]:
        shape = read.mapping(given, at, (*needed, *more))
        wanted = {**needed, **{name: most for name, most in more.items() if shape.get(name) is not None}}
        found = {name: read.liquid(shape.get(name), f"{at}/{name}", most=most) for name, most in wanted.items()}
        for name, text in found.items():
            variants.refuse_labels(read, text, f"{at}/{name}")
        return found

    return read_texts


_short = _texts({"text": 4_000}, {"subject": 200})
_brand = _texts({"text": 4_000}, {"button": 100, "url": 2_000})
_push = _texts({"title": 200}, {"body": 1_000, "url": 2_000, "icon": 2_000})
_card = _texts({"text": 4_000}, {"title": 200, "button": 100, "url": 2_000, "image": 2_000})
_note = _texts({"title": 300}, {"text": 4_000})


def _sms(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    message: Message = {"templates": _templates(read, given.get("templates"), f"{at}/templates", _short)}
    if given.get("survey") is not None:
        message["survey"] = read.key(given["survey"], f"{at}/survey")
    if read.flag(given, "tracking", at, default=False):
        message["tracking"] = True
    return message


BLANK = re.compile(r"#\{[^{}.]{1,50}\}")
TEMPLATE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _kakao(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    """An AlimTalk where it names an approved template, which tells and never advertises; otherwise a Brand Message."""
    message = _alimtalk(read, given, at) if given.get("alimtalk") is not None else _brand_message(read, given, at)
    if given.get("fallback") is not None:
        message["fallback"] = _templates(read, given["fallback"], f"{at}/fallback", _short)
    return message


def _alimtalk(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    template = read.text(given["alimtalk"], f"{at}/alimtalk", most=64)
    if template and not TEMPLATE_ID.fullmatch(template):
        read.fault(f"{at}/alimtalk", template, "the id of an approved template")
    for name in ("templates", "targeting"):
        if given.get(name) is not None:
            read.fault(f"{at}/{name}", name, "nothing beside alimtalk")
    return {"alimtalk": template, "variables": _blanks(read, given.get("variables"), f"{at}/variables")}


def _blanks(read: Reader, given: object, at: str) -> dict[str, str]:
    shape = {} if given is None else given
    if not isinstance(shape, Mapping) or len(shape) > 40:
        read.fault(at, given, 'an object such as {"#{name}": "{{ customer.name }}"}')
        return {}
    for name in shape:
        if not BLANK.fullmatch(str(name)):
            read.fault(at, name, "names such as #{name}")
    return {str(name): read.liquid(value, f"{at}/{name}", most=1_000) for name, value in shape.items()}


def _brand_message(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    targeting = read.choice(given.get("targeting", "I"), f"{at}/targeting", ("I", "M", "N"))
    return {
        "templates": _templates(read, given.get("templates"), f"{at}/templates", _brand),
        "targeting": targeting,
    }


REPLACES = re.compile(r"[A-Za-z0-9_-]{1,32}")


def _webpush(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    message: Message = {"templates": _templates(read, given.get("templates"), f"{at}/templates", _push)}
    if given.get("ttl") is not None:
        message["ttl"] = int(read.span(given["ttl"], f"{at}/ttl").total_seconds())
    if given.get("urgency") is not None:
        message["urgency"] = read.choice(given["urgency"], f"{at}/urgency", ("very-low", "low", "normal", "high"))
    if given.get("replaces") is not None:
        message["replaces"] = read.text(given["replaces"], f"{at}/replaces", most=32)
        if not REPLACES.fullmatch(message["replaces"]):
            read.fault(f"{at}/replaces", message["replaces"], "1 to 32 of a-z, A-Z, 0-9, - and _")
    return message


def _onsite(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    message: Message = {
        "form": read.choice(given.get("form", "banner"), f"{at}/form", ("banner", "modal", "inline")),
        "templates": _templates(read, given.get("templates"), f"{at}/templates", _card),
    }
    if message["form"] == "inline":
        message["slot"] = read.key(given.get("slot"), f"{at}/slot")
    for name in ("until", "rest"):
        if given.get(name) is not None:
            read.span(given[name], f"{at}/{name}")
            message[name] = given[name]
    times = given.get("times", 3)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= 100:
        read.fault(f"{at}/times", times, "a whole number from 1 to 100")
    return message | {"times": times}


LONGEST_URL = 254
TYPE = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){0,4}")


def _webhook(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    url = read.text(given.get("url"), f"{at}/url", most=LONGEST_URL)
    if url and not re.match(r"https?://[^/\s@]+", url):
        read.fault(f"{at}/url", url, "an address such as https://erp.shop.example/hook")
    kind = read.text(given.get("type", "journey.step"), f"{at}/type", most=200)
    if kind and not TYPE.fullmatch(kind):
        read.fault(f"{at}/type", kind, "words of a-z, 0-9 and _ with dots between, such as cart.reminder")
    data = given.get("data") or {}
    if not isinstance(data, Mapping) or len(data) > 50:
        read.fault(f"{at}/data", data, "an object of Liquid texts")
        data = {}
    texts = {str(name): read.liquid(text, f"{at}/data/{name}", most=4_000) for name, text in data.items()}
    return {"url": url, "type": kind, "data": texts}


def _task(read: Reader, given: Mapping[str, Any], at: str) -> Message:
    return {
        "kind": read.choice(given.get("kind", "call"), f"{at}/kind", ("call", "letter", "visit")),
        "templates": _templates(read, given.get("templates"), f"{at}/templates", _note),
    }


CHANNELS: dict[str, Contents] = {
    "email": Contents(("survey", "template", "template_version", "templates", "partials", "tracking"), _email),
    "sms": Contents(("survey", "templates", "tracking"), _sms),
    "kakao": Contents(("alimtalk", "variables", "templates", "targeting", "fallback"), _kakao),
    "webpush": Contents(("templates", "ttl", "urgency", "replaces"), _webpush),
    "onsite": Contents(("form", "slot", "templates", "until", "times", "rest"), _onsite),
    "webhook": Contents(("url", "type", "data"), _webhook),
    "task": Contents(("kind", "templates"), _task),
}
