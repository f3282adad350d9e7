"""What the laws want to see in a message: the label, who sends it and how to refuse more. Pure.

Which of that a message carries is said by the policy packs alone (law.demands); here it is put into words.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from dangol.deliver.law import Demands
from dangol.deliver.law.pack import REFUSALS

FONT = "-apple-system,'Segoe UI','Apple SD Gothic Neo','Noto Sans KR',sans-serif"
REFUSE = {
    "en": "You receive this because you agreed to our news. {link}Unsubscribe{end} at any time, free of charge.",
    "ko": "수신에 동의하신 분께 보내 드리는 메일입니다. 원하지 않으시면 무료 {link}수신거부{end}를 눌러 주세요.",
}
REFUSE_SHORT = {"en": "To unsubscribe:", "ko": "무료수신거부"}
REFUSE_BUTTON = {"en": "Unsubscribe", "ko": "수신거부"}
SENDER = {
    "en": {"name": "Sender", "email": "E-mail", "phone": "Phone", "address": "Address"},
    "ko": {"name": "보내는 이", "email": "이메일", "phone": "전화", "address": "주소"},
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the shop is, as its messages must say."""

    name: str
    email: str
    phone: str
    postal_address: str

    def told(self) -> dict[str, str]:
        """What the shop has told of itself, by the words of Pack.shows."""
        told = {"name": self.name, "email": self.email, "phone": self.phone, "address": self.postal_address}
        return {what: value for what, value in told.items() if value}

    def given(self) -> frozenset[str]:
        """The words of Pack.shows that the shop can answer for."""
        told = self.told()
        return frozenset(told) | ({"contact"} if {"email", "phone"} & set(told) else frozenset())


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands before and after the words of a message without markup; empty where nothing is asked."""

    label: str
    head: str
    tail: str


def subject(text: str, demands: Demands) -> str:
    """A subject in one line, labelled where a law wants that."""
    text = " ".join(text.split())
    return text if text.startswith(demands.label) else f"{demands.label} {text}"


def frame(sender: Sender, demands: Demands, language: str, refusal: str) -> Frame:
    """What a message without markup carries. `refusal` is a free telephone number or an address."""
    told, says = sender.told(), demands.says
    name = f"[{told['name']}]" if "name" in says and "name" in told else ""
    phone = told.get("phone", "") if "phone" in says else ""
    head = f"{demands.label}{name} {phone}".strip()
    lines = [told["address"]] if "address" in says and "address" in told else []
    if "contact" in says and not phone:
        lines += [value for value in (told.get("phone") or told.get("email"),) if value]
    if REFUSALS.intersection(says):
        lines += [f"{REFUSE_SHORT[one]} {refusal}" for one in _languages(demands, language)]
    return Frame(demands.label, head, "\n".join(lines))


def short(text: str, around: Frame) -> str:
    """A text in its frame."""
    return "\n".join(part for part in (around.head, _bare(text, around), around.tail) if part)


def titled(title: str, text: str, around: Frame) -> tuple[str, str]:
    """A title and a text in their frame: the title is what is read first, the text what is read last."""
    title = " ".join(part for part in (around.head, *_bare(title, around).split()) if part)
    return title, "\n".join(part for part in (text, around.tail) if part)


def button(demands: Demands, language: str) -> str:
    """What a button to refuse more says; empty where there need be none."""
    return REFUSE_BUTTON[_languages(demands, language)[0]] if REFUSALS.intersection(demands.says) else ""


def _bare(text: str, around: Frame) -> str:
    return text.removeprefix(around.label).lstrip() if around.label else text


def footer(sender: Sender, demands: Demands, language: str, unsubscribe_url: str) -> str:
    """Who sent this and, where that is asked, how to refuse more; in each language that a law wants it in."""
    languages = _languages(demands, language)
    paragraphs = [_identity(sender, demands, one) for one in languages]
    if REFUSALS.intersection(demands.says):
        link = f'<a href="{html.escape(unsubscribe_url)}" style="color:#666">'
        paragraphs += [REFUSE[one].format(link=link, end="</a>") for one in languages]
    body = "".join(f'<p style="margin:4px 0">{paragraph}</p>' for paragraph in paragraphs)
    return (
        '<div class="dangol-footer" style="max-width:560px;margin:24px auto;padding:12px 16px;'
        "border-top:1px solid #ddd;"
        f'font:12px/1.5 {FONT};word-break:keep-all;color:#666">{body}</div>'
    )


def _languages(demands: Demands, reader: str) -> tuple[str, ...]:
    return demands.languages or (reader if reader in REFUSE else "en",)


def _identity(sender: Sender, demands: Demands, language: str) -> str:
    told = {what: value for what, value in sender.told().items() if what in demands.says}
    return " · ".join(f"{SENDER[language][what]}: {html.escape(value)}" for what, value in told.items())
