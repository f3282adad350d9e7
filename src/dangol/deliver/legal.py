"""What the law wants to see in a message: the label, who sends it and how to refuse more. Pure."""

from __future__ import annotations

import html
from dataclasses import dataclass

from dangol.deliver.law.korea import LABEL
from dangol.deliver.rules import MARKETING

FONT = "-apple-system,'Segoe UI','Apple SD Gothic Neo','Noto Sans KR',sans-serif"
REFUSE = {
    "en": "You receive this because you agreed to our news. {link}Unsubscribe{end} at any time, free of charge.",
    "ko": "수신에 동의하신 분께 보내 드리는 메일입니다. 원하지 않으시면 무료 {link}수신거부{end}를 눌러 주세요.",
}
REFUSE_SHORT = {"en": "To unsubscribe:", "ko": "무료수신거부"}
SENDER = {
    "en": {"sender": "Sender", "email": "E-mail", "phone": "Phone", "address": "Address"},
    "ko": {"sender": "보내는 이", "email": "이메일", "phone": "전화", "address": "주소"},
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the shop is, as its messages must say."""

    name: str
    email: str
    phone: str
    postal_address: str
    country: str  # whose law its messages are labelled by


def subject(text: str, message_class: str, country: str) -> str:
    """The subject as the shop's country wants it: Korean law labels advertising."""
    text = " ".join(text.split())
    if country != "KR" or message_class != MARKETING or text.startswith(LABEL):
        return text
    return f"{LABEL} {text}"


def short(text: str, sender: Sender, message_class: str, language: str, refusal: str) -> str:
    """A text message with what the law wants around advertising: the label and the sender, and how to refuse for free.

    `refusal` is a free telephone number or an address.
    """
    if message_class != MARKETING:
        return text
    if sender.country != "KR":
        return f"{text}\n{REFUSE_SHORT[_known(language)]} {refusal}"
    return f"{LABEL}[{sender.name}]\n{text.removeprefix(LABEL).lstrip()}\n{REFUSE_SHORT['ko']} {refusal}"


def footer(sender: Sender, message_class: str, language: str, unsubscribe_url: str) -> str:
    """Who sent this and, for marketing, how to refuse: in Korean and in English where Korean law applies."""
    languages = ("ko", "en") if sender.country == "KR" and message_class == MARKETING else (_known(language),)
    paragraphs = [_identity(sender, language) for language in languages]
    if message_class == MARKETING:
        link = f'<a href="{html.escape(unsubscribe_url)}" style="color:#666">'
        paragraphs += [REFUSE[language].format(link=link, end="</a>") for language in languages]
    body = "".join(f'<p style="margin:4px 0">{paragraph}</p>' for paragraph in paragraphs)
    return (
        '<div class="dangol-footer" style="max-width:560px;margin:24px auto;padding:12px 16px;'
        "border-top:1px solid #ddd;"
        f'font:12px/1.5 {FONT};word-break:keep-all;color:#666">{body}</div>'
    )


def _known(language: str) -> str:
    return language if language in REFUSE else "en"


def _identity(sender: Sender, language: str) -> str:
    words = SENDER[_known(language)]
    told = {
        "sender": sender.name,
        "email": sender.email,
        "phone": sender.phone,
        "address": sender.postal_address,
    }
    return " · ".join(f"{words[key]}: {html.escape(value)}" for key, value in told.items() if value)
