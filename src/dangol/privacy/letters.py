"""The letters about consent, in the words of the law and without a word of advertising. Pure."""

from __future__ import annotations

from typing import Any

BODY = (
    "<div style=\"max-width:560px;margin:0 auto;padding:16px;font:15px/1.6 -apple-system,'Segoe UI',"
    "'Apple SD Gothic Neo','Noto Sans KR',sans-serif;color:#1d2430;word-break:keep-all\">{}</div>"
)
BUTTON = (
    '<p style="margin:24px 0"><a href="{{{{ event.url }}}}" style="display:inline-block;padding:12px 20px;'
    'border-radius:10px;background:#1c6b58;color:#ffffff;text-decoration:none;font-weight:600">{}</a></p>'
)
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "confirm": {
        "en": (
            "Please confirm: news from {{ shop.name }}",
            "<p>Somebody, we hope it was you, asked for news and offers of {{ shop.name }} to this address.</p>"
            + BUTTON.format("Yes, write to me")
            + "<p>If it was not you, do nothing: you will hear no more of it.</p>",
        ),
        "ko": (
            "{{ shop.name }} 소식 수신을 확인해 주세요",
            "<p>{{ shop.name }}의 소식과 혜택을 이 주소로 받겠다는 신청이 있었습니다. 본인이 신청하셨나요?</p>"
            + BUTTON.format("예, 받겠습니다")
            + "<p>신청하지 않으셨다면 아무것도 하지 않으셔도 됩니다. 더는 연락드리지 않습니다.</p>",
        ),
    },
    "result": {
        "en": (
            "{{ shop.name }}: what you told us about advertising",
            "<p>{{ shop.name }} has written down: on {{ event.day }} you {{ event.said_en }} advertising"
            " by {{ event.channel_en }}. It took effect at once.</p>",
        ),
        "ko": (
            "{{ shop.name }} 광고성 정보 수신 의사 처리 결과 안내",
            "<p>{{ shop.name }}에서 알려 드립니다. {{ event.day }}에 하신 {{ event.channel_ko }} 광고성 정보"
            " {{ event.said_ko }} 의사가 바로 처리되었습니다.</p>",
        ),
    },
    "reconfirmation": {
        "en": (
            "{{ shop.name }}: you agreed to advertising on {{ event.day }}",
            "<p>On {{ event.day }} you agreed to advertising by {{ event.channel_en }} from {{ shop.name }}."
            " If that still holds, you need do nothing. If not, withdraw it here, free of charge:</p>"
            + BUTTON.format("Choose what I want to hear"),
        ),
        "ko": (
            "{{ shop.name }} 광고성 정보 수신 동의 확인 안내",
            "<p>{{ event.day }}에 {{ shop.name }}의 {{ event.channel_ko }} 광고성 정보 수신에 동의하셨습니다. 동의를"
            " 유지하시려면 따로 하실 일이 없습니다. 철회하시려면 아래에서 무료로 하실 수 있습니다.</p>"
            + BUTTON.format("수신 동의 확인·철회"),
        ),
    },
}
SAID = {
    "granted": ("agreed to", "수신 동의"),
    "denied": ("refused", "수신 거부"),
    "withdrawn": ("withdrew your consent to", "수신 동의 철회"),
}
CHANNELS = {"email": ("e-mail", "이메일"), "sms": ("text message", "문자"), "kakao": ("KakaoTalk", "카카오톡")}


def message(kind: str) -> dict[str, Any]:
    """The templates of a letter by language; nothing in it is counted."""
    templates = {
        language: {"subject": subject, "html": BODY.format(html)} for language, (subject, html) in TEXTS[kind].items()
    }
    return {"templates": templates, "tracking": False}


def context(name: str, **told: str) -> dict[str, Any]:
    """What the templates may say."""
    return {"event": {"name": name, "properties": told}}


def about(channel: str, state: str, day: str) -> dict[str, str]:
    """A word on consent, in both languages."""
    said, channels = SAID.get(state, (state, state)), CHANNELS.get(channel, (channel, channel))
    return {"day": day, "said_en": said[0], "said_ko": said[1], "channel_en": channels[0], "channel_ko": channels[1]}
